//! Reads many blocks of a segment at once: their handles, zone maps, Bloom filters and texts.

use std::ops::Range;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use super::blocks;
use super::list::SegmentId;
use super::queries::{self, BEFORE_ALL, BlockKey};
use crate::dataset::{Bloom, ZoneMap, bloom, zone_map};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::UnpackedBlock;
use crate::store::rows::PackedRow;
use crate::store::schema::chunks;
use crate::store::units::{from_db, to_db, unreadable};

/// How many texts are read at once.
const TEXTS: i64 = 8;

/// A block handle: where a block of a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHandle {
    /// Number of its first row in the segment, from 0.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Offset of its text in the segment's text.
    pub first_byte: u64,
    /// Length of its text.
    pub bytes: u64,
    /// Bytes of the byte-order mark and the header before its first row.
    pub body_start: usize,
}

/// The text of a block, not unpacked yet.
pub struct PackedBlock(PackedRow<'static>);

impl PackedBlock {
    /// The text, unpacked and checked.
    pub fn unpack(&self) -> Result<String, StoreError> {
        blocks::text(&self.0)
    }
}

impl Store {
    /// The blocks of a segment that begin within `rows` of it, in order.
    pub async fn block_handles(
        &self,
        segment: SegmentId,
        rows: Range<u64>,
    ) -> Result<Vec<BlockHandle>, StoreError> {
        self.backend()
            .read(move |connection| block_handles(connection, segment, &rows))
            .await
    }

    /// For each of `columns`, which are in ascending order, its zone maps in the blocks of a segment that begin within `rows` of it.
    pub async fn zone_maps(
        &self,
        segment: SegmentId,
        rows: Range<u64>,
        columns: Vec<usize>,
    ) -> Result<Vec<Vec<ZoneMap>>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let blocks = of_segment(segment, to_db(rows.start))
                .filter(chunks::first_row.lt(to_db(rows.end)));
            // One block at a time, because the zone maps of all columns of many blocks may be large.
            let stored = blocks.select(chunks::stats);
            let stored = stored.load_iter::<Vec<u8>, DefaultLoadingMode>(connection)?;
            let mut of_columns = vec![Vec::new(); columns.len()];
            for stored in stored {
                let stored = stored?;
                // The line-end block has no zone maps.
                let decoded = match stored.is_empty() {
                    true => vec![ZoneMap::of_nothing(); columns.len()],
                    false => zone_map::decode_columns(&stored, &columns)
                        .map_err(|e| unreadable("zone map", e))?,
                };
                let pairs = of_columns.iter_mut().zip(decoded);
                pairs.for_each(|(of_column, decoded)| of_column.push(decoded));
            }
            Ok(of_columns)
        };
        self.backend().read(read).await
    }

    /// For each of `columns`, which are in ascending order, its Bloom filters in the blocks of a segment that begin within `rows` of
    /// it. `None`: the block has none for that column.
    pub async fn blooms(
        &self,
        segment: SegmentId,
        rows: Range<u64>,
        columns: Vec<usize>,
    ) -> Result<Vec<Vec<Option<Bloom>>>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let blocks = of_segment(segment, to_db(rows.start))
                .filter(chunks::first_row.lt(to_db(rows.end)));
            let stored = blocks.select(chunks::blooms);
            let stored = stored.load_iter::<Option<Vec<u8>>, DefaultLoadingMode>(connection)?;
            let mut of_columns = vec![Vec::new(); columns.len()];
            for stored in stored {
                let stored = stored?.unwrap_or_default();
                let decoded =
                    bloom::decode(&stored, &columns).map_err(|e| unreadable("Bloom filter", e))?;
                let pairs = of_columns.iter_mut().zip(decoded);
                pairs.for_each(|(of_column, decoded)| of_column.push(decoded));
            }
            Ok(of_columns)
        };
        self.backend().read(read).await
    }

    /// The encoded summary of a segment. `None`: it has to be made from the blocks.
    pub async fn summary(&self, segment: SegmentId) -> Result<Option<Vec<u8>>, StoreError> {
        self.backend()
            .read(move |connection| Ok(queries::summary(connection, segment)?))
            .await
    }

    /// Some texts of a segment, those that follow the block `after`, each with its block key.
    pub async fn texts_after(
        &self,
        segment: SegmentId,
        after: Option<BlockKey>,
    ) -> Result<Vec<(BlockKey, UnpackedBlock)>, StoreError> {
        let after = after.unwrap_or(BEFORE_ALL);
        self.backend()
            .read(move |connection| texts(connection, segment, after))
            .await
    }

    /// The blocks of a segment that begin at these bytes, in the given order.
    pub async fn packed_blocks(
        &self,
        segment: SegmentId,
        first_bytes: Vec<u64>,
    ) -> Result<Vec<PackedBlock>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let mut blocks = queries::texts_at(connection, segment, &first_bytes)?;
            let mut packed = Vec::with_capacity(first_bytes.len());
            for first_byte in first_bytes {
                let at = blocks
                    .iter()
                    .position(|block| from_db(block.first_byte) == first_byte);
                let block = blocks.swap_remove(at.ok_or(StoreError::Missing {
                    dataset: segment.dataset,
                    segment: segment.number,
                    row: first_byte,
                })?);
                packed.push(PackedBlock(block));
            }
            Ok(packed)
        };
        self.backend().read(read).await
    }
}

