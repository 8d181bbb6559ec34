//! The page index: where the blocks of a revision are, and their zone maps and Bloom filters.
//!
//! An index page covers a range of rows of one upload segment and lists the blocks that begin there. Each is read and cached by
//! itself, so a query that needs few blocks reads few pages, however many blocks there are.

use std::ops::Range;
use std::sync::Arc;

use crate::dataset::Bloom;
use crate::services::Services;
use crate::services::cache::{CacheKey, CachedValue, IndexPageKey, ZoneMaps};
use crate::store::{BlockHandle, Dataset, Segment, SegmentId, StoreError};

/// An index page of an upload segment. Revisions that divide the segment into the same pages share what is cached.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexPage {
    segment: Segment,
    /// How many rows of the segment each of its index pages covers.
    rows_each: u64,
    number: u64,
}

/// The blocks that an index page lists, in order.
#[derive(Debug, Clone)]
pub(super) struct PageBlocks {
    pub(super) page: IndexPage,
    handles: Arc<[BlockHandle]>,
}

/// Where a block that has rows is.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockLocation {
    pub(super) segment: SegmentId,
    /// Offset of its text in the segment's text.
    pub(super) first_byte: u64,
    /// Length of its text.
    pub(super) bytes: u64,
    /// Number of its first row in the revision. No other block that has rows has the same number.
    pub(super) first_row: u64,
    /// Number of its rows.
    pub(super) rows: u64,
    pub(super) body_start: usize,
}

impl IndexPage {
    /// The first index page of a segment.
    pub(super) fn first(services: &Services, segment: Segment) -> Self {
        let bytes = services.settings.store.blocks.page_bytes.max(1);
        let pages = segment.bytes / bytes + 1;
        Self {
            segment,
            rows_each: segment.rows.div_ceil(pages).max(1),
            number: 0,
        }
    }

    /// The rows of the segment that the page covers: the blocks on it begin there.
    fn rows(self) -> Range<u64> {
        let from = self.number.saturating_mul(self.rows_each);
        from..from.saturating_add(self.rows_each)
    }

    fn index_page_key(self) -> IndexPageKey {
        let Range { start, end } = self.rows();
        IndexPageKey {
            segment: self.segment.id,
            first_row: start,
            end_row: end,
        }
    }

    /// The next index page of the segment, if there is one.
    pub(super) fn next(self) -> Option<Self> {
        let next = Self {
            number: self.number + 1,
            ..self
        };
        (next.rows().start < self.segment.rows).then_some(next)
    }

    pub(super) async fn blocks(self, services: &Services) -> Result<PageBlocks, StoreError> {
        let make = async {
            let (segment, rows) = (self.segment.id, self.rows());
            let handles = services.store.block_handles(segment, rows).await?;
            Ok::<_, StoreError>(CachedValue::BlockHandles(handles.into()))
        };
        let key = CacheKey::BlockHandles(self.index_page_key());
        match services.cache.get_or(key, make).await? {
            CachedValue::BlockHandles(handles) => Ok(PageBlocks {
                page: self,
                handles,
            }),
            _ => Err(StoreError::Worker),
        }
    }

    /// The zone maps of some columns, given by their indexes in ascending order.
    pub(super) async fn zone_maps(
        self,
        services: &Services,
        columns: &[usize],
    ) -> Result<Vec<Arc<ZoneMaps>>, StoreError> {
        let (segment, rows) = (self.segment.id, self.rows());
        let key = |column: &usize| CacheKey::ZoneMaps(self.index_page_key(), *column);
        let keys: Vec<_> = columns.iter().map(key).collect();
        let make = async |lacking: Vec<usize>| {
            let lacking = lacking.into_iter().map(|at| columns[at]).collect();
            let zone_maps = services.store.zone_maps(segment, rows, lacking).await?;
            let zone_maps = zone_maps.into_iter().map(ZoneMaps::new);
            Ok::<_, StoreError>(
                zone_maps
                    .map(|maps| CachedValue::ZoneMaps(Arc::new(maps)))
                    .collect(),
            )
        };
        let values = services.cache.get_or_all(&keys, make).await?;
        let zone_maps = values.into_iter().map(|value| match value {
            CachedValue::ZoneMaps(zone_maps) => Ok(zone_maps),
            _ => Err(StoreError::Worker),
        });
        zone_maps.collect()
    }

