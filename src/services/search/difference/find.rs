//! Makes a pass over both revisions, and finds the rows that it counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::found::Found;
use super::scan::{Row, groups};
use super::{Part, Task};
use crate::dataset::BlockText;
use crate::dataset::difference::{Clash, Digest, Keyed, Nets, Pass, Side};
use crate::services::search::work::look;
use crate::services::search::{RecordBatch, RecordBatches, SearchError};
use crate::store::Segment;

/// How many blocks are searched for rows at a time. In a block of short rows, many may be found.
const FEW: usize = 4;

/// A block with the rows that were found in it: where they begin, and what identifies them.
type Candidates = (Arc<BlockText>, Vec<(u32, Digest)>);

fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    // The table is consistent after each row. After a panic, the request fails anyway.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    /// Reads the rows of a pass, and finds which of them differ.
    pub(super) async fn pass(
        self: &Arc<Self>,
        pass: Pass,
        capacity: usize,
    ) -> Result<Result<Found, Clash>, SearchError> {
        match self.comparison.has_key() {
            true => self.paired(pass, capacity).await,
            false => self.counted(pass, capacity).await,
        }
    }

    async fn counted(
        self: &Arc<Self>,
        pass: Pass,
        capacity: usize,
    ) -> Result<Result<Found, Clash>, SearchError> {
        let table = Arc::new(Mutex::new(Nets::new(capacity)));
        for side in Side::BOTH {
            let counts = Arc::clone(&table);
            let count = move |rows: &[Row]| {
                let mut table = lock(&counts);
                let mut rows = rows.iter();
                rows.try_for_each(|row| table.count(side, row.identity))
                    .map_err(|_| Clash::Full)
            };
            let segments = &self.apart[side as usize];
            if let Err(clash) = self.tally(side, segments, pass, count).await? {
                return Ok(Err(clash));
            }
        }
        let mut nets = std::mem::replace(&mut *lock(&table), Nets::new(0));
        let shrunk = look(nets.bytes(), move || {
            nets.shrink();
            nets
        });
        Ok(Ok(Found::Nets(shrunk.await?)))
    }

    async fn paired(
        self: &Arc<Self>,
        pass: Pass,
        capacity: usize,
    ) -> Result<Result<Found, Clash>, SearchError> {
        let table = Arc::new(Mutex::new(Keyed::new(capacity)));
        let shared = Arc::clone(&table);
        let share = move |rows: &[Row]| {
            let mut table = lock(&shared);
            let mut rows = rows.iter();
            rows.try_for_each(|row| table.share(row.identity))
        };
        if let Err(clash) = self.tally(Side::To, &self.shared, pass, share).await? {
            return Ok(Err(clash));
        }
        for side in Side::BOTH {
            let keys = Arc::clone(&table);
            let add = move |rows: &[Row]| {
                let mut table = lock(&keys);
                let mut rows = rows.iter();
                rows.try_for_each(|row| table.add(side, row.identity, row.rest, row.at))
            };
            let segments = &self.apart[side as usize];
            if let Err(clash) = self.tally(side, segments, pass, add).await? {
                return Ok(Err(clash));
            }
        }
        let keyed = std::mem::replace(&mut *lock(&table), Keyed::new(0));
        let pairs = look(Keyed::bytes_for(capacity), move || keyed.into_pairs());
        Ok(Ok(Found::Pairs(pairs.await?)))
    }

    /// The rows that a pass found.
    pub(super) fn part(self: &Arc<Self>, found: Found) -> Part {
        let [from, to] = &self.sides;
        match found {
            Found::Nets(nets) => {
                let nets = Arc::new(nets);
                Part {
                    removed: self.surplus(Side::From, &nets),
                    added: self.surplus(Side::To, &nets),
                    changed: [none(), none()],
                }
            }
            Found::Pairs(pairs) => {
                let (after, before): (Vec<_>, Vec<_>) = pairs.changed.into_iter().unzip();
                Part {
                    removed: from.materialise(pairs.removed),
                    added: to.materialise(pairs.added),
                    changed: [from.materialise(before), to.materialise(after)],
                }
            }
        }
    }

    /// The rows that one revision has more of.
    fn surplus(self: &Arc<Self>, side: Side, nets: &Arc<Nets>) -> RecordBatches {
        let left = nets.surplus(side);
        if left == 0 {
            return none();
        }
        let wanted = Arc::clone(nets);
        let segments = self.apart[side as usize].clone();
        let found = self.candidates(side, segments, move |row| wanted.has(side, row));
        let state = (Arc::clone(self), Arc::clone(nets), found, left);
        Box::pin(stream::try_unfold(
            state,
            move |(task, nets, mut found, mut left)| async move {
                while left > 0
                    && let Some((text, rows)) = found.try_next().await?
                {
                    // In the order of the file, so that the same ones of equal rows are taken each time.
                    let taken = rows.into_iter();
                    let taken = taken.filter(|(_, row)| nets.take(side, *row));
                    let starts: Vec<u32> = taken.map(|(start, _)| start).collect();
                    left -= starts.len() as u64;
                    if !starts.is_empty() {
                        let batch = task.side(side).batch(text, starts).await?;
                        return Ok(Some((batch, (task, nets, found, left))));
                    }
                }
                Ok(None)
            },
        ))
    }

    /// The first two rows of a revision that have this key.
    pub(super) async fn rows_with(
        self: &Arc<Self>,
        side: Side,
        key: Digest,
    ) -> Result<Vec<RecordBatch>, SearchError> {
        let search = self.side(side);
        let segments = search.dataset.segments.iter().copied().collect();
        let mut found = self.candidates(side, segments, move |row| row == key);
        let (mut batches, mut count) = (Vec::new(), 0);
        while count < 2
            && let Some((text, rows)) = found.try_next().await?
        {
            let starts: Vec<u32> = rows
                .iter()
                .map(|(start, _)| *start)
                .take(2 - count)
                .collect();
            count += starts.len();
            batches.push(search.batch(text, starts).await?);
        }
        Ok(batches)
    }

    /// The rows of segments whose digests are wanted, in order.
    fn candidates(
        self: &Arc<Self>,
        side: Side,
        segments: Vec<Segment>,
        wanted: impl Fn(Digest) -> bool + Clone + Send + 'static,
    ) -> BoxStream<'static, Result<Candidates, SearchError>> {
        let task = Arc::clone(self);
        let looking = groups(&self.services, segments, FEW).map(move |group| {
            let (task, wanted) = (Arc::clone(&task), wanted.clone());
            async move {
                let search = Arc::clone(task.side(side));
                let looking = search.work(group?, move |blocks, texts, stop| {
                    let mut found: Vec<Candidates> = Vec::new();
                    for (block, text) in blocks.iter().zip(texts) {
                        let mut rows = Vec::new();
                        task.rows(side, block, &text, stop, |row| {
                            if wanted(row.identity) {
                                rows.push((row.at.1, row.identity));
                            }
                            true
                        });
                        if !rows.is_empty() {
                            found.push((text, rows));
                        }
                    }
                    found
                });
                looking.await
            }
        });
        let found = looking.buffered(self.services.cores);
        let found = found.map_ok(|found| stream::iter(found.into_iter().map(Ok)));
        Box::pin(found.try_flatten())
    }
}

fn none() -> RecordBatches {
    Box::pin(stream::empty())
}
