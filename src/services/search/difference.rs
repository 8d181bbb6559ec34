//! The difference of two revisions: which rows came, which went, and with a key which changed.
//!
//! What both revisions read is not read here, except for its keys if there is a key. Of all other rows the digests go into a table, those
//! of the older revision first ([`dataset::difference`]). The table takes its memory from the budget. If it
//! has no room for all rows, they are divided among several passes by their digests, and each pass reads both revisions.
//!
//! Without a key, a row that occurs often takes one place in the table, so the table knows how many rows differ and not where they are:
//! another scan finds them. With a key, it knows where.

mod find;
mod found;
mod scan;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream};

use super::{RecordBatch, RecordBatches, Search, SearchError};
use crate::dataset::Query;
use crate::dataset::difference::{Clash, Comparison, Keyed, Nets, Pass, Side};
use crate::services::Services;
use crate::services::memory::{Held, Kind};
use crate::store::{Dataset, Segment};
pub use found::Counts;
use found::Found;

/// The rows that a page of changed rows is read for at a time, at most.
const SLICE: u64 = 1000;
/// Revisions with at most so many rows are compared in one pass, however much they differ.
const FEW_ROWS: u64 = 32 << 10;
/// A table gets at least so many bytes, if it needs them.
const LEAST: usize = 256 << 10;
/// One part in so many of a table's memory is for what passes have found, until all of them are done.
const KEPT: usize = 9;

/// Two revisions that are compared.
struct Task {
    services: Arc<Services>,
    comparison: Comparison,
    /// Both revisions.
    sides: [Arc<Search>; 2],
    /// The segments that only one of them reads.
    apart: [Vec<Segment>; 2],
    /// The segments that both read.
    shared: Vec<Segment>,
    seed: u64,
}

/// What changed between two revisions.
pub struct Difference {
    /// How much.
    pub counts: Counts,
    task: Arc<Task>,
    /// What all passes found; `None`: it is too much to keep, so each pass is repeated.
    found: Option<Found>,
    passes: u32,
    capacity: usize,
    _held: Held,
}

/// Rows that changed, as they are asked for.
pub struct Part {
    /// Rows of the older revision that the newer one doesn't have.
    pub removed: RecordBatches,
    /// Rows of the newer revision that the older one doesn't have.
    pub added: RecordBatches,
    /// Rows that have other values: as they were, and in the same order as they are.
    pub changed: [RecordBatches; 2],
}

/// Two rows of one revision that have the same key.
pub struct Repeated {
    /// Which revision.
    pub side: Side,
    /// The batches with the rows.
    pub rows: Vec<RecordBatch>,
}

impl Difference {
    /// Compares two revisions. Refuses a key that is not unique in both.
    ///
    /// # Errors
    /// When the store fails, when there is no memory in time, or when it takes longer than a query may.
    pub async fn find(
        services: &Arc<Services>,
        from: &Arc<Dataset>,
        to: &Arc<Dataset>,
        comparison: Comparison,
    ) -> Result<Result<Self, Repeated>, SearchError> {
        let limit = services.settings.timeouts.query_timeout;
        let finding = async {
            let task = Task::new(services, [from, to], comparison).await?;
            task.compare().await
        };
        let done = tokio::time::timeout(limit, finding).await;
        done.map_err(|_| SearchError::ComparedTooLong(limit))?
    }

    /// The rows that changed: in one part, or in several if there are too many of them to know where all are.
    pub fn parts(mut self) -> BoxStream<'static, Result<Part, SearchError>> {
        let number = self.found.as_ref().map_or(0, |_| self.passes);
        let state = (self.found.take(), number, self);
        Box::pin(stream::try_unfold(
            state,
            |(found, mut number, this)| async move {
                let found = match found {
                    Some(found) => found,
                    None if number == this.passes => return Ok(None),
                    None => {
                        let pass = Pass {
                            number,
                            of: this.passes,
                        };
                        number += 1;
                        this.again(pass).await?
                    }
                };
                let part = this.task.part(found);
                Ok(Some((part, (None, number, this))))
            },
        ))
    }

    /// What a pass found that was not kept.
    async fn again(&self, pass: Pass) -> Result<Found, SearchError> {
        let limit = self.task.services.settings.timeouts.query_timeout;
        let finding = self.task.pass(pass, self.capacity);
        let done = tokio::time::timeout(limit, finding).await;
        let found = done.map_err(|_| SearchError::ComparedTooLong(limit))??;
        // Revisions don't change, so the pass ends as it did before.
        found.map_err(|_| SearchError::Worker)
    }
}

