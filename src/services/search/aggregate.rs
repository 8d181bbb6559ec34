//! Queries with aggregates: groups of the rows that match.
//!
//! ```text
//! candidate blocks ─▶ groups of blocks ─▶ a table for each, on a blocking thread ─▶ one table ─▶ HAVING, order ─▶ rows
//! columns ─────────▶ row groups ────────▶ the same
//! ```
//!
//! The table of a group of blocks is small. When it has used up its allowance, or at the end of its blocks, it is merged into the query's
//! table, which takes its memory from the budget as it grows. A query that needs more than [`Budget::most`] is refused: its tables would
//! leave nothing for others.

use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::page_index::BlockLocation;
use super::pruned_scan::CandidateBlocks;
use super::texts::Groups as BlockGroups;
use super::{RecordBatch, RecordBatches, Search, SearchError};
use crate::dataset::BlockText;
use crate::dataset::aggregate::{Groups, Plan, Refusal};
use crate::dataset::query::{Grouped, Row, Scan};
use crate::services::memory::{Exhausted, Held, Kind, Memory};
use crate::store::Dataset;

/// Bytes that the table of a group of blocks may take.
const PART: usize = 1 << 20;
/// Bytes that are taken from the budget at a time.
const STEP: usize = 256 << 10;
/// Most bytes of a query, however much memory there is: places in its texts are numbers of 31 bits.
const MOST: usize = 1 << 30;
/// The share that the memory of groups belongs to.
const SHARE: Kind = Kind::Large;

/// The groups that a query found.
pub struct FoundGroups {
    /// The dataset as it were if the groups were its rows: their columns, and how their text is read.
    pub dataset: Arc<Dataset>,
    /// How many there are.
    pub rows: u64,
    text: Arc<BlockText>,
    starts: Vec<u32>,
    held: Option<Held>,
}

impl FoundGroups {
    /// At most `limit` of the groups, from `first` on.
    pub fn batches(self, first: u64, limit: u64) -> RecordBatches {
        let mut starts = self.starts;
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        starts.drain(..first.min(starts.len()));
        starts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let batch = RecordBatch {
            text: self.text,
            starts,
            _held: self.held,
        };
        Box::pin(stream::iter([Ok(batch)]))
    }
}

/// How much memory the tables of a query may take.
struct Budget {
    memory: Arc<Memory>,
    /// Bytes that the query's own table may take.
    most: usize,
    /// Bytes that the table of a group of blocks may take.
    part: usize,
    /// How many of these there are at a time.
    workers: usize,
}

impl Budget {
    fn new(memory: &Arc<Memory>, workers: usize) -> Self {
        let mut shares = memory.load();
        let share = shares.find(|share| share.kind == SHARE);
        // Others need some of it too.
        let all = share.map_or(STEP, |share| share.bytes / 3 * 2).min(MOST);
        let part = PART.min(all / 8);
        let workers = workers.min(all / 4 / part.max(1)).max(1);
        Self {
            memory: Arc::clone(memory),
            most: all - workers * part,
            part,
            workers,
        }
    }
}

/// The table of a query, and the memory for it.
pub(super) struct Gathered {
    groups: Groups,
    /// Most groups.
    most: usize,
    budget: Budget,
    /// Memory for this table, and for those of groups of blocks; `None`: the rows have it.
    held: Option<Held>,
    /// Memory for adding up row groups, one for each worker.
    scratch: Option<Held>,
}

impl Gathered {
    async fn new(search: &Search, plan: &Arc<Plan>) -> Result<Self, SearchError> {
        let services = &search.services;
        let budget = Budget::new(&services.memory, search.reservation.ahead);
        let bytes = budget.workers * budget.part + STEP;
        Ok(Self {
            held: Some(services.memory.take(SHARE, bytes).await?),
            groups: Groups::new(plan, search.most_groups(), usize::MAX),
            most: search.most_groups(),
            budget,
            scratch: None,
        })
    }

    /// How many tables of groups of blocks, or of row groups, there are at a time.
    pub(super) fn workers(&self) -> usize {
        self.budget.workers
    }

