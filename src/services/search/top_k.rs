//! Top-k: the first rows of an order, found in one pass over the candidate blocks. The pass begins with the blocks whose zone
//! maps, or columns, promise the first rows, so that it can skip most of the others ([`candidates`]).
//!
//! A pass continues after a given row. It reads that row's values from the dataset again: so cursors are short, and a page far
//! down the order costs as much as the first. Where the sort keys of long values don't tell which row comes first, the pass ends
//! before these rows, and the next pass compares them with one of them in full.

mod candidates;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream::FuturesUnordered;
use futures_util::{TryStreamExt as _, stream};

use super::materialise::Record;
use super::page_index::{BlockLocation, PageBlocks, missing};
use super::work::look;
use super::{FoundPage, RecordBatches, Search, SearchError};
use crate::dataset::query::{FullSortKey, KeyedRow, Scan, TopK};
use crate::dataset::{BlockText, Field, Records};
use crate::store::StoreError;
use candidates::{BlockAt, Next, Opened, OrderedCandidates};

/// Rows that one pass of a long list finds.
const WINDOW: usize = 128 << 10;
/// Sorting a row takes about as long as reading this many bytes of text.
const ROW: usize = 128;

impl Search {
    /// At most `limit` rows that come after row `after`.
    pub(super) async fn ordered_page(
        self: &Arc<Self>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<FoundPage, SearchError> {
        // One row more than the page shows whether the list continues.
        let mut shown = self.ordered_rows(after, limit + 1).await?;
        let goes_on = shown.len() > limit;
        shown.truncate(limit);
        let next = match shown.last() {
            Some(&last) if goes_on => Some(self.row_number(last).await?),
            _ => None,
        };
        Ok(FoundPage {
            batches: self.materialise(shown),
            next,
        })
    }

    /// At most `most` rows that come after row `after`.
    async fn ordered_rows(
        self: &Arc<Self>,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<Record>, SearchError> {
        let mut rows: Vec<Record> = Vec::new();
        let mut next = Some(self.start(after).await?);
        // A pass finds fewer rows than asked for if their keys take too much memory, or don't tell the order of the rest.
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
    pub(super) fn ordered_all(self: &Arc<Self>, after: Option<u64>, limit: u64) -> RecordBatches {
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
                Ok::<_, SearchError>(Some((search.materialise(rows), next)))
            }
        });
        Box::pin(windows.try_flatten())
    }

