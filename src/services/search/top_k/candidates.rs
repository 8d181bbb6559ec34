//! The candidates of an order: blocks, and row groups whose blocks are not known yet. The best comes first.
//!
//! A row group stands for its blocks until it is the best candidate. Then its columns tell the first key of each block, and its blocks
//! are candidates instead. So few row groups are opened, and of those only the blocks are read that have one of the first rows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::dataset::columns::{best_of_blocks, select};
use crate::dataset::query::{AbbreviatedKey, FullSortKey, TopK};
use crate::services::search::columns::{SegmentColumns, UNIT};
use crate::services::search::page_index::{BlockLocation, PageBlocks, missing};
use crate::services::search::pruned_scan::PrunedScan;
use crate::services::search::work::look;
use crate::services::search::{Search, SearchError};

/// Most blocks in a group: fewer than elsewhere, because each group makes it possible to skip later ones.
const GROUP: usize = 8;
/// Sorting a block takes about as long as reading this many bytes of text.
const BLOCK: usize = 128;

/// A candidate: the best is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// A lower bound of its rows' keys.
    best: AbbreviatedKey,
    /// Number of its first row in the revision.
    first_row: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A block: its index page, and its index there.
    Listed(u32, u32),
    /// A block of a row group that was opened.
    Block,
    /// A row group: its segment among those with columns, and its index there.
    Group(u32, u32),
}

/// What to do next.
pub(super) enum Next {
    /// Scan these blocks.
    Scan(Vec<BlockAt>),
    /// Open these row groups of a segment, each with a lower bound of its rows' keys.
    Open(Arc<SegmentColumns>, Vec<(usize, AbbreviatedKey)>),
}

/// A block to scan.
pub(super) enum BlockAt {
    Location(BlockLocation),
    /// The block that has this row.
    Row(u64),
}

/// The blocks of row groups that were opened: each with the best key of its rows, and its first row.
pub(super) type Opened = Vec<(AbbreviatedKey, u64)>;

/// Where a pass begins, as far as abbreviated keys tell.
#[derive(Debug, Clone, Copy)]
struct Begin {
    key: AbbreviatedKey,
    /// The first row of the block of the row that the pass continues after.
    block: u64,
    /// Whether only the place in the file decides between rows with that key.
    settled: bool,
}

/// Candidates for the first rows.
#[derive(Default)]
pub(super) struct OrderedCandidates {
    /// The index pages that list blocks.
    pages: Vec<PageBlocks>,
    /// Segments with columns.
    segments: Vec<Arc<SegmentColumns>>,
    heap: BinaryHeap<Reverse<Candidate>>,
    from: Option<Begin>,
    /// How many blocks the next group has at most.
    size: usize,
}

impl Begin {
    /// The least key that rows may have which were not found yet, if all of them are in blocks before row `end`.
    fn least(&self, end: u64) -> AbbreviatedKey {
        // Blocks before it in the file have no more rows with that key.
        match self.settled && end <= self.block {
            true => self.key.next(),
            false => self.key,
        }
    }
}

impl OrderedCandidates {
    /// The candidates that may have rows after `after`.
    pub(super) async fn new(
        search: &Arc<Search>,
        after: Option<&FullSortKey>,
    ) -> Result<Self, SearchError> {
        let mut candidates = Self {
            size: 1,
            ..Self::default()
        };
        let Some(term) = search.query.order.first() else {
            return Ok(candidates);
        };
        let alone = search.query.order.len() == 1;
        candidates.from = after.and_then(|after| {
            let key = after.abbreviated_key()?;
            Some(Begin {
                key,
                block: after.block,
                settled: alone && term.settles(key),
            })
        });
        let mut found = Vec::new();
        let mut in_text = Vec::new();
        for segment in search.dataset.segments.iter() {
            match search.columns_of(*segment).await? {
                Some(columns) => candidates.add_groups(search, columns, &mut found),
                None => in_text.push(*segment),
            }
        }
        let mut pages = PrunedScan::of(in_text);
        while let Some(mut page) = pages.next(search).await? {
            let number = candidates.pages.len() as u32;
            let before = found.len();
            while let Some(at) = page.next(&search.query) {
                let zone_map = page.pruning_stats(term.column, at).zone_map;
                let Some((best, worst)) = zone_map.and_then(|zone_map| term.range(zone_map)) else {
                    continue;
                };
                let first_row = page.blocks.location(at).first_row;
                let what = What::Listed(number, at as u32);
                // A block ends after its first row.
                found.extend(candidates.candidate(best, worst, (first_row, first_row + 1), what));
            }
            if found.len() > before {
                candidates.pages.push(page.blocks);
            }
        }
        let blocks = found.len();
        let arrange = move || {
            candidates.heap = BinaryHeap::from(found);
            candidates
        };
        look(blocks.saturating_mul(BLOCK), arrange).await
    }