/// Some texts of a segment, those that follow the block `after`, each with its block key.
fn texts(
    connection: &mut AnyConnection,
    segment: SegmentId,
    after: BlockKey,
) -> Result<Vec<(BlockKey, UnpackedBlock)>, StoreError> {
    queries::next_blocks(connection, segment, after, TEXTS)?
        .iter()
        .map(|(key, place, block)| Ok((*key, blocks::unpack_text(place, block)?)))
        .collect()
}

fn block_handles(
    connection: &mut AnyConnection,
    segment: SegmentId,
    rows: &Range<u64>,
) -> Result<Vec<BlockHandle>, StoreError> {
    let stored: Vec<(i64, i64, i64, i64)> = of_segment(segment, to_db(rows.start))
        .filter(chunks::first_row.lt(to_db(rows.end)))
        .select((
            chunks::first_row,
            chunks::row_count,
            chunks::first_byte,
            chunks::body_start,
        ))
        .load(connection)?;
    let Some(&(row, _, last, _)) = stored.last() else {
        return Ok(Vec::new());
    };
    // The last text's length is read from its row, because revisions may disagree about the length of the segment.
    let length = queries::text_bytes(connection, segment, last)?;
    let length = length.ok_or(StoreError::Missing {
        dataset: segment.dataset,
        segment: segment.number,
        row: from_db(row),
    })?;
    let mut end = from_db(last) + from_db(length);
    let mut handles = Vec::with_capacity(stored.len());
    // In descending order, because a text ends where the next one begins.
    for (first_row, rows, first_byte, body_start) in stored.into_iter().rev() {
        let first_byte = from_db(first_byte);
        handles.push(BlockHandle {
            first_row: from_db(first_row),
            rows: from_db(rows),
            first_byte,
            bytes: end.saturating_sub(first_byte),
            body_start: usize::try_from(body_start).unwrap_or(0),
        });
        end = first_byte;
    }
    handles.reverse();
    Ok(handles)
}

/// The blocks of a segment that begin at its row `from` or later, in order.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_segment(segment: SegmentId, from: i64) -> _ {
    let dataset: i64 = segment.dataset;
    let number: i64 = segment.number;
    chunks::table
        .filter(chunks::dataset_id.eq(dataset))
        .filter(chunks::run.eq(number))
        .filter(chunks::first_row.ge(from))
        .order((chunks::first_row, chunks::seq))
}
