//! Chunks in the order of the file, for whoever shows rows as they are.

use std::collections::VecDeque;
use std::sync::Arc;

use super::SearchError;
use super::chart::{Place, spots};
use super::texts::texts;
use crate::dataset::ChunkText;
use crate::services::Services;
use crate::store::{CHUNK_BYTES, Dataset, Segment, Spot, StoreError, Text};

/// Bytes of text that are read in one go, unless one chunk alone has more.
const STRETCH_BYTES: u64 = 256 << 10;

/// A chunk that was read.
#[derive(Debug)]
pub struct Chunk {
    /// Its text.
    pub text: Arc<ChunkText>,
    /// Bytes of mark and header before its first row.
    pub body_start: usize,
    /// Number of its first row in the revision.
    pub first_row: u64,
    /// Number of the row after its last one.
    pub end_row: u64,
}

/// The chunk that holds row `row` of the revision, and those behind it in the same run: as many as hold rows before `end`
/// and are read in one go.
///
/// # Errors
/// When the store fails, or has no such chunk.
pub async fn stretch(
    services: Arc<Services>,
    dataset: Arc<Dataset>,
    row: u64,
    end: u64,
) -> Result<VecDeque<Chunk>, SearchError> {
    let missing = StoreError::Missing {
        dataset: dataset.run.dataset,
        run: dataset.run.number,
        row,
    };
    let Some(segment) = dataset.segments.at_row(row) else {
        return Err(missing.into());
    };
    // To look one chunk up is cheaper than to read where all are, unless that is remembered.
    let chunks = segment.bytes / CHUNK_BYTES as u64 + 1;
    if !services.cache.keeps(chunks * size_of::<Spot>() as u64) {
        let chunk = lone(&services, &dataset, row).await?;
        return Ok(VecDeque::from([chunk.ok_or(missing)?]));
    }
    let spots = spots(&services, segment.run).await?;
    let places = places(segment, &spots, row, end);
    let (places, rows): (Vec<Place>, Vec<u64>) = places.into_iter().unzip();
    let texts = texts(&services, &places, dataset.columns.len()).await?;
    let chunks: VecDeque<Chunk> = places
        .iter()
        .zip(rows)
        .zip(texts)
        .map(|((place, rows), text)| Chunk {
            text,
            body_start: place.body_start,
            first_row: place.first_row,
            end_row: place.first_row + rows,
        })
        .collect();
    match chunks.is_empty() {
        true => Err(missing.into()),
        false => Ok(chunks),
    }
}

/// Where the chunk is that holds row `row`, and those behind it, each with the number of its rows.
fn places(segment: &Segment, spots: &[Spot], row: u64, end: u64) -> Vec<(Place, u64)> {
    let in_run = row - segment.first_row;
    let first = spots.partition_point(|spot| spot.first_row + spot.rows <= in_run);
    let mut places = Vec::new();
    let mut bytes = 0;
    for (at, spot) in spots.iter().enumerate().skip(first) {
        if segment.first_row + spot.first_row >= end || bytes >= STRETCH_BYTES {
            break;
        }
        if spot.rows > 0 {
            let place = Place::of(segment, spots, at);
            bytes += place.bytes;
            places.push((place, spot.rows));
        }
    }
    places
}

/// The chunk alone.
async fn lone(
    services: &Services,
    dataset: &Dataset,
    row: u64,
) -> Result<Option<Chunk>, StoreError> {
    let columns = dataset.columns.len();
    let read = move |text: Text| Chunk {
        body_start: text.body_start,
        first_row: text.first_row,
        end_row: text.first_row + text.rows,
        text: Arc::new(ChunkText::new(text.text, columns)),
    };
    services.store.chunk_at_row(dataset, row, read).await
}