    fn add_groups(
        &mut self,
        search: &Search,
        columns: Arc<SegmentColumns>,
        found: &mut Vec<Reverse<Candidate>>,
    ) {
        let Some(term) = search.query.order.first() else {
            return;
        };
        let segment = self.segments.len() as u32;
        for group in 0..columns.groups.len() {
            if !columns.may_match(&search.query, group) {
                continue;
            }
            let zone_map = columns.zone_map(term.column, group);
            let Some((best, worst)) = zone_map.and_then(|zone_map| term.range(zone_map)) else {
                continue;
            };
            let first_row = columns.first_row(group);
            let rows = (first_row, first_row + columns.groups[group].rows());
            let what = What::Group(segment, group as u32);
            found.extend(self.candidate(best, worst, rows, what));
        }
        self.segments.push(columns);
    }

    /// The candidate with rows from one row up to before another, and keys from `best` to `worst`, unless all were found before.
    fn candidate(
        &self,
        best: AbbreviatedKey,
        worst: AbbreviatedKey,
        (first_row, end): (u64, u64),
        what: What,
    ) -> Option<Reverse<Candidate>> {
        let best = match self.from {
            Some(from) => best.max(from.least(end)),
            None => best,
        };
        (worst >= best).then_some(Reverse(Candidate {
            best,
            first_row,
            what,
        }))
    }

    /// Adds the blocks of row groups that were opened.
    pub(super) fn add(&mut self, opened: Opened) {
        let what = What::Block;
        let blocks = opened.into_iter().map(|(best, first_row)| {
            Reverse(Candidate {
                best,
                first_row,
                what,
            })
        });
        self.heap.extend(blocks);
    }

    /// What to do next. `None`: no row of the candidates can be among those that `top` keeps.
    pub(super) fn next(&mut self, top: &TopK) -> Option<Next> {
        let Reverse(head) = *self.heap.peek()?;
        if top.is_past(head.best, head.first_row) {
            // So are all others.
            self.heap.clear();
            return None;
        }
        if let What::Group(segment, _) = head.what {
            let mut groups = Vec::new();
            while let Some(Reverse(Candidate { best, what, .. })) = self.heap.peek()
                && let What::Group(of, group) = *what
                && of == segment
                && groups.len() < UNIT
            {
                groups.push((group as usize, *best));
                self.heap.pop();
            }
            let columns = Arc::clone(&self.segments[segment as usize]);
            return Some(Next::Open(columns, groups));
        }
        let mut blocks = Vec::new();
        while let Some(Reverse(candidate)) = self.heap.peek()
            && blocks.len() < self.size
            && !top.is_past(candidate.best, candidate.first_row)
        {
            blocks.push(match candidate.what {
                What::Listed(page, at) => {
                    BlockAt::Location(self.pages[page as usize].location(at as usize))
                }
                What::Block => BlockAt::Row(candidate.first_row),
                What::Group(..) => break,
            });
            self.heap.pop();
        }
        self.size = (self.size * 2).min(GROUP);
        Some(Next::Scan(blocks))
    }
}

impl Search {
    /// Opens row groups, each of which has no key before the given one.
    pub(super) async fn open_groups(
        self: &Arc<Self>,
        columns: Arc<SegmentColumns>,
        groups: Vec<(usize, AbbreviatedKey)>,
    ) -> Result<Opened, SearchError> {
        let search = Arc::clone(self);
        let firsts: Vec<_> = groups
            .iter()
            .map(|(group, best)| (columns.groups[*group].first_row, *best))
            .collect();
        let numbers = groups.iter().map(|(group, _)| *group).collect();
        let opening = self.scan_columns(&columns, numbers, move |group, chunks, stop| {
            let (query, layout) = (&search.query, &search.dataset.layout);
            let mut firsts = firsts.iter();
            let from = firsts.find(|(first_row, _)| *first_row == group.first_row);
            let from = from.map(|(_, best)| *best);
            let Some(term) = query.order.first() else {
                return Ok(Vec::new());
            };
            let selected = select(query, layout, chunks, stop)?;
            best_of_blocks(
                query,
                layout,
                (term, from),
                chunks,
                &selected,
                &group.blocks,
            )
        });
        let mut opened = Vec::new();
        for ((group, found), (_, best)) in opening.await?.into_iter().zip(groups) {
            let mut row = columns.first_row(group);
            let blocks = &columns.groups[group].blocks;
            // If the columns can't be read, each block may have the best key.
            let found = found.unwrap_or_else(|| vec![Some(best); blocks.len()]);
            for (rows, best) in blocks.iter().zip(found) {
                opened.extend(best.map(|best| (best, row)));
                row += u64::from(*rows);
            }
        }
        Ok(opened)
    }

    /// Where blocks are.
    pub(super) async fn located(
        &self,
        blocks: Vec<BlockAt>,
    ) -> Result<Vec<BlockLocation>, SearchError> {
        let mut located = Vec::with_capacity(blocks.len());
        for block in blocks {
            located.push(match block {
                BlockAt::Location(location) => location,
                BlockAt::Row(row) => {
                    let found = PageBlocks::at_row(&self.services, &self.dataset, row).await?;
                    let (page, at) = found.ok_or_else(|| missing(&self.dataset, row))?;
                    page.location(at)
                }
            });
        }
        Ok(located)
    }
}
