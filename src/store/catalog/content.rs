//! The contents of a revision that is being committed.

use std::sync::Arc;

use crate::dataset::{Column, Layout, ResumableDigest};
use crate::store::rows::DatasetRow;
use crate::store::segments::list::SegmentList;

/// The contents of a revision, as the transaction decides them.
pub(super) struct Content {
    /// Its dataset, if there is one already.
    pub head: Option<DatasetRow>,
    /// The encoded profile, if it is not the upload's own.
    pub profile: Option<Vec<u8>>,
    pub columns: Arc<[Column]>,
    pub layout: Arc<Layout>,
    pub rows: u64,
    pub digest: ResumableDigest,
    pub content_type: String,
    pub transcoded: bool,
    /// Its segments, if it has others than its own.
    pub segments: Option<SegmentList>,
    /// Whether a line-end block is needed before the appended rows.
    pub line_end: bool,
}

/// The preparation of an append, made before the transaction.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// The number of the segment that made the revision it was prepared for.
    pub made_by: i64,
    /// The digest of that revision's text.
    pub before: ResumableDigest,
    /// The digest with the staged rows, and with a line end before them if one is needed. `None`: none were staged.
    pub staged: Option<ResumableDigest>,
}
