//! The values of a column in the row group that is being filled.

use bytes::Bytes;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;

use super::number;
use super::stored::{ShownColumn, Stored};
use super::survey::nanos;
use crate::value;

/// The levels of a value and of a null.
const VALUE: i16 = 1;
const NULL: i16 = 0;

/// A column, and its values so far.
#[derive(Debug)]
pub(super) struct Buffer {
    pub column: ShownColumn,
    pub stored: Stored,
    values: Values,
    /// The level of each row; empty as long as there is no null.
    levels: Vec<i16>,
    rows: usize,
}

#[derive(Debug)]
enum Values {
    Booleans(Vec<bool>),
    Days(Vec<i32>),
    Numbers(Vec<i64>),
    Wide(Vec<i128>),
    /// The texts one after the other, and where each ends.
    Texts(Vec<u8>, Vec<u32>),
}

impl Buffer {
    pub(super) fn new(column: ShownColumn, stored: Stored) -> Self {
        let values = match stored {
            Stored::Boolean => Values::Booleans(Vec::new()),
            Stored::Date => Values::Days(Vec::new()),
            Stored::Integer | Stored::Timestamp { .. } => Values::Numbers(Vec::new()),
            Stored::Decimal { .. } if stored.is_wide() => Values::Wide(Vec::new()),
            Stored::Decimal { .. } => Values::Numbers(Vec::new()),
            Stored::Text => Values::Texts(Vec::new(), Vec::new()),
        };
        Self {
            column,
            stored,
            values,
            levels: Vec::new(),
            rows: 0,
        }
    }

    /// Adds the value of the next row. Returns the bytes that it takes; `None`: it isn't of the column's type.
    pub(super) fn push(&mut self, value: Option<&str>) -> Option<usize> {
        let Some(text) = value else {
            self.levels.resize(self.rows, VALUE);
            self.levels.push(NULL);
            self.rows += 1;
            return Some(size_of::<i16>());
        };
        let bytes = text.as_bytes();
        let taken = match (&mut self.values, self.stored) {
            (Values::Booleans(values), _) => {
                values.push(value::boolean(bytes)?);
                1
            }
            (Values::Days(values), _) => {
                values.push(value::date(bytes)?);
                size_of::<i32>()
            }
            (Values::Numbers(values), stored) => {
                values.push(number(bytes, stored)?);
                size_of::<i64>()
            }
            (Values::Wide(values), Stored::Decimal { scale, .. }) => {
                values.push(number::unscaled(bytes, scale)?);
                size_of::<i128>()
            }
            (Values::Wide(_), _) => return None,
            (Values::Texts(texts, ends), _) => {
                texts.extend_from_slice(bytes);
                ends.push(u32::try_from(texts.len()).ok()?);
                bytes.len() + size_of::<u32>()
            }
        };
        self.rows += 1;
        if self.levels.is_empty() {
            return Some(taken);
        }
        self.levels.push(VALUE);
        Some(taken + size_of::<i16>())
    }

    /// Writes the values, and forgets them.
    pub(super) fn write(
        &mut self,
        column: &mut SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        self.levels.resize(self.rows, VALUE);
        let levels = Some(&*self.levels);
        match (&mut self.values, column.untyped()) {
            (Values::Booleans(values), ColumnWriter::BoolColumnWriter(column)) => {
                column.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Days(values), ColumnWriter::Int32ColumnWriter(column)) => {
                column.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Numbers(values), ColumnWriter::Int64ColumnWriter(column)) => {
                column.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Wide(values), ColumnWriter::FixedLenByteArrayColumnWriter(column)) => {
                let bytes = values.iter().flat_map(|value| value.to_be_bytes());
                let bytes: Bytes = bytes.collect::<Vec<_>>().into();
                let wide = size_of::<i128>();
                let values_of = (0..values.len()).map(|at| at * wide..(at + 1) * wide);
                let written: Vec<FixedLenByteArray> = values_of
                    .map(|range| ByteArray::from(bytes.slice(range)).into())
                    .collect();
                column.write_batch(&written, levels, None)?;
                values.clear();
            }
            (Values::Texts(texts, ends), ColumnWriter::ByteArrayColumnWriter(column)) => {
                let texts = Bytes::from(std::mem::take(texts));
                let mut from = 0;
                let written: Vec<ByteArray> = ends
                    .drain(..)
                    .map(|end| {
                        let range = from..end as usize;
                        from = range.end;
                        texts.slice(range).into()
                    })
                    .collect();
                column.write_batch(&written, levels, None)?;
            }
            _ => return Err(ParquetError::General("a column of another type".to_owned())),
        }
        self.levels.clear();
        self.rows = 0;
        Ok(())
    }
}

/// A value as 64 bits.
fn number(text: &[u8], stored: Stored) -> Option<i64> {
    match stored {
        Stored::Integer => value::integer(text),
        Stored::Decimal { scale, .. } => number::unscaled(text, scale)?.try_into().ok(),
        Stored::Timestamp { nanos: true } => nanos(value::instant(text)?),
        Stored::Timestamp { nanos: false } => {
            let moment = value::instant(text)?;
            let micros = moment.seconds.checked_mul(1_000_000)?;
            micros.checked_add(i64::from(moment.nanos / 1000))
        }
        Stored::Boolean | Stored::Date | Stored::Text => None,
    }
}