    /// The first rows of the order after `start`, at most `limit`, and where the next pass begins if there may be more.
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
            // This recognises rows that are equal to the last one.
            None => after.clone(),
        };
        let mut candidates = OrderedCandidates::new(self, after.as_deref()).await?;
        let top = TopK::new(
            Arc::clone(order),
            after.clone(),
            reference,
            limit,
            self.reservation.keys,
        );
        let top = Arc::new(Mutex::new(top));
        let mut looking = FuturesUnordered::new();
        loop {
            while looking.len() < self.reservation.workers
                && let Some(next) = candidates.next(&lock(&top))
            {
                looking.push(Arc::clone(self).step(next, Arc::clone(&top)));
            }
            match looking.try_next().await? {
                Some(opened) => candidates.add(opened),
                None => break,
            }
        }
        let part = lock(&top).part(0);
        let top = std::mem::replace(&mut *lock(&top), part);
        let first = look(top.count().saturating_mul(ROW), move || top.finish()).await?;
        let record = |row: &KeyedRow| (row.block, row.at);
        let next = first.more.then(|| Start {
            after,
            last: first.rows.last().map(record),
            unsure: first.unsure.as_ref().map(record),
        });
        Ok((first.rows.iter().map(record).collect(), next))
    }

    /// Scans blocks, or opens row groups. Returns the blocks of those.
    async fn step(
        self: Arc<Self>,
        next: Next,
        top: Arc<Mutex<TopK>>,
    ) -> Result<Opened, SearchError> {
        match next {
            Next::Open(columns, groups) => self.open_groups(columns, groups).await,
            Next::Scan(blocks) => {
                self.scan_group(blocks, top).await?;
                Ok(Opened::new())
            }
        }
    }

    async fn scan_group(
        self: Arc<Self>,
        blocks: Vec<BlockAt>,
        top: Arc<Mutex<TopK>>,
    ) -> Result<(), SearchError> {
        let group = self.located(blocks).await?;
        let search = Arc::clone(&self);
        let scanning = self.work(group, move |group, texts, stop| {
            let scan = Scan::new(&search.query, &search.dataset.layout).until(stop);
            let mut best = lock(&top).part(search.reservation.group_keys);
            for (block, text) in group.into_iter().zip(texts) {
                search.keep_first_of(&scan, &block, &text, &mut best);
            }
            lock(&top).merge(best);
        });
        scanning.await
    }

    fn keep_first_of(
        &self,
        scan: &Scan<'_>,
        location: &BlockLocation,
        text: &BlockText,
        best: &mut TopK,
    ) {
        let Some(term) = self.query.order.first() else {
            return;
        };
        let block = location.first_row;
        scan.rows(text, location.body_start, |row| {
            let abbreviated = term.abbreviated_key(row.value(term.column).as_deref());
            // A block is shorter than 2^32 bytes.
            let at = row.at as u32;
            if best.may_have(abbreviated, block, at) {
                best.take(abbreviated, |column| row.value(column), block, at);
            }
            ControlFlow::Continue(())
        });
    }

    /// The start of a list that comes after row `after`.
    async fn start(self: &Arc<Self>, after: Option<u64>) -> Result<Start, SearchError> {
        let Some(row) = after.filter(|row| *row < self.dataset.rows) else {
            return Ok(Start::default());
        };
        let location = self.location_of(row).await?;
        let text = self.text(location).await?;
        let before = usize::try_from(row - location.first_row).unwrap_or(usize::MAX);
        let search = Arc::clone(self);
        let after = look(text.len(), move || {
            let at = search.start_of(&text, location.body_start, before);
            search.values_at(&text, location, at)
        });
        Ok(Start {
            after: Some(Arc::new(after.await?)),
            ..Start::default()
        })
    }

    /// The values by which a row is ordered.
    async fn values(self: &Arc<Self>, (block, at): Record) -> Result<FullSortKey, SearchError> {
        let location = self.location_of(block).await?;
        let text = self.text(location).await?;
        let search = Arc::clone(self);
        look(text.len(), move || {
            search.values_at(&text, location, at as usize)
        })
        .await
    }

    fn values_at(&self, text: &BlockText, location: BlockLocation, at: usize) -> FullSortKey {
        let layout = &self.dataset.layout;
        let mut records = Records::new(&text[at..], layout.delimiter, layout.columns.len());
        let mut fields = Vec::new();
        records.next_into(&mut fields);
        // An empty line before the record is not part of it.
        let at = at + fields.first().map_or(0, Field::start);
        let value = |column: usize| {
            let text = fields.get(column).map(Field::text)?;
            self.query.value(layout, column, text)
        };
        FullSortKey::new(&self.query.order, value, location.first_row, at as u32)
    }

    async fn row_number(&self, (block, at): Record) -> Result<u64, SearchError> {
        let location = self.location_of(block).await?;
        let text = self.text(location).await?;
        self.row_at(location, text, at).await
    }

    /// Where the block is that holds a row.
    async fn location_of(&self, row: u64) -> Result<BlockLocation, StoreError> {
        let found = PageBlocks::at_row(&self.services, &self.dataset, row).await?;
        let (blocks, at) = found.ok_or_else(|| missing(&self.dataset, row))?;
        Ok(blocks.location(at))
    }
}

/// Where a pass begins.
#[derive(Default)]
struct Start {
    /// The pass finds rows that come after this one.
    after: Option<Arc<FullSortKey>>,
    /// The same row, if its values have not been read yet.
    last: Option<Record>,
    /// A row to compare long values with.
    unsure: Option<Record>,
}

fn lock(top: &Mutex<TopK>) -> MutexGuard<'_, TopK> {
    // `TopK` is consistent after every statement, so a panic elsewhere did no harm.
    top.lock().unwrap_or_else(PoisonError::into_inner)
}
