//! The types of the store's interface. They don't depend on the database.

use std::sync::Arc;

use jiff::Timestamp;

use super::clients::client::Client;
use super::segments::list::{SegmentId, SegmentList};
use crate::dataset::{
    Block, ChangedLines, Column, ColumnChange, DatasetName, Layout, Profile, ResumableDigest,
    SchemaChanges, SchemaVersion,
};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A request's claim to an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The scope of the key: keys of different clients are independent.
    pub scope: String,
    /// The key.
    pub key: String,
    /// The number of the request.
    pub holder: i64,
}

/// A dataset as of one of its revisions.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its name, unique in the store.
    pub name: DatasetName,
    /// Number of the revision, from 1.
    pub revision: i64,
    /// The version of its schema.
    pub schema: SchemaVersion,
    /// The upload segment that made the revision. It identifies the revision's contents in caches and entity tags, because no other
    /// revision has it.
    pub made_by: SegmentId,
    /// The segments that its blocks are in.
    pub segments: SegmentList,
    /// Names and types of its columns.
    pub columns: Arc<[Column]>,
    /// How to read its text.
    pub layout: Arc<Layout>,
    /// Number of its rows.
    pub rows: u64,
    /// Length of its source in bytes.
    pub bytes: u64,
    /// SHA-256 of its source.
    pub sha256: [u8; 32],
    /// The media type of its source.
    pub content_type: String,
    /// How much a write may change its schema.
    pub schema_changes: SchemaChanges,
    /// The client that made the dataset, which alone may change it. `None`: an anonymous caller made it.
    pub owner: Option<i64>,
    /// The number of its description. `None`: it has none.
    pub description: Option<i64>,
    /// Whether the source is stored apart from the text, because its charset was not UTF-8.
    pub transcoded: bool,
    /// When the dataset was created.
    pub created_at: Timestamp,
    /// When this revision was committed.
    pub updated_at: Timestamp,
}

impl Dataset {
    /// The dataset's number.
    pub fn id(&self) -> i64 {
        self.made_by.dataset
    }
}

/// Whether `author` may change a dataset of `owner`. Everybody may change a dataset without an owner.
pub fn may_change(owner: Option<i64>, author: Option<i64>) -> bool {
    owner.is_none() || owner == author
}

/// About how many packed bytes of a segment are written at once.
pub const PART_BYTES: usize = 512 << 10;

/// A block and its place in a segment.
#[derive(Debug)]
pub struct PlacedBlock {
    /// Its number in the segment, from 0.
    pub seq: u64,
    /// Number of its first row in the segment, from 0.
    pub first_row: u64,
    /// Offset of its text in the segment's text.
    pub first_byte: u64,
    /// The block.
    pub block: Block,
}

/// A part of a source that is stored apart from its text.
#[derive(Debug)]
pub struct SourceBlock {
    /// Offset in the source.
    pub first_byte: u64,
    /// Length when unpacked.
    pub bytes: u64,
    /// The 128-bit XXH3 of the bytes.
    pub digest: [u8; 16],
    /// The bytes, packed.
    pub data: Vec<u8>,
}

/// Rows of an upload that were set aside, as lines of JSON.
#[derive(Debug)]
pub struct BadRowsBlock {
    /// Its number in the segment, from 0.
    pub number: u64,
    /// Length when unpacked.
    pub bytes: u64,
    /// The 128-bit XXH3 of the bytes.
    pub digest: [u8; 16],
    /// The bytes, packed.
    pub data: Vec<u8>,
}

/// Blocks of a segment that are written together.
#[derive(Debug, Default)]
pub struct SegmentPart {
    /// Blocks of text, in order.
    pub blocks: Vec<PlacedBlock>,
    /// Source blocks, in order, if the source is stored apart.
    pub source_blocks: Vec<SourceBlock>,
    /// Rows that were set aside, in order.
    pub bad_rows: Vec<BadRowsBlock>,
}

impl SegmentPart {
    /// About how many bytes it takes in memory and on disk.
    pub fn weight(&self) -> usize {
        let blocks: usize = self
            .blocks
            .iter()
            .map(|c| c.block.data.len() + c.block.zone_maps.len() + c.block.blooms.len())
            .sum();
        blocks
            + self
                .source_blocks
                .iter()
                .map(|s| s.data.len())
                .sum::<usize>()
            + self.bad_rows.iter().map(|b| b.data.len()).sum::<usize>()
    }

