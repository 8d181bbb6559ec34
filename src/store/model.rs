//! What the store takes and gives. These types know no database.

use std::sync::Arc;

use jiff::Timestamp;

use super::clients::client::Client;
use super::segments::list::{SegmentId, SegmentList};
use crate::dataset::{Block, Column, DatasetName, Layout, Profile, ResumableDigest};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A request that wants to use an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// Whose key it is.
    pub scope: String,
    /// The key.
    pub key: String,
    /// The request, by a number of its own.
    pub holder: i64,
}

/// A dataset as of one of its revisions.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Its name, unique in the store.
    pub name: DatasetName,
    /// Number of the revision, from 1.
    pub revision: i64,
    /// The upload segment that made the revision. No other revision has the same, so it stands for this one's contents wherever they are
    /// remembered.
    pub made_by: SegmentId,
    /// The segments that its blocks are in.
    pub segments: SegmentList,
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
    /// The client that made it and alone may change it; `None`: an anonymous caller made it.
    pub owner: Option<i64>,
    /// Whether the source is kept apart from the text, because its charset was not UTF-8.
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

/// Whether `author` may change what belongs to `owner`: that client alone may, or everybody if it belongs to nobody.
pub fn may_change(owner: Option<i64>, author: Option<i64>) -> bool {
    owner.is_none() || owner == author
}

/// Packed bytes of a segment that are written at once, about.
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

/// Uploaded bytes of a segment whose text was decoded from another charset.
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

/// A part of a segment, on its way into the store.
#[derive(Debug, Default)]
pub struct SegmentPart {
    /// Blocks of text, in order.
    pub blocks: Vec<PlacedBlock>,
    /// Blocks of the source, in order, where it is kept apart.
    pub source_blocks: Vec<SourceBlock>,
}

impl SegmentPart {
    /// What it takes in memory and will take on disk, about, in bytes.
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
    /// The client that writes it; `None`: an anonymous caller.
    pub author: Option<Arc<Client>>,
    /// Where its blocks are. Those of rows to be appended begin with number 1 and byte 1: 0 is kept for the line end
    /// that the text before them may lack.
    pub segment: SegmentId,
    /// Whether parts of the segment were staged before.
    pub staged: bool,
    /// The part of the segment that is not in the store yet.
    pub rest: SegmentPart,
    /// Blocks of the whole segment.
    pub blocks: u64,
    /// Bytes of the whole segment's text.
    pub text_bytes: u64,
    /// Blocks of the source, where it is kept apart from the text.
    pub source_blocks: u64,
    /// How the text is laid out, what its columns are, and how many rows there are; of rows to be appended, of those.
    pub profile: Profile,
    /// The source so far: its length and digest, and how to go on with it. Of no use for rows to be appended.
    pub digest: ResumableDigest,
    /// The media type of the source. That of the dataset stays when rows are appended.
    pub content_type: String,
    /// Whether the source is kept apart from the text.
    pub transcoded: bool,
    /// The summary of the segment as it is stored; `None`: the segment is so small that it is made when it is asked for.
    pub summary: Option<Vec<u8>>,
}

/// What must hold of a dataset's newest revision for a write to be done (RFC 9110 §13).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The newest revision must be one of these.
    pub only_if: Option<Revisions>,
    /// The newest revision must be none of these.
    pub unless: Option<Revisions>,
}

/// Some revisions, by the numbers of the segments that made them.
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
            Self::Of(segments) => newest.is_some_and(|newest| segments.contains(&newest)),
        }
    }
}

impl Conditions {
    /// Whether there is anything to hold.
    pub fn is_empty(&self) -> bool {
        self.only_if.is_none() && self.unless.is_none()
    }

    /// Whether it holds when the newest revision was made by that segment; `None`: there is no dataset.
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

/// The text of a block, unpacked and checked.
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

/// One revision of a dataset's history.
#[derive(Debug, Clone)]
pub struct Revision {
    /// Its number, from 1.
    pub number: i64,
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
