//! The keys of cached values.

use crate::dataset::query::Fingerprint;
use crate::store::SegmentId;
use crate::versioning::Format;

/// Identifies a page: its revision, query, first row, length and format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The upload segment that made the revision. No other revision has it.
    pub made_by: SegmentId,
    /// The query; `None` for all rows in the order of the file.
    pub query: Option<Fingerprint>,
    /// Where the page begins, as its cursor says; `None` without a cursor.
    pub first: Option<u64>,
    /// How many rows were asked for.
    pub limit: u32,
    /// Whether it has the number of all rows that the query finds.
    pub is_counted: bool,
    /// The version of the API that rendered it: each version has a format of its own.
    pub version: u32,
}

/// Identifies rows that are sent as a file: their revision, query, first row, number and form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExportKey {
    /// The upload segment that made the revision.
    pub made_by: SegmentId,
    /// The query; `None` for all rows in the order of the file.
    pub query: Option<Fingerprint>,
    /// Where the rows begin, as the cursor says; `None` without a cursor.
    pub first: Option<u64>,
    /// The most rows.
    pub limit: u64,
    /// The version of the API that renders them.
    pub version: u32,
    /// The format.
    pub format: Format,
    /// Whether formulas are guarded.
    pub is_guarded: bool,
}

/// Identifies an index page: the blocks of an upload segment that begin within a range of its rows. The range is written out, because
/// a segment may be divided into pages in several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::services) struct IndexPageKey {
    /// The segment.
    pub(in crate::services) segment: SegmentId,
    /// The first of the rows.
    pub(in crate::services) first_row: u64,
    /// The row after the last of them.
    pub(in crate::services) end_row: u64,
}

/// The key of a cached value: everything that the value depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::services) enum CacheKey {
    /// A page in JSON, with its cursor. It depends on the rows, names and types of the revision, on the query and the first row,
    /// and on the version's format. It does not depend on how the revision is divided into segments: cursors hold row numbers.
    Page(PageKey),
    /// The length of an export. It depends on the same as a page, and on how cells are written.
    ExportLength(ExportKey),
    /// The text of a block with its line index: the upload segment, and the offset of the text there. It depends on the block
    /// and on the number of columns, which is the same in all revisions that read the segment.
    Text(SegmentId, u64),
    /// The block handles of an index page. They depend on the segment's blocks and on the rows that the page covers.
    BlockHandles(IndexPageKey),
    /// The zone maps of the column with that index, for the blocks of an index page. They depend on the same.
    ZoneMaps(IndexPageKey, usize),
    /// The Bloom filters of the column with that index, for the blocks of an index page. They depend on the same.
    Blooms(IndexPageKey, usize),
    /// The row groups of an upload segment whose columns are complete. They depend on the segment, and on the columns, which are not
    /// built again.
    RowGroups(SegmentId),
    /// The zone maps of the column with that index, for the row groups of an upload segment. They depend on the same.
    GroupZoneMaps(SegmentId, usize),
    /// The chunk of a column in a row group: the upload segment, the first row of the row group there, and the index of the column.
    ColumnChunk(SegmentId, u64, usize),
    /// The summaries of the columns: the upload segment that made the revision. They depend on its rows and types. Compaction may
    /// change an estimate, so a later one may differ and is as good.
    Summary(SegmentId),
    /// A whole response: the digest of its request. Other requests may have the same digest, so the response holds the request in
    /// full. What else it depends on is checked each time: the caller's access, whether the revision is the newest, and the time.
    Response(u64),
}