    /// How many blocks it has besides those of the text.
    pub fn blocks_apart(&self) -> usize {
        self.source_blocks.len() + self.bad_rows.len()
    }
}

/// What a commit does if the name exists, or if it doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The name must be free.
    Create,
    /// The dataset of that name gets a new revision. If there is none, it is created.
    Put,
    /// The dataset of that name gets a new revision, with these rows after the existing ones.
    Append,
}

/// A revision to be committed.
#[derive(Debug)]
pub struct NewRevision {
    /// Name of the dataset.
    pub name: DatasetName,
    /// What to do if it exists.
    pub write: Write,
    /// How much it may change the schema of the dataset, if that is less than the dataset allows.
    pub schema_changes: SchemaChanges,
    /// The first lines of the upload with values that change columns.
    pub changed_lines: ChangedLines,
    /// The preconditions.
    pub conditions: Conditions,
    /// The client that writes it; `None`: an anonymous caller.
    pub author: Option<Arc<Client>>,
    /// The segment of the upload. The blocks of appended rows begin with number 1 and byte 1, because 0 is reserved for the
    /// line-end block.
    pub segment: SegmentId,
    /// Whether parts of the segment were staged before.
    pub staged: bool,
    /// The last part of the segment, which is not in the store yet.
    pub rest: SegmentPart,
    /// Number of blocks in the whole segment.
    pub blocks: u64,
    /// Length of the whole segment's text.
    pub text_bytes: u64,
    /// Number of blocks of the whole segment besides those of its text.
    pub blocks_apart: u64,
    /// The profile of the uploaded rows.
    pub profile: Profile,
    /// The digest of the uploaded source. Appends don't use it.
    pub digest: ResumableDigest,
    /// The media type of the source. An append keeps the dataset's.
    pub content_type: String,
    /// Whether the source is stored apart from the text.
    pub transcoded: bool,
    /// The encoded summary of the segment. `None`: the segment is so small that its summary is made on request.
    pub summary: Option<Vec<u8>>,
}

/// The preconditions of a write, about the newest revision of the dataset (RFC 9110 §13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The newest revision must be one of these.
    pub only_if: Option<Revisions>,
    /// The newest revision must be none of these.
    pub unless: Option<Revisions>,
}

/// A set of revisions, by the numbers of the segments that made them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revisions {
    /// Any revision.
    Any,
    /// These.
    Of(Vec<i64>),
}

impl Revisions {
    fn has(&self, newest: Option<i64>) -> bool {
        match self {
            Self::Any => newest.is_some(),
            Self::Of(segments) => newest.is_some_and(|newest| segments.contains(&newest)),
        }
    }
}

impl Conditions {
    /// Whether there are no preconditions.
    pub fn is_empty(&self) -> bool {
        self.only_if.is_none() && self.unless.is_none()
    }

    /// Whether the preconditions hold if that segment made the newest revision. `None`: there is no dataset.
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

/// The result of a commit.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The dataset as it is now.
    pub dataset: Arc<Dataset>,
    /// Whether the commit created it.
    pub created: bool,
    /// What it changed in the schema.
    pub changes: Arc<[ColumnChange]>,
}

/// The text of a block, unpacked and checked.
#[derive(Debug, Clone)]
pub struct UnpackedBlock {
    /// Number of its first row.
    pub first_row: u64,
    /// Number of its rows.
    pub rows: u64,
    /// Bytes of mark and header before the first row.
    pub body_start: usize,
    /// The text.
    pub text: String,
}

/// One revision of a dataset's history.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
    /// The version of its schema.
    pub schema: SchemaVersion,
    /// Number of the upload segment that made it.
    pub made_by: i64,
    /// Number of its rows.
    pub rows: u64,
    /// Length of its source in bytes.
    pub bytes: u64,
    /// SHA-256 of its source.
    pub sha256: [u8; 32],
    /// When it was committed.
    pub created_at: Timestamp,
    /// The client that made it; `None`: an anonymous caller.
    pub author: Option<String>,
}
