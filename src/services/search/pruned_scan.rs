//! The pruned scan: goes through the candidate blocks, one index page at a time and no further than it is asked to.

use std::ops::Range;
use std::sync::Arc;

use super::columns::BlocksWithHits;
use super::page_index::{BlockLocation, IndexPage, PageBlocks};
use super::texts::Groups;
use super::{Search, SearchError};
use crate::dataset::Bloom;
use crate::dataset::query::{PruningStats, Query};
use crate::services::Services;
use crate::services::cache::ZoneMaps;
use crate::store::{Dataset, Segment, StoreError};

/// The index pages of a revision that list candidate blocks, one after the other.
pub(super) struct PrunedScan {
    segments: Vec<Segment>,
    /// Index of the next segment.
    segment: usize,
    /// The next index page, if it is not the first of that segment.
    page: Option<IndexPage>,
    /// How many blocks at the beginning of that page to skip.
    passed: usize,
}

impl PrunedScan {
    /// All pages of some segments.
    pub(super) fn of(segments: Vec<Segment>) -> Self {
        Self {
            segments,
            segment: 0,
            page: None,
            passed: 0,
        }
    }

    /// From the block that holds row `row` of the revision.
    pub(super) async fn from(
        services: &Services,
        dataset: &Dataset,
        row: u64,
    ) -> Result<Self, StoreError> {
        let whole = Self::of(dataset.segments.iter().copied().collect());
        if row == 0 {
            return Ok(whole);
        }
        let Some((blocks, at)) = PageBlocks::at_row(services, dataset, row).await? else {
            return Ok(Self {
                segment: whole.segments.len(),
                ..whole
            });
        };
        let segment = blocks.location(at).segment;
        let before = dataset
            .segments
            .iter()
            .take_while(|before| before.id != segment);
        Ok(Self {
            segment: before.count() + 1,
            page: Some(blocks.page),
            passed: at,
            ..whole
        })
    }

    /// The next index page that may list a candidate block.
    pub(super) async fn next(
        &mut self,
        search: &Arc<Search>,
    ) -> Result<Option<PrunedPage>, SearchError> {
        while let Some(page) = self.page(&search.services) {
            self.page = page.next();
            let passed = std::mem::take(&mut self.passed);
            if let Some(pruned) = PrunedPage::of(search, page, passed).await? {
                return Ok(Some(pruned));
            }
            // If everything is cached, nothing above yields to other tasks.
            tokio::task::coop::consume_budget().await;
        }
        Ok(None)
    }

    fn page(&mut self, services: &Services) -> Option<IndexPage> {
        if let Some(page) = self.page {
            return Some(page);
        }
        loop {
            let segment = *self.segments.get(self.segment)?;
            self.segment += 1;
            if segment.rows > 0 {
                return Some(IndexPage::first(services, segment));
            }
        }
    }
}

/// An index page with the zone maps and Bloom filters of the columns that a query filters or orders by.
pub(super) struct PrunedPage {
    pub(super) blocks: PageBlocks,
    /// Zone maps by index of the column.
    zone_maps: Vec<(usize, Arc<ZoneMaps>)>,
    /// Bloom filters by index of the column.
    blooms: Vec<(usize, Arc<[Option<Bloom>]>)>,
    rest: Remaining,
}

/// The blocks of an index page that were not given out yet.
enum Remaining {
    /// From this one on; they still have to be pruned.
    From(usize),
    /// These, which are candidates.
    Chosen(std::vec::IntoIter<usize>),
}

/// How many comparisons with zone maps may run on the runtime's thread, for one index page.
const FEW_LOOKS: u64 = 8192;