    /// Bytes that each of them may take.
    pub(super) fn part(&self) -> usize {
        self.budget.part
    }

    /// Takes memory for adding up row groups: so many bytes for each worker. Returns whether there is as much.
    pub(super) fn take_scratch(&mut self, bytes: usize) -> bool {
        let bytes = bytes.saturating_mul(self.budget.workers);
        let held = self.scratch.as_ref().map_or(0, Held::bytes);
        if held >= bytes {
            return true;
        }
        let memory = &self.budget.memory;
        let Some(more) = memory.try_take(SHARE, bytes - held) else {
            return false;
        };
        match &mut self.scratch {
            Some(scratch) => scratch.add(more),
            None => self.scratch = Some(more),
        }
        true
    }

    /// Sees to it that the table may take so many bytes.
    fn reserve(&mut self, bytes: usize) -> Result<(), SearchError> {
        if bytes > self.budget.most {
            return Err(SearchError::LargeGroups(self.budget.most));
        }
        let parts = self.budget.workers * self.budget.part;
        if let Some(held) = &mut self.held
            && let Some(missing) = (bytes + parts).checked_sub(held.bytes())
            && missing > 0
        {
            let more = missing.next_multiple_of(STEP);
            let more = self.budget.memory.try_take(SHARE, more);
            held.add(more.ok_or(Exhausted(SHARE))?);
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, part: Groups) -> Result<(), SearchError> {
        self.reserve(self.groups.bytes().saturating_add(part.bytes()))?;
        let merged = self.groups.merge(part);
        merged.map_err(|refusal| refused(self.groups.plan(), self.most, refusal))
    }
}

pub(super) fn refused(plan: &Plan, most: usize, refusal: Refusal) -> SearchError {
    match refusal {
        Refusal::TooLong => SearchError::LongSum,
        Refusal::TooManyGroups | Refusal::Full => SearchError::TooManyGroups {
            columns: plan.grouped_by.join(", "),
            most,
        },
    }
}

/// Adds the rows of blocks to a table.
struct Adding<'p> {
    plan: &'p Plan,
    part: Groups,
    /// Most groups.
    most: usize,
    key: Vec<u8>,
}

impl Adding<'_> {
    #[inline]
    fn add(&mut self, row: Row<'_, '_>, whole: &Mutex<Gathered>) -> Result<(), SearchError> {
        self.key.clear();
        let refused = |refusal| refused(self.plan, self.most, refusal);
        for key in &self.plan.keys {
            key.encode(row.value(key.column).as_deref(), &mut self.key);
        }
        let group = match self.part.group(&self.key) {
            Ok(group) => group,
            Err(Refusal::Full) => {
                lock(whole).merge(self.part.take())?;
                self.part.group(&self.key).map_err(refused)?
            }
            Err(refusal) => return Err(refused(refusal)),
        };
        for (number, aggregate) in self.plan.aggregates.iter().enumerate() {
            let value = aggregate.column.and_then(|column| row.value(column));
            let added = self.part.add(group, number, value.as_deref(), 1);
            added.map_err(refused)?;
        }
        Ok(())
    }
}

impl Search {
    /// The groups of the rows that match, all of them, in order.
    ///
    /// # Errors
    /// When there are too many, when their memory is not free, or when it takes longer than a query may.
    pub async fn groups(self: &Arc<Self>) -> Result<FoundGroups, SearchError> {
        self.in_time(self.find_groups()).await
    }

    pub(super) fn most_groups(&self) -> usize {
        self.services.settings.limits.max_groups
    }

    pub(super) fn grouped(&self) -> Result<&Grouped, SearchError> {
        // Only queries with aggregates are asked for groups.
        self.query.grouped.as_ref().ok_or(SearchError::Worker)
    }

    async fn find_groups(self: &Arc<Self>) -> Result<FoundGroups, SearchError> {
        let gathered = Gathered::new(self, &self.grouped()?.plan).await?;
        let workers = gathered.budget.workers;
        let whole = Arc::new(Mutex::new(gathered));
        for rows in self.add_columns(&whole).await? {
            self.add_texts(rows, workers, &whole).await?;
        }
        lock(&whole).scratch = None;
        self.rows_of(whole).await
    }

