//! Columns of segments, stored beside the text: reads row groups and column chunks. They are built in the background
//! ([`build`]), so a segment may have none, or only those of its first row groups.

pub(crate) mod build;
pub(crate) mod statements;

use super::list::SegmentId;
use crate::dataset::columns::{ColumnChunk, CorruptColumn, RowGroup};
use crate::dataset::{ZoneMap, block, zone_map};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::rows::ColumnChunkRow;
use crate::store::units::{from_db, to_db, unreadable};

/// A column chunk as it is stored.
pub struct PackedColumn {
    /// The index of its column.
    pub column: usize,
    /// Number of its row group's first row in the segment, from 0.
    pub first_row: u64,
    digest: Vec<u8>,
    data: Vec<u8>,
}

impl PackedColumn {
    /// The chunk, checked against its digest.
    ///
    /// # Errors
    /// [`CorruptColumn`] if it is damaged, or of a later release. Then the text has the values.
    pub fn unpack(&self) -> Result<ColumnChunk, CorruptColumn> {
        unpack(&self.digest, &self.data)
    }
}

/// The chunk with that digest.
pub(crate) fn unpack(digest: &[u8], data: &[u8]) -> Result<ColumnChunk, CorruptColumn> {
    match block::digest(data) == *digest {
        true => ColumnChunk::decode(data),
        false => Err(CorruptColumn::Damaged),
    }
}

impl Store {
    /// The row groups of a segment whose columns were built, in order. They begin with the segment, and may end before it does.
    pub async fn row_groups(&self, segment: SegmentId) -> Result<Vec<RowGroup>, StoreError> {
        self.backend()
            .read(move |connection| row_groups(connection, segment))
            .await
    }

    /// For each of `columns` the zone maps of its chunks in a segment, each with the first row of its row group.
    pub async fn column_zone_maps(
        &self,
        segment: SegmentId,
        columns: Vec<usize>,
    ) -> Result<Vec<Vec<(u64, ZoneMap)>>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let of_column = |column: usize| {
                let stored = statements::stats(connection, segment, to_db(column as u64))?;
                let decode = |(first_row, stats): (i64, Vec<u8>)| {
                    let decoded = zone_map::decode_columns(&stats, &[0]);
                    let zone_map = decoded.ok()?.into_iter().next()?;
                    Some((from_db(first_row), zone_map))
                };
                Ok(stored.into_iter().filter_map(decode).collect())
            };
            columns.into_iter().map(of_column).collect()
        };
        self.backend().read(read).await
    }

    /// The chunks of some columns in the row groups that begin at these rows of a segment, in any order. Those that are missing are
    /// left out.
    pub async fn column_chunks(
        &self,
        segment: SegmentId,
        first_rows: Vec<u64>,
        columns: Vec<usize>,
    ) -> Result<Vec<PackedColumn>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let places = columns.iter().map(|column| to_db(*column as u64));
            let rows = first_rows.iter().copied().map(to_db);
            let found = statements::chunks(connection, segment, places.collect(), rows.collect())?;
            let packed = found
                .into_iter()
                .map(|row: ColumnChunkRow<'_>| PackedColumn {
                    column: usize::try_from(row.place).unwrap_or(usize::MAX),
                    first_row: from_db(row.first_row),
                    digest: row.digest.into_owned(),
                    data: row.data.into_owned(),
                });
            Ok(packed.collect())
        };
        self.backend().read(read).await
    }
}

/// The row groups of a segment, in order, up to the first one that is not there or can't be read.
pub(crate) fn row_groups(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> Result<Vec<RowGroup>, StoreError> {
    let mut next = 0;
    let mut groups = Vec::new();
    for (first_row, digest, data) in statements::groups(connection, segment)? {
        let is_sound = block::digest(&data) == *digest;
        match RowGroup::decode(from_db(first_row), &data) {
            Some(group) if is_sound && group.first_row == next && group.rows() > 0 => {
                next += group.rows();
                groups.push(group);
            }
            _ => break,
        }
    }
    Ok(groups)
}

/// The error for a segment whose blocks are not what their index says.
fn unfit(what: &'static str) -> StoreError {
    unreadable("block", what)
}