impl PrunedPage {
    /// An index page from its block `next` on; `None` if no block of the page can match.
    async fn of(
        search: &Arc<Search>,
        page: IndexPage,
        next: usize,
    ) -> Result<Option<Self>, SearchError> {
        let (services, query) = (&search.services, &search.query);
        let columns = query.zone_map_columns();
        let zone_maps = page.zone_maps(services, &columns).await?;
        let zone_maps: Vec<_> = columns.into_iter().zip(zone_maps).collect();
        let of_page = |column: usize| PruningStats {
            zone_map: of(&zone_maps, column).and_then(|maps| maps.merged.as_ref()),
            bloom: None,
        };
        if !query.may_match(of_page) {
            return Ok(None);
        }
        let columns = query.bloom_columns();
        let blooms = page.blooms(services, &columns).await?;
        let mut pruned = Self {
            blocks: page.blocks(services).await?,
            zone_maps,
            blooms: columns.into_iter().zip(blooms).collect(),
            rest: Remaining::From(next),
        };
        let looks = query.pruning().saturating_mul(pruned.blocks.len() as u64);
        if looks > FEW_LOOKS {
            let query = Arc::clone(query);
            let choosing = search.work(Vec::new(), move |_, _, stop| {
                let mut chosen = Vec::new();
                while !stop.is_set()
                    && let Some(at) = pruned.next(&query)
                {
                    chosen.push(at);
                }
                pruned.rest = Remaining::Chosen(chosen.into_iter());
                pruned
            });
            pruned = choosing.await?;
        }
        Ok(Some(pruned))
    }

    /// The next candidate block.
    pub(super) fn next(&mut self, query: &Query) -> Option<usize> {
        let from = match &mut self.rest {
            Remaining::From(from) => *from,
            Remaining::Chosen(chosen) => return chosen.next(),
        };
        let mut rest = from..self.blocks.len();
        let found = rest.find(|&at| {
            self.blocks.has_rows(at) && query.may_match(|column| self.pruning_stats(column, at))
        });
        self.rest = Remaining::From(rest.start);
        found
    }

    /// The zone map and the Bloom filter of a column in a block.
    pub(super) fn pruning_stats(&self, column: usize, at: usize) -> PruningStats<'_> {
        PruningStats {
            zone_map: of(&self.zone_maps, column).and_then(|maps| maps.each.get(at)),
            bloom: of(&self.blooms, column).and_then(|blooms| blooms.get(at)?.as_ref()),
        }
    }
}

/// The entry of a column, in a list sorted by column.
fn of<T>(columns: &[(usize, T)], column: usize) -> Option<&T> {
    let found = columns.binary_search_by_key(&column, |(known, _)| *known);
    found.ok().map(|at| &columns[at].1)
}

/// So many candidate blocks are given out before columns are asked which of the others have rows that match. A query whose rows are
/// frequent has found enough by then.
const FEW_BLOCKS: usize = 8;

/// The candidate blocks, one after the other.
pub(super) struct CandidateBlocks {
    search: Arc<Search>,
    /// The row of the revision that ends them.
    end: u64,
    /// How many were given out without asking columns.
    given: usize,
    with_hits: BlocksWithHits,
    /// The pages behind the open one.
    pages: PrunedScan,
    open: Option<PrunedPage>,
    /// A block that was put back.
    back: Option<BlockLocation>,
}

impl CandidateBlocks {
    /// From the block that holds the first of these rows of the revision to the one that holds the last.
    pub(super) async fn within(search: &Arc<Search>, rows: Range<u64>) -> Result<Self, StoreError> {
        Ok(Self {
            pages: PrunedScan::from(&search.services, &search.dataset, rows.start).await?,
            end: rows.end,
            given: 0,
            with_hits: BlocksWithHits::default(),
            search: Arc::clone(search),
            open: None,
            back: None,
        })
    }

    /// The next candidate block.
    pub(super) async fn next(&mut self) -> Result<Option<BlockLocation>, SearchError> {
        if let Some(location) = self.back.take() {
            return Ok(Some(location));
        }
        loop {
            if let Some(open) = &mut self.open
                && let Some(at) = open.next(&self.search.query)
            {
                let location = open.blocks.location(at);
                if location.first_row >= self.end {
                    return Ok(None);
                }
                if self.given < FEW_BLOCKS {
                    self.given += 1;
                    return Ok(Some(location));
                }
                match self.with_hits.may_have(&self.search, &location).await? {
                    true => return Ok(Some(location)),
                    false => continue,
                }
            }
            self.open = self.pages.next(&self.search).await?;
            if self.open.is_none() {
                return Ok(None);
            }
        }
    }

    /// Puts a block back, to be given out again.
    pub(super) fn put_back(&mut self, block: BlockLocation) {
        self.back = Some(block);
    }

    /// The next group of candidate blocks.
    pub(super) async fn group(
        &mut self,
        groups: &mut Groups,
    ) -> Result<Option<Vec<BlockLocation>>, SearchError> {
        while let Some(location) = self.next().await? {
            if let Some(group) = groups.add(location) {
                return Ok(Some(group));
            }
        }
        Ok(groups.rest())
    }
}