    /// Adds some rows of the revision, which begin and end with a block, from their texts.
    async fn add_texts(
        self: &Arc<Self>,
        rows: Range<u64>,
        workers: usize,
        whole: &Arc<Mutex<Gathered>>,
    ) -> Result<(), SearchError> {
        let candidates = CandidateBlocks::within(self, rows).await?;
        let groups = BlockGroups::growing(self.reservation.group, self.reservation.group);
        let state = (candidates, groups);
        let groups = stream::try_unfold(state, |(mut candidates, mut groups)| async {
            let group = candidates.group(&mut groups).await?;
            Ok::<_, SearchError>(group.map(|group| (group, (candidates, groups))))
        });
        let adding = groups
            .map(|group| {
                let (search, whole) = (Arc::clone(self), Arc::clone(whole));
                async move { search.add_blocks(group?, whole).await }
            })
            .buffer_unordered(workers);
        adding.try_collect::<()>().await
    }

    async fn add_blocks(
        self: Arc<Self>,
        group: Vec<BlockLocation>,
        whole: Arc<Mutex<Gathered>>,
    ) -> Result<(), SearchError> {
        let search = Arc::clone(&self);
        let adding = self.work(group, move |group, texts, stop| {
            let plan = &search.grouped()?.plan;
            let part = lock(&whole).budget.part;
            let mut adding = Adding {
                plan,
                part: Groups::new(plan, search.most_groups(), part),
                most: search.most_groups(),
                key: Vec::new(),
            };
            let scan = Scan::new(&search.query, &search.dataset.layout).until(stop);
            for (block, text) in group.into_iter().zip(texts) {
                let mut refused = None;
                scan.rows(&text, block.body_start, |row| {
                    match adding.add(row, &whole) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(refusal) => {
                            refused = Some(refusal);
                            ControlFlow::Break(())
                        }
                    }
                });
                match refused {
                    Some(refusal) => return Err(refusal),
                    None if stop.is_set() => return Err(SearchError::Stopped),
                    None => {}
                }
            }
            lock(&whole).merge(adding.part)
        });
        adding.await?
    }

    /// Makes rows of the groups.
    async fn rows_of(
        self: &Arc<Self>,
        whole: Arc<Mutex<Gathered>>,
    ) -> Result<FoundGroups, SearchError> {
        let search = Arc::clone(self);
        let making = self.work(Vec::new(), move |_, _, stop| {
            let grouped = search.grouped()?;
            let mut gathered = lock(&whole);
            let more = grouped.bytes_for(gathered.groups.len());
            let bytes = gathered.groups.bytes().saturating_add(more);
            gathered.reserve(bytes)?;
            let empty = Groups::new(&grouped.plan, 0, 0);
            let groups = std::mem::replace(&mut gathered.groups, empty);
            let found = grouped.rows(groups, stop);
            if stop.is_set() {
                return Err(SearchError::Stopped);
            }
            let mut held = gathered.held.take();
            if let Some(held) = &mut held {
                held.shrink_to(found.text.bytes() + size_of_val(&*found.starts));
            }
            Ok(FoundGroups {
                dataset: search.as_dataset(grouped, found.text.len(), found.starts.len()),
                rows: found.starts.len() as u64,
                text: Arc::new(found.text),
                starts: found.starts,
                held,
            })
        });
        making.await?
    }

    fn as_dataset(&self, grouped: &Grouped, bytes: usize, rows: usize) -> Arc<Dataset> {
        Arc::new(Dataset {
            columns: Arc::clone(&grouped.columns),
            layout: Arc::new(grouped.layout()),
            rows: rows as u64,
            bytes: bytes as u64,
            ..(*self.dataset).clone()
        })
    }
}

pub(super) fn lock(whole: &Mutex<Gathered>) -> MutexGuard<'_, Gathered> {
    // A panic fails the query, so what it leaves behind is not looked at.
    whole.lock().unwrap_or_else(PoisonError::into_inner)
}
