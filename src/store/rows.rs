//! Rows of the tables, as they are read and written, and their values in the types of everybody else.

use std::sync::Arc;

use diesel::prelude::*;
use jiff::Timestamp;

use super::error::StoreError;
use super::model::{Dataset, PlacedChunk, Revision, Run, SourceBlock};
use super::schema::{chunk_data, chunks, datasets, revisions, sources, uploads};
use super::segments::Segments;
use crate::dataset::{DatasetName, Profile};

#[derive(Queryable, Insertable, Selectable)]
#[diesel(table_name = datasets)]
pub(super) struct DatasetRow {
    pub id: i64,
    pub name: String,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub owner: Option<i64>,
}

#[derive(Insertable)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
pub(super) struct RevisionRow<'a> {
    pub dataset_id: i64,
    pub number: i64,
    pub run: i64,
    pub row_count: i64,
    pub byte_count: i64,
    pub sha256: &'a [u8],
    pub content_type: &'a str,
    pub transcoded: bool,
    pub profile: &'a [u8],
    pub author: Option<&'a str>,
    pub created_at: i64,
    pub segments: Option<&'a [u8]>,
    pub tail: Option<&'a [u8]>,
}

#[derive(Insertable)]
#[diesel(table_name = chunks, treat_none_as_default_value = false)]
pub(super) struct ChunkRow<'a> {
    dataset_id: i64,
    run: i64,
    first_row: i64,
    seq: i64,
    row_count: i64,
    first_byte: i64,
    body_start: i64,
    stats: &'a [u8],
    blooms: Option<&'a [u8]>,
}

#[derive(Insertable)]
#[diesel(table_name = chunk_data)]
pub(super) struct ChunkDataRow<'a> {
    dataset_id: i64,
    run: i64,
    first_byte: i64,
    byte_count: i64,
    digest: &'a [u8],
    data: &'a [u8],
}

#[derive(Insertable)]
#[diesel(table_name = sources)]
pub(super) struct SourceRow<'a> {
    dataset_id: i64,
    run: i64,
    first_byte: i64,
    byte_count: i64,
    digest: &'a [u8],
    data: &'a [u8],
}

/// Where a chunk is, and what reading it needs.
#[derive(Queryable, Selectable)]
#[diesel(table_name = chunks)]
pub(super) struct ChunkPlace {
    pub first_row: i64,
    pub row_count: i64,
    pub body_start: i64,
}

/// Packed bytes of a run's text or source.
#[derive(Queryable)]
pub(super) struct Block {
    pub first_byte: i64,
    pub byte_count: i64,
    pub digest: Vec<u8>,
    pub data: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = uploads)]
pub(super) struct UploadRow {
    pub dataset_id: i64,
    pub run: i64,
    pub started_at: i64,
    pub renewed_at: i64,
}

/// The columns of a revision that a reader needs.
#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub(super) struct RevisionHead {
    pub dataset_id: i64,
    pub number: i64,
    pub run: i64,
    row_count: i64,
    byte_count: i64,
    sha256: Vec<u8>,
    pub content_type: String,
    pub transcoded: bool,
    pub profile: Vec<u8>,
    author: Option<String>,
    created_at: i64,
    segments: Option<Vec<u8>>,
}

impl RevisionHead {
    pub(super) fn profile(&self) -> Result<Profile, StoreError> {
        Profile::decode(&self.profile).map_err(|e| unreadable("profile", e))
    }

    /// Where its chunks are.
    pub(super) fn segments(&self) -> Result<Segments, StoreError> {
        let run = Run {
            dataset: self.dataset_id,
            number: self.run,
        };
        let (rows, bytes) = (self.row_count, self.byte_count);
        Segments::of(run, rows, bytes, self.segments.as_deref())
            .ok_or_else(|| unreadable("list of segments", "it was written by a later release"))
    }

    fn sha256(&self) -> Result<[u8; 32], StoreError> {
        let sha256 = self.sha256.as_slice();
        sha256.try_into().map_err(|e| unreadable("SHA-256", e))
    }

    pub(super) fn into_dataset(self, dataset: &DatasetRow) -> Result<Dataset, StoreError> {
        let profile = self.profile()?;
        Ok(Dataset {
            name: DatasetName::new(&dataset.name).map_err(|e| unreadable("name", e))?,
            revision: self.number,
            run: Run {
                dataset: self.dataset_id,
                number: self.run,
            },
            segments: self.segments()?,
            columns: profile.columns().into(),
            layout: Arc::clone(profile.layout()),
            rows: from_db(self.row_count),
            bytes: from_db(self.byte_count),
            sha256: self.sha256()?,
            content_type: self.content_type,
            owner: dataset.owner,
            transcoded: self.transcoded,
            created_at: time_from_db(dataset.created_at)?,
            updated_at: time_from_db(self.created_at)?,
        })
    }

    pub(super) fn into_revision(self) -> Result<Revision, StoreError> {
        Ok(Revision {
            number: self.number,
            run: self.run,
            rows: from_db(self.row_count),
            bytes: from_db(self.byte_count),
            sha256: self.sha256()?,
            created_at: time_from_db(self.created_at)?,
            author: self.author,
        })
    }
}

impl<'a> ChunkRow<'a> {
    pub(super) fn new(run: Run, placed: &'a PlacedChunk) -> Self {
        Self {
            dataset_id: run.dataset,
            run: run.number,
            first_row: to_db(placed.first_row),
            seq: to_db(placed.seq),
            row_count: i64::from(placed.chunk.rows),
            first_byte: to_db(placed.first_byte),
            body_start: i64::from(placed.chunk.body_start),
            stats: &placed.chunk.stats,
            blooms: Some(&*placed.chunk.blooms).filter(|blooms| !blooms.is_empty()),
        }
    }
}

impl<'a> ChunkDataRow<'a> {
    pub(super) fn new(run: Run, placed: &'a PlacedChunk) -> Self {
        Self {
            dataset_id: run.dataset,
            run: run.number,
            first_byte: to_db(placed.first_byte),
            byte_count: i64::from(placed.chunk.text_bytes),
            digest: &placed.chunk.digest,
            data: &placed.chunk.data,
        }
    }
}

impl<'a> SourceRow<'a> {
    pub(super) fn new(run: Run, block: &'a SourceBlock) -> Self {
        Self {
            dataset_id: run.dataset,
            run: run.number,
            first_byte: to_db(block.first_byte),
            byte_count: to_db(block.bytes),
            digest: &block.digest,
            data: &block.data,
        }
    }
}

/// What the decoder of a stored value said.
pub fn unreadable(
    what: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unreadable {
        what,
        source: source.into(),
    }
}

/// A count as SQL has it. Counts of rows and bytes stay far below 2⁶³: a body is capped, and so is a run.
pub(super) fn to_db(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from SQL; the tables never hold a negative one.
pub(super) fn from_db(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

pub(super) fn time_from_db(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| unreadable("time", e))
}