    /// The Bloom filters of some columns, given by their indexes in ascending order.
    pub(super) async fn blooms(
        self,
        services: &Services,
        columns: &[usize],
    ) -> Result<Vec<Arc<[Option<Bloom>]>>, StoreError> {
        let (segment, rows) = (self.segment.id, self.rows());
        let key = |column: &usize| CacheKey::Blooms(self.index_page_key(), *column);
        let keys: Vec<_> = columns.iter().map(key).collect();
        let make = async |lacking: Vec<usize>| {
            let lacking = lacking.into_iter().map(|at| columns[at]).collect();
            let blooms = services.store.blooms(segment, rows, lacking).await?;
            let blooms = blooms
                .into_iter()
                .map(|blooms| CachedValue::Blooms(blooms.into()));
            Ok::<_, StoreError>(blooms.collect())
        };
        let values = services.cache.get_or_all(&keys, make).await?;
        let blooms = values.into_iter().map(|value| match value {
            CachedValue::Blooms(blooms) => Ok(blooms),
            _ => Err(StoreError::Worker),
        });
        blooms.collect()
    }
}

impl PageBlocks {
    /// The index page that lists the block with row `row` of the revision, and which of its blocks that is.
    pub(super) async fn at_row(
        services: &Services,
        dataset: &Dataset,
        row: u64,
    ) -> Result<Option<(Self, usize)>, StoreError> {
        let Some(&segment) = dataset.segments.at_row(row) else {
            return Ok(None);
        };
        let first = IndexPage::first(services, segment);
        let last = (row - segment.first_row) / first.rows_each;
        // A long block, or one that begins near the end of its page, also has rows that the next pages cover.
        for number in (0..=last).rev() {
            let blocks = IndexPage { number, ..first }.blocks(services).await?;
            if let Some(at) = blocks.at(row) {
                return Ok(Some((blocks, at)));
            }
        }
        Ok(None)
    }

    /// Which block of this page holds row `row` of the revision.
    fn at(&self, row: u64) -> Option<usize> {
        let row = row.checked_sub(self.page.segment.first_row)?;
        let after = self
            .handles
            .partition_point(|handle| handle.first_row <= row);
        let holds = |handle: &BlockHandle| row < handle.first_row + handle.rows;
        self.handles[..after].iter().rposition(holds)
    }

    /// How many blocks the page lists.
    pub(super) fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether a block has rows.
    pub(super) fn has_rows(&self, at: usize) -> bool {
        self.handles[at].rows > 0
    }

    /// Where a block is.
    pub(super) fn location(&self, at: usize) -> BlockLocation {
        let (segment, handle) = (&self.page.segment, self.handles[at]);
        BlockLocation {
            segment: segment.id,
            first_byte: handle.first_byte,
            bytes: handle.bytes,
            first_row: segment.first_row + handle.first_row,
            rows: handle.rows,
            body_start: handle.body_start,
        }
    }

    /// Where the blocks with rows are, from block `from` on.
    pub(super) fn locations(&self, from: usize) -> impl Iterator<Item = BlockLocation> {
        let with_rows = (from..self.handles.len()).filter(|&at| self.has_rows(at));
        with_rows.map(|at| self.location(at))
    }
}

/// Where the blocks are that hold these rows of the revision, which are in ascending order.
pub(super) async fn locations(
    services: &Services,
    dataset: &Dataset,
    rows: impl Iterator<Item = u64>,
) -> Result<Vec<BlockLocation>, StoreError> {
    let mut locations = Vec::new();
    let mut open: Option<PageBlocks> = None;
    for row in rows {
        let here = open.take().and_then(|blocks| {
            let at = blocks.at(row)?;
            Some((blocks, at))
        });
        let found = match here {
            Some(here) => Some(here),
            None => PageBlocks::at_row(services, dataset, row).await?,
        };
        let (blocks, at) = found.ok_or_else(|| missing(dataset, row))?;
        locations.push(blocks.location(at));
        open = Some(blocks);
    }
    Ok(locations)
}

/// The store has no block with that row.
pub(super) fn missing(dataset: &Dataset, row: u64) -> StoreError {
    StoreError::Missing {
        dataset: dataset.id(),
        segment: dataset.made_by.number,
        row,
    }
}
