//! Rows in an order of their own: the first ones of it, found in one pass through the chunks that may have some, the most
//! promising first, so that the others need not be looked at.
//!
//! A pass goes on from a row: its values are read from the dataset again, so that a cursor is short and a page far down the
//! order costs what the first one does. Where long values are so much alike that their keys do not tell which one comes
//! first, the pass ends before them, and the next one compares them with one of them.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::chart::{Chunks, Place, missing};
use super::texts::Groups;
use super::walk::Walk;
use super::work::look;
use super::{Batches, Found, Search, SearchError};
use crate::dataset::query::{Lead, Ranked, Scan, Top, Whole};
use crate::dataset::{ChunkText, Field, Records};
use crate::store::StoreError;

/// Chunks that are looked through in one go at most: fewer than elsewhere, since each group makes the next ones shorter.
const GROUP: usize = 8;
/// Rows that one pass of a long list finds.
const WINDOW: usize = 128 << 10;
/// To sort a row, or a chunk, among others takes as long as to read so many bytes of text, about.
const ROW: usize = 128;

/// A row: the first row of its chunk, and where it begins there.
type Record = (u64, u32);

impl Search {
    /// At most `limit` rows that come after row `after`.
    pub(super) async fn rank_page(
        self: &Arc<Self>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Found, SearchError> {
        // One more tells whether the list goes on.
        let mut shown = self.rank_rows(after, limit + 1).await?;
        let goes_on = shown.len() > limit;
        shown.truncate(limit);
        let next = match shown.last() {
            Some(&last) if goes_on => Some(self.row_number(last).await?),
            _ => None,
        };
        Ok(Found {
            batches: self.gather(shown),
            next,
        })
    }

    /// At most `most` rows that come after row `after`.
    async fn rank_rows(
        self: &Arc<Self>,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<Record>, SearchError> {
        let mut rows: Vec<Record> = Vec::new();
        let mut next = Some(self.start(after).await?);
        // A pass that finds fewer than it was asked for had no room for more, or was not sure of more.
        while rows.len() < most
            && let Some(start) = next.take()
        {
            let found;
            (found, next) = self.pass(start, most - rows.len()).await?;
            rows.extend(found);
        }
        Ok(rows)
    }

    /// All rows that come after row `after`, at most `limit`.
    pub(super) fn rank_all(self: &Arc<Self>, after: Option<u64>, limit: u64) -> Batches {
        enum Next {
            Row(Option<u64>),
            Start(Start),
        }
        let search = Arc::clone(self);
        let windows = stream::try_unfold(Some((Next::Row(after), limit)), move |state| {
            let search = Arc::clone(&search);
            async move {
                let Some((next, left)) = state.filter(|(_, left)| *left > 0) else {
                    return Ok(None);
                };
                let start = match next {
                    Next::Row(row) => search.start(row).await?,
                    Next::Start(start) => start,
                };
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(WINDOW);
                let (rows, next) = search.pass(start, most).await?;
                let left = left - rows.len() as u64;
                let next = next.map(|start| (Next::Start(start), left));
                Ok::<_, SearchError>(Some((search.gather(rows), next)))
            }
        });
        Box::pin(windows.try_flatten())
    }

    /// The first rows of the order from there on, at most `limit`, and where the next pass begins, if there may be more.
    async fn pass(
        self: &Arc<Self>,
        start: Start,
        limit: usize,
    ) -> Result<(Vec<Record>, Option<Start>), SearchError> {
        let order = &self.query.order;
        let after = match start.last {
            Some(last) => Some(Arc::new(self.values(last).await?)),
            None => start.after,
        };
        let reference = match start.unsure {
            Some(record) => Some(Arc::new(self.values(record).await?)),
            // What is equal to the last row is known as such at once.
            None => after.clone(),
        };
        let promising = self.promising(after.as_deref()).await?;
        let top = Top::new(
            Arc::clone(order),
            after.clone(),
            reference,
            limit,
            self.room.keys,
        );
        let top = Arc::new(Mutex::new(top));
        let looking = stream::iter(promising.groups(Arc::clone(&top)))
            .map(|group| Arc::clone(self).rank(group, Arc::clone(&top)))
            .buffer_unordered(self.services.cores);
        looking.try_collect::<()>().await?;
        let part = lock(&top).part();
        let top = std::mem::replace(&mut *lock(&top), part);
        let first = look(top.count().saturating_mul(ROW), move || top.finish()).await?;
        let record = |row: &Ranked| (row.chunk, row.at);
        let next = first.more.then(|| Start {
            after,
            last: first.rows.last().map(record),
            unsure: first.unsure.as_ref().map(record),
        });
        Ok((first.rows.iter().map(record).collect(), next))
    }

    /// The chunks that may hold rows that come after that one, those first whose rows may be first.
    async fn promising(self: &Arc<Self>, after: Option<&Whole>) -> Result<Promising, SearchError> {
        let mut promising = Promising::default();
        let Some(term) = self.query.order.first() else {
            return Ok(promising);
        };
        let alone = self.query.order.len() == 1;
        let from = after.and_then(|after| Some((after.lead()?, after.chunk)));
        let mut walk = Walk::whole(&self.dataset);
        while let Some(mut sheet) = walk.next(self).await? {
            let number = promising.sheets.len() as u32;
            let before = promising.chunks.len();
            while let Some(at) = sheet.next(&self.query) {
                let stats = sheet.known(term.column, at).stats;
                let Some((best, worst)) = stats.and_then(|stats| term.range(stats)) else {
                    continue;
                };
                // Where all that is better was passed already, a chunk is as good as the place to go on from, or not even
                // that.
                let best = from.map_or(best, |(from, last)| {
                    let settled = alone && term.settles(from);
                    let passed = settled && sheet.chunks.place(at).first_row < last;
                    best.max(if passed { from.next() } else { from })
                });
                if worst >= best {
                    promising.chunks.push((best, number, at as u32));
                }
            }
            if promising.chunks.len() > before {
                promising.sheets.push(sheet.chunks);
            }
        }
        let chunks = promising.chunks.len();
        let sort = move || {
            promising.chunks.sort_unstable();
            promising
        };
        look(chunks.saturating_mul(ROW), sort).await
    }

    async fn rank(
        self: Arc<Self>,
        group: Vec<Place>,
        top: Arc<Mutex<Top>>,
    ) -> Result<(), SearchError> {
        let search = Arc::clone(&self);
        let ranking = self.work(group, move |group, texts, stop| {
            let scan = Scan::new(&search.query, &search.dataset.layout).until(stop);
            let mut best = lock(&top).part();
            for (chunk, text) in group.into_iter().zip(texts) {
                search.rank_text(&scan, &chunk, &text, &mut best);
            }
            lock(&top).merge(best);
        });
        ranking.await
    }

    fn rank_text(&self, scan: &Scan<'_>, place: &Place, text: &ChunkText, best: &mut Top) {
        let Some(term) = self.query.order.first() else {
            return;
        };
        let chunk = place.first_row;
        scan.rows(text, place.body_start, |row| {
            let lead = term.lead(row.value(term.column).as_deref());
            // A chunk is shorter than 2^32 bytes.
            let at = row.at as u32;
            if best.may_have(lead, chunk, at) {
                best.take(lead, |column| row.value(column), chunk, at);
            }
            ControlFlow::Continue(())
        });
    }

    /// Where a list begins that comes after row `after`.
    async fn start(self: &Arc<Self>, after: Option<u64>) -> Result<Start, SearchError> {
        let Some(row) = after.filter(|row| *row < self.dataset.rows) else {
            return Ok(Start::default());
        };
        let place = self.place_of(row).await?;
        let text = self.text(place).await?;
        let before = usize::try_from(row - place.first_row).unwrap_or(usize::MAX);
        let search = Arc::clone(self);
        let after = look(text.len(), move || {
            let at = search.start_of(&text, place.body_start, before);
            search.values_at(&text, place, at)
        });
        Ok(Start {
            after: Some(Arc::new(after.await?)),
            ..Start::default()
        })
    }

    /// The values by which a row is ordered.
    async fn values(self: &Arc<Self>, (chunk, at): Record) -> Result<Whole, SearchError> {
        let place = self.place_of(chunk).await?;
        let text = self.text(place).await?;
        let search = Arc::clone(self);
        look(text.len(), move || {
            search.values_at(&text, place, at as usize)
        })
        .await
    }

    fn values_at(&self, text: &ChunkText, place: Place, at: usize) -> Whole {
        let layout = &self.dataset.layout;
        let mut records = Records::new(&text[at..], layout.delimiter, layout.columns.len());
        let mut fields = Vec::new();
        records.next_into(&mut fields);
        // An empty line before the record is none of it.
        let at = at + fields.first().map_or(0, Field::start);
        let value = |column: usize| {
            let text = fields.get(column).map(Field::text)?;
            (!layout.is_null(&text)).then_some(text)
        };
        Whole::new(&self.query.order, value, place.first_row, at as u32)
    }

    async fn row_number(&self, (chunk, at): Record) -> Result<u64, SearchError> {
        let place = self.place_of(chunk).await?;
        let text = self.text(place).await?;
        self.row_at(place, text, at).await
    }

    /// Where the chunk is that holds a row.
    async fn place_of(&self, row: u64) -> Result<Place, StoreError> {
        let found = Chunks::at_row(&self.services, &self.dataset, row).await?;
        let (chunks, at) = found.ok_or_else(|| missing(&self.dataset, row))?;
        Ok(chunks.place(at))
    }
}

/// Where a pass begins.
#[derive(Default)]
struct Start {
    /// The row that its rows come after.
    after: Option<Arc<Whole>>,
    /// The same, where its values were not read yet.
    last: Option<Record>,
    /// A row that others are to be compared with.
    unsure: Option<Record>,
}

/// Chunks that may hold rows that are among the first.
#[derive(Default)]
struct Promising {
    /// The sheets that they are on.
    sheets: Vec<Chunks>,
    /// What no row of each comes before; its sheet, and its place there.
    chunks: Vec<(Lead, u32, u32)>,
}

impl Promising {
    /// Groups of them, as long as they may hold a row that `top` does not have better ones than.
    fn groups(self, top: Arc<Mutex<Top>>) -> impl Iterator<Item = Vec<Place>> {
        let mut groups = Groups::growing(1, GROUP);
        let mut chunks = self.chunks.into_iter();
        std::iter::from_fn(move || {
            for (best, sheet, at) in chunks.by_ref() {
                let place = self.sheets[sheet as usize].place(at as usize);
                if groups.is_empty() && lock(&top).is_past(best, place.first_row) {
                    return None;
                }
                if let Some(group) = groups.add(place) {
                    return Some(group);
                }
            }
            groups.rest()
        })
    }
}

fn lock(top: &Mutex<Top>) -> MutexGuard<'_, Top> {
    // What is kept is whole between any two statements, so a panic elsewhere did not harm it.
    top.lock().unwrap_or_else(PoisonError::into_inner)
}
