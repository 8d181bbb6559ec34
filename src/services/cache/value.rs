//! The values that are cached, and how many bytes they take.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use crate::dataset::columns::{ColumnChunk, RowGroup};
use crate::dataset::summary::ColumnSummary;
use crate::dataset::{BlockText, Bloom, Bounds, DatasetName, ZoneMap};
use crate::services::metrics::Route;
use crate::services::readers::NamedColumns;
use crate::store::{BlockHandle, SegmentId};

/// Bytes of an entry besides its value, about.
pub(super) const ENTRY_OVERHEAD: usize = 176;
/// Bytes of a column's summary, about: ten texts and twenty bins.
const SUMMARY: usize = 2 << 10;
/// Bytes of a response besides its body and its request, about: a dozen headers.
const HEAD: usize = 2 << 10;

/// A page as it was sent.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its bytes.
    pub body: Bytes,
    /// The cursor of the next page, if there is one and the list has cursors.
    pub next: Option<Arc<str>>,
}

/// A whole response as it was sent, and the conditions under which it may be sent again.
#[derive(Debug)]
pub struct CachedResponse {
    /// Everything in the request that the response depends on, encoded so that no other request has the same bytes.
    pub question: Box<[u8]>,
    /// The dataset that it is about, and the upload segment that made the revision.
    pub of: (DatasetName, SegmentId),
    /// The time in which no version changes its state.
    pub holds: Range<Timestamp>,
    /// Its headers. Headers that differ for each response are there with an empty value.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The route that it is counted under.
    pub route: Route,
    /// The name of the operation that made it.
    pub operation: &'static str,
    /// The columns that the request names, for the count of readers.
    pub named: Option<NamedColumns>,
}

/// The zone maps of a column for the blocks of an index page.
#[derive(Debug)]
pub(in crate::services) struct ZoneMaps {
    /// One for each block.
    pub(in crate::services) each: Box<[ZoneMap]>,
    /// One for the whole page, if the bounds of the blocks can be compared.
    pub(in crate::services) merged: Option<ZoneMap>,
}

impl ZoneMaps {
    /// From the zone maps of the blocks.
    pub(in crate::services) fn new(each: Vec<ZoneMap>) -> Self {
        Self {
            merged: ZoneMap::merged(&each),
            each: each.into(),
        }
    }
}

/// A cached value.
#[derive(Debug, Clone)]
pub(in crate::services) enum CachedValue {
    Page(Page),
    /// A page that is too large to be cached.
    LargePage,
    ExportLength(u64),
    Text(Arc<BlockText>),
    BlockHandles(Arc<[BlockHandle]>),
    ZoneMaps(Arc<ZoneMaps>),
    Blooms(Arc<[Option<Bloom>]>),
    RowGroups(Arc<[RowGroup]>),
    /// For each row group, if the column has a chunk there.
    GroupZoneMaps(Arc<[Option<ZoneMap>]>),
    ColumnChunk(Arc<ColumnChunk>),
    Summary(Arc<[ColumnSummary]>),
    Response(Arc<CachedResponse>),
}

/// Bytes of a zone map's texts.
fn text_bytes(zone_map: &ZoneMap) -> usize {
    match &zone_map.bounds {
        Bounds::Text { min, max } => min.len() + max.len() + 32,
        _ => 0,
    }
}

impl CachedValue {
    pub(super) fn weight(&self) -> u64 {
        let bytes = match self {
            Self::Page(page) => page.body.len() + page.next.as_ref().map_or(0, |next| next.len()),
            Self::LargePage | Self::ExportLength(_) => 0,
            Self::Text(text) => text.bytes(),
            Self::BlockHandles(handles) => size_of_val::<[BlockHandle]>(handles),
            Self::ZoneMaps(maps) => {
                let texts = maps.each.iter().map(text_bytes);
                size_of_val::<[ZoneMap]>(&maps.each) + texts.sum::<usize>()
            }
            Self::RowGroups(groups) => {
                let lists = groups
                    .iter()
                    .map(|group| (group.blocks.len() + group.coded.len()) * 4);
                size_of_val::<[RowGroup]>(groups) + lists.sum::<usize>()
            }
            Self::GroupZoneMaps(maps) => {
                let texts = maps.iter().flatten().map(text_bytes);
                size_of_val::<[Option<ZoneMap>]>(maps) + texts.sum::<usize>()
            }
            Self::ColumnChunk(chunk) => chunk.bytes(),
            Self::Summary(columns) => columns.len() * SUMMARY,
            // If the page with this body is cached too, its bytes count twice.
            Self::Response(answer) => HEAD + answer.question.len() + answer.body.len(),
            Self::Blooms(blooms) => {
                let bits = blooms.iter().flatten().map(|bloom| bloom.bytes() + 16);
                size_of_val::<[Option<Bloom>]>(blooms) + bits.sum::<usize>()
            }
        };
        u64::try_from(bytes.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u64::MAX)
    }
}
