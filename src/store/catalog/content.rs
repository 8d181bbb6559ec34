//! What a revision is to hold.

use std::sync::Arc;

use crate::dataset::{Column, Layout, ResumableDigest};
use crate::store::rows::DatasetRow;
use crate::store::segments::list::SegmentList;

/// What a revision holds, once it is known what it builds on.
pub(super) struct Content {
    /// The dataset it is of, if there is one.
    pub head: Option<DatasetRow>,
    /// The profile as it is stored, where it is not the upload's own.
    pub profile: Option<Vec<u8>>,
    pub columns: Arc<[Column]>,
    pub layout: Arc<Layout>,
    pub rows: u64,
    pub digest: ResumableDigest,
    pub content_type: String,
    pub transcoded: bool,
    /// Where its blocks are, if not in its own segment alone.
    pub segments: Option<SegmentList>,
    /// The line end that the text before the appended rows lacks.
    pub line_end: bool,
}

/// What was found out before the transaction.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// The segment that made the revision it was found out for: the rest depends on that revision's text, and on the rows to be appended.
    pub made_by: i64,
    /// That revision's whole text.
    pub before: ResumableDigest,
    /// The same with the rows that were staged, and the line end before them where one lacks; `None`: none were staged.
    pub staged: Option<ResumableDigest>,
}