impl Task {
    async fn new(
        services: &Arc<Services>,
        revisions: [&Arc<Dataset>; 2],
        comparison: Comparison,
    ) -> Result<Arc<Self>, SearchError> {
        let [from, to] = revisions;
        let both = |segment: &Segment, other: &Dataset| {
            let same = |other: &Segment| {
                (other.id, other.start, other.rows) == (segment.id, segment.start, segment.rows)
            };
            other.segments.iter().any(same)
        };
        let apart = |of: &Dataset, other: &Dataset| {
            let segments = of.segments.iter().copied();
            segments.filter(|one| !both(one, other)).collect()
        };
        let shared = to.segments.iter().copied();
        let shared = shared.filter(|one| both(one, from)).collect();
        let all = Arc::new(Query::default());
        let deadline = tokio::time::Instant::now() + services.settings.timeouts.query_timeout;
        let older = Search::begin(services, from, &all, SLICE, deadline).await?;
        let newer = Search::begin(services, to, &all, SLICE, deadline).await?;
        Ok(Arc::new(Self {
            services: Arc::clone(services),
            apart: [apart(from, to), apart(to, from)],
            shared,
            sides: [older, newer],
            comparison,
            // Nobody can prepare rows for a seed that nobody knows.
            seed: RandomState::new().hash_one(0),
        }))
    }

    fn side(&self, side: Side) -> &Arc<Search> {
        &self.sides[side as usize]
    }

    /// How many rows are read of a revision alone.
    fn rows_apart(&self, side: Side) -> u64 {
        let segments = self.apart[side as usize].iter();
        segments.map(|segment| segment.rows).sum()
    }

    fn rows_shared(&self) -> u64 {
        self.shared.iter().map(|segment| segment.rows).sum()
    }

    async fn compare(self: Arc<Self>) -> Result<Result<Difference, Repeated>, SearchError> {
        let (from, to) = (self.rows_apart(Side::From), self.rows_apart(Side::To));
        let keys = match self.comparison.has_key() {
            true => self.rows_shared(),
            false => 0,
        };
        // Most rows are usually in both. If they aren't, there are more passes.
        let longer = from.max(to);
        let rows = (from + to).min(longer + longer / 8 + FEW_ROWS);
        let rows = usize::try_from(keys.saturating_add(rows)).unwrap_or(usize::MAX);
        let mut held = self.memory(rows).await?;
        let capacity = self.rows_in(held.bytes() / KEPT * (KEPT - 1));
        let kept = held.bytes() / KEPT;
        let mut passes = u32::try_from(rows.div_ceil(capacity).max(1)).unwrap_or(u32::MAX);
        let (counts, found) = loop {
            match self.passes(passes, capacity, kept).await? {
                Ok(done) => break done,
                Err(Clash::Full) => passes = passes.saturating_mul(2),
                Err(Clash::Repeated(side, key)) => {
                    let rows = self.rows_with(side, key).await?;
                    return Ok(Err(Repeated { side, rows }));
                }
            }
        };
        if let Some(found) = &found {
            held.shrink_to(found.bytes());
        }
        let before = self.rows_shared() + self.rows_apart(Side::From);
        Ok(Ok(Difference {
            counts: Counts {
                unchanged: before - counts.removed - counts.changed,
                ..counts
            },
            task: self,
            found,
            passes,
            capacity,
            _held: held,
        }))
    }

    /// Memory for a table of so many rows: as much as it needs, or less if there is little.
    async fn memory(&self, rows: usize) -> Result<Held, SearchError> {
        let memory = &self.services.memory;
        let needed = match self.comparison.has_key() {
            true => Keyed::bytes_for(rows),
            false => Nets::bytes_for(rows),
        };
        let needed = needed / (KEPT - 1) * KEPT + KEPT;
        let mut shares = memory.load();
        let share = shares.find(|share| share.kind == Kind::Large);
        // Others need some of it too.
        let most = share.map_or(LEAST, |share| share.bytes / 3 * 2);
        let mut bytes = needed.min(most);
        while bytes > LEAST {
            if let Some(held) = memory.try_take(Kind::Large, bytes) {
                return Ok(held);
            }
            bytes /= 2;
        }
        Ok(memory.take(Kind::Large, bytes).await?)
    }

    fn rows_in(&self, bytes: usize) -> usize {
        match self.comparison.has_key() {
            true => Keyed::rows_in(bytes),
            false => Nets::rows_in(bytes),
        }
    }

    /// Counts what changed in so many passes. What they find is kept if it has at most `kept` bytes, or if there is one pass.
    async fn passes(
        self: &Arc<Self>,
        passes: u32,
        capacity: usize,
        kept: usize,
    ) -> Result<Result<(Counts, Option<Found>), Clash>, SearchError> {
        let mut counts = Counts::default();
        let mut all: Option<Found> = None;
        for number in 0..passes {
            let pass = Pass { number, of: passes };
            let found = match self.pass(pass, capacity).await? {
                Ok(found) => found,
                Err(clash) => return Ok(Err(clash)),
            };
            found.add_to(&mut counts);
            all = match all {
                None if number == 0 && (passes == 1 || found.bytes() <= kept) => Some(found),
                None => None,
                Some(all) => all.and(found, kept),
            };
        }
        Ok(Ok((counts, all)))
    }
}
