//! The second pass: the file.

use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::buffer::Buffer;
use super::limits::{CHUNK_MEMORY, GROUP_BYTES, GROUP_ROWS};
use super::survey::Survey;
use crate::{BlockText, Layout};

/// The key of the metadata with the types of the columns, as JSON.
const TYPES: &str = "flash:type";
/// The key of the metadata with the units of the columns that have some, as JSON.
const UNITS: &str = "flash:unit";

/// Why a file can't be written. It is a fault of the program: every dataset can be written.
#[derive(Debug, thiserror::Error)]
#[error("the Parquet file can't be written: {0}")]
pub struct UnwritableParquet(String);

impl From<ParquetError> for UnwritableParquet {
    fn from(error: ParquetError) -> Self {
        Self(error.to_string())
    }
}

/// A file that is being written.
pub struct ParquetFile {
    writer: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Buffer>,
    layout: Arc<Layout>,
    /// Rows and bytes of the row group so far.
    rows: usize,
    bytes: usize,
    /// Row groups that were written.
    groups: usize,
}

impl ParquetFile {
    /// Begins a file with the columns of a survey that has seen all rows.
    ///
    /// # Errors
    /// Never: every dataset can be written.
    pub fn new(survey: Survey) -> Result<Self, UnwritableParquet> {
        let (columns, layout) = survey.decide();
        let columns = columns.into_iter();
        let columns: Vec<_> = columns
            .map(|(column, stored)| Buffer::new(column, stored))
            .collect();
        let fields: Result<_, ParquetError> = columns
            .iter()
            .map(|buffer| buffer.stored.in_schema(&buffer.column.name).map(Arc::new))
            .collect();
        let schema = Type::group_type_builder("rows")
            .with_fields(fields?)
            .build()?;
        let types = columns
            .iter()
            .map(|buffer| (&*buffer.column.name, buffer.column.kind.as_str()));
        let units = columns.iter().filter_map(|buffer| {
            let unit = buffer.column.unit.as_deref()?;
            Some((&*buffer.column.name, unit))
        });
        let mut metadata = vec![KeyValue::new(TYPES.to_owned(), object(types))];
        let units = object(units);
        if units != "{}" {
            metadata.push(KeyValue::new(UNITS.to_owned(), units));
        }
        let properties = WriterProperties::builder()
            .set_created_by("Flash".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_max_row_group_row_count(None)
            .set_key_value_metadata(Some(metadata))
            .build();
        Ok(Self {
            writer: SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?,
            columns,
            layout,
            rows: 0,
            bytes: 0,
            groups: 0,
        })
    }

    /// Adds the rows of a block, which begin at byte `from` of its text.
    ///
    /// # Errors
    /// If the survey has not seen them.
    pub fn add(&mut self, text: &BlockText, from: usize) -> Result<(), UnwritableParquet> {
        let layout = Arc::clone(&self.layout);
        let columns = layout.columns.len();
        let mut records = text.records(from, layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        while records.next_into(&mut fields) {
            for buffer in &mut self.columns {
                let value = buffer.column.value(&fields, &layout);
                let Some(taken) = buffer.push(value.as_deref()) else {
                    let (name, kind) = (&buffer.column.name, buffer.column.kind);
                    let what = format!("{value:?} in {name} isn't a value of type {kind}");
                    return Err(UnwritableParquet(what));
                };
                self.bytes += taken;
            }
            self.rows += 1;
            if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), UnwritableParquet> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for buffer in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                buffer.write(&mut column)?;
                column.close()?;
            }
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        self.groups += 1;
        Ok(())
    }

    /// Takes the bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// The memory of what is kept until the end of the file, about.
    pub fn kept(&self) -> usize {
        self.groups * self.columns.len() * CHUNK_MEMORY
    }

    /// Ends the file. Returns its last bytes.
    ///
    /// # Errors
    /// Never: every dataset can be written.
    pub fn finish(mut self) -> Result<Vec<u8>, UnwritableParquet> {
        self.end_group()?;
        Ok(self.writer.into_inner()?)
    }
}

/// A JSON object with these members, in their order.
fn object<'m>(members: impl Iterator<Item = (&'m str, &'m str)>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let members = members.map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}
