//! What the store takes and gives, and the same as rows of its tables.

use std::sync::Arc;

use diesel::prelude::*;
use jiff::Timestamp;

use super::Client;
use super::error::StoreError;
use super::schema::{chunk_data, chunks, datasets, revisions, sources, uploads};
use super::segments::Segments;
use crate::dataset::{Chunk, Column, DatasetName, Layout, Profile, Tail};

/// A run of chunks: what one upload wrote, or is writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Run {
    /// The dataset's number.
    pub dataset: i64,
    /// The run's own number, which no other run of any dataset has.
    pub number: i64,
}

/// A dataset as of one of its revisions.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its name, unique in the store.
    pub name: DatasetName,
    /// Number of the revision, from 1.
    pub revision: i64,
    /// The run that made the revision. No other revision of any dataset has the same, so it stands for this one's
    /// contents wherever they are remembered.
    pub run: Run,
    /// Where its chunks are.
    pub segments: Segments,
    /// Names and types of its columns.
    pub columns: Arc<[Column]>,
    /// How its text is to be read.
    pub layout: Arc<Layout>,
    /// Number of its rows.
    pub rows: u64,
    /// Length of its source in bytes.
    pub bytes: u64,
    /// SHA-256 of its source.
    pub sha256: [u8; 32],
    /// The media type under which its source came.
    pub content_type: String,
    /// The client that made it and alone may change it; `None`: somebody without a key.
    pub owner: Option<i64>,
    /// Whether the source is kept apart from the text, because its charset was not UTF-8.
    pub transcoded: bool,
    /// When the dataset was created.
    pub created_at: Timestamp,
    /// When this revision was committed.
    pub updated_at: Timestamp,
}

/// Source text of a chunk, in bytes, about.
pub const CHUNK_BYTES: usize = 64 << 10;
/// Packed bytes of a run that are written at once, about.
pub const BATCH_BYTES: usize = 512 << 10;

/// A chunk and its place in a run.
#[derive(Debug)]
pub struct PlacedChunk {
    /// Its number in the run, from 0.
    pub seq: u64,
    /// Number of its first row in the run, from 0.
    pub first_row: u64,
    /// Offset of its text in the run's text.
    pub first_byte: u64,
    /// The chunk.
    pub chunk: Chunk,
}

/// Uploaded bytes of a run whose text was decoded from another charset.
#[derive(Debug)]
pub struct SourceBlock {
    /// Offset in the source.
    pub first_byte: u64,
    /// Length when unpacked.
    pub bytes: u64,
    /// XXH3, 128 bits, of the bytes.
    pub digest: [u8; 16],
    /// The bytes, packed.
    pub data: Vec<u8>,
}

/// A part of a run, on its way into the store.
#[derive(Debug, Default)]
pub struct Batch {
    /// Chunks of text, in order.
    pub chunks: Vec<PlacedChunk>,
    /// Blocks of the source, in order, where it is kept apart.
    pub sources: Vec<SourceBlock>,
}

impl Batch {
    /// What it takes in memory and will take on disk, about, in bytes.
    pub fn weight(&self) -> usize {
        let chunks: usize = self
            .chunks
            .iter()
            .map(|c| c.chunk.data.len() + c.chunk.stats.len())
            .sum();
        chunks + self.sources.iter().map(|s| s.data.len()).sum::<usize>()
    }
}

/// What a commit does when the name is taken, or free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The name must be free.
    Create,
    /// A dataset of that name gets a new revision; where there is none, it is made.
    Put,
    /// The dataset of that name gets a new revision: the rows it has, and these behind them.
    Append,
}

/// A revision to be committed.
#[derive(Debug)]
pub struct NewRevision {
    /// Name of the dataset.
    pub name: DatasetName,
    /// What to do when it exists.
    pub write: Write,
    /// What must hold of the dataset for that.
    pub conditions: Conditions,
    /// Who does it; `None`: somebody without a key.
    pub author: Option<Arc<Client>>,
    /// Where its chunks are. Those of rows to be appended begin with number 1 and byte 1: 0 is kept for the line end
    /// that the text before them may lack.
    pub run: Run,
    /// Whether parts of the run were staged before.
    pub staged: bool,
    /// The part of the run that is not in the store yet.
    pub rest: Batch,
    /// Chunks of the whole run.
    pub chunks: u64,
    /// How the text is laid out, what its columns are, and how many rows there are; of rows to be appended, of those.
    pub profile: Profile,
    /// The source so far: its length and digest, and how to go on with it. Of no use for rows to be appended.
    pub tail: Tail,
    /// The media type of the source. That of the dataset stays when rows are appended.
    pub content_type: String,
    /// Whether the source is kept apart from the text.
    pub transcoded: bool,
}

/// What must hold of a dataset's newest revision for a write to be done (RFC 9110 §13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The newest revision must be one of these.
    pub only_if: Option<Revisions>,
    /// The newest revision must be none of these.
    pub unless: Option<Revisions>,
}

/// Some revisions, by the numbers of the runs that made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revisions {
    /// Whatever there is.
    Any,
    /// These.
    Of(Vec<i64>),
}

impl Revisions {
    fn has(&self, newest: Option<i64>) -> bool {
        match self {
            Self::Any => newest.is_some(),
            Self::Of(runs) => newest.is_some_and(|newest| runs.contains(&newest)),
        }
    }
}

impl Conditions {
    /// Whether there is anything to hold.
    pub fn is_empty(&self) -> bool {
        self.only_if.is_none() && self.unless.is_none()
    }

    /// Whether it holds when the newest revision was made by that run; `None`: there is no dataset.
    pub fn hold(&self, newest: Option<i64>) -> bool {
        let only_if = self
            .only_if
            .as_ref()
            .is_none_or(|only_if| only_if.has(newest));
        let unless = self
            .unless
            .as_ref()
            .is_some_and(|unless| unless.has(newest));
        only_if && !unless
    }
}

/// What a commit made.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The dataset as it is now.
    pub dataset: Arc<Dataset>,
    /// Whether it is new.
    pub created: bool,
}

/// The text of a chunk, unpacked and checked.
#[derive(Debug, Clone)]
pub struct Text {
    /// Number of its first row.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Bytes of mark and header before the first row.
    pub body_start: usize,
    /// The text.
    pub text: String,
}

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
#[diesel(table_name = chunks)]
pub(super) struct ChunkRow<'a> {
    dataset_id: i64,
    run: i64,
    first_row: i64,
    seq: i64,
    row_count: i64,
    first_byte: i64,
    body_start: i64,
    stats: &'a [u8],
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

/// One revision of a dataset's history.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// Number of the run that made it.
    pub run: i64,
    /// Number of its rows.
    pub rows: u64,
    /// Length of its source in bytes.
    pub bytes: u64,
    /// SHA-256 of its source.
    pub sha256: [u8; 32],
    /// When it was committed.
    pub created_at: Timestamp,
    /// Who made it; `None`: somebody without a key.
    pub author: Option<String>,
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
pub(super) fn unreadable(
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
