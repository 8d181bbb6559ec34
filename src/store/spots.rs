//! The chunks of a run for who reads many of them: where they are, what is known of them, and several at a time.

use std::ops::Range;

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::queries::{BEFORE_ALL, ChunkKey};
use super::rows::{Block, from_db, to_db, unreadable};
use super::schema::chunks;
use super::{Run, Store, StoreError, Text, blocks, queries};
use crate::dataset::{Bloom, ZoneMap, bloom, zone_map};

/// Where a chunk of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Number of its first row in the run, from 0.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Offset of its text in the run's text.
    pub first_byte: u64,
    /// Length of its text.
    pub bytes: u64,
    /// Bytes of mark and header before its first row.
    pub body_start: usize,
}

/// The text of a chunk, not unpacked yet.
pub struct Packed {
    run: Run,
    block: Block,
}

impl Packed {
    /// The text, unpacked and checked.
    pub fn unpack(&self) -> Result<String, StoreError> {
        blocks::text(self.run, &self.block)
    }
}

impl Store {
    /// The chunks of a run that begin within `rows` of it, in order.
    pub async fn spots(&self, run: Run, rows: Range<u64>) -> Result<Vec<Spot>, StoreError> {
        self.inner
            .read(move |connection| spots(connection, run, &rows))
            .await
    }

    /// For each of some columns, whose places are in order, what is known of it in each chunk of a run that begins within
    /// `rows` of it, in the same order.
    pub async fn stats(
        &self,
        run: Run,
        rows: Range<u64>,
        columns: Vec<usize>,
    ) -> Result<Vec<Vec<ZoneMap>>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let chunks =
                of_run(run, to_db(rows.start)).filter(chunks::first_row.lt(to_db(rows.end)));
            // One at a time, since those of all columns of many chunks may be large.
            let stored = chunks.select(chunks::stats);
            let stored = stored.load_iter::<Vec<u8>, DefaultLoadingMode>(connection)?;
            let mut of_columns = vec![Vec::new(); columns.len()];
            for stored in stored {
                let stored = stored?;
                // A line end that was put before appended rows has none.
                let decoded = match stored.is_empty() {
                    true => vec![ZoneMap::of_nothing(); columns.len()],
                    false => zone_map::decode_columns(&stored, &columns)
                        .map_err(|e| unreadable("statistics", e))?,
                };
                let pairs = of_columns.iter_mut().zip(decoded);
                pairs.for_each(|(of_column, decoded)| of_column.push(decoded));
            }
            Ok(of_columns)
        };
        self.inner.read(read).await
    }

    /// For each of some columns, whose places are in order, which texts it does not have in each chunk of a run that begins
    /// within `rows` of it, where that is known, in the same order.
    pub async fn blooms(
        &self,
        run: Run,
        rows: Range<u64>,
        columns: Vec<usize>,
    ) -> Result<Vec<Vec<Option<Bloom>>>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let chunks =
                of_run(run, to_db(rows.start)).filter(chunks::first_row.lt(to_db(rows.end)));
            let stored = chunks.select(chunks::blooms);
            let stored = stored.load_iter::<Option<Vec<u8>>, DefaultLoadingMode>(connection)?;
            let mut of_columns = vec![Vec::new(); columns.len()];
            for stored in stored {
                let stored = stored?.unwrap_or_default();
                let decoded =
                    bloom::decode(&stored, &columns).map_err(|e| unreadable("filters", e))?;
                let pairs = of_columns.iter_mut().zip(decoded);
                pairs.for_each(|(of_column, decoded)| of_column.push(decoded));
            }
            Ok(of_columns)
        };
        self.inner.read(read).await
    }

    /// What the columns of a run hold, as it is stored with it; `None`: it is to be found out from the chunks.
    pub async fn summary(&self, run: Run) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner
            .read(move |connection| Ok(queries::summary(connection, run)?))
            .await
    }

    /// The next texts of a run after one of them, some of them at a time, each with what stands for it here.
    pub async fn texts_after(
        &self,
        run: Run,
        after: Option<ChunkKey>,
    ) -> Result<Vec<(ChunkKey, Text)>, StoreError> {
        self.inner.texts(run, after.unwrap_or(BEFORE_ALL)).await
    }

    /// The chunks of a run that begin at these bytes, in the order in which those are given.
    pub async fn packed(&self, run: Run, first_bytes: Vec<u64>) -> Result<Vec<Packed>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let mut blocks = queries::texts_at(connection, run, &first_bytes)?;
            let mut packed = Vec::with_capacity(first_bytes.len());
            for first_byte in first_bytes {
                let at = blocks
                    .iter()
                    .position(|block| from_db(block.first_byte) == first_byte);
                let block = blocks.swap_remove(at.ok_or(StoreError::Missing {
                    dataset: run.dataset,
                    run: run.number,
                    row: first_byte,
                })?);
                packed.push(Packed { run, block });
            }
            Ok(packed)
        };
        self.inner.read(read).await
    }
}

fn spots(
    connection: &mut AnyConnection,
    run: Run,
    rows: &Range<u64>,
) -> Result<Vec<Spot>, StoreError> {
    let stored: Vec<(i64, i64, i64, i64)> = of_run(run, to_db(rows.start))
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
    // The last text's length is asked of the text: revisions that read a run do not all say the same of the run's length.
    let length = queries::text_bytes(connection, run, last)?;
    let length = length.ok_or(StoreError::Missing {
        dataset: run.dataset,
        run: run.number,
        row: from_db(row),
    })?;
    let mut end = from_db(last) + from_db(length);
    let mut spots = Vec::with_capacity(stored.len());
    // From the last one on, since a text ends where the next one begins.
    for (first_row, rows, first_byte, body_start) in stored.into_iter().rev() {
        let first_byte = from_db(first_byte);
        spots.push(Spot {
            first_row: from_db(first_row),
            rows: from_db(rows),
            first_byte,
            bytes: end.saturating_sub(first_byte),
            body_start: usize::try_from(body_start).unwrap_or(0),
        });
        end = first_byte;
    }
    spots.reverse();
    Ok(spots)
}

/// The chunks of a run that begin at row `from` of it or after, in order.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_run(run: Run, from: i64) -> _ {
    let dataset: i64 = run.dataset;
    let number: i64 = run.number;
    chunks::table
        .filter(chunks::dataset_id.eq(dataset))
        .filter(chunks::run.eq(number))
        .filter(chunks::first_row.ge(from))
        .order((chunks::first_row, chunks::seq))
}
