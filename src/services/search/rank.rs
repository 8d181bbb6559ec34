//! Rows in an order of their own: the first ones of it, found in one pass through the chunks that may have some, the most
//! promising first, so that the others need not be looked at.
//!
//! A pass goes on from a row: its key is read from the dataset again, so that a cursor is short and a page far down the
//! order costs what the first one does.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Batches, Found, Search, SearchError};
use crate::dataset::query::{Key, Lead, Ranked, Scan, Top};
use crate::dataset::{Field, Records};

/// Chunks that are looked through in one go at most: fewer than elsewhere, since each group makes the next ones shorter.
const GROUP: usize = 8;
/// Bytes of keys that one pass keeps.
const KEYS: usize = 16 << 20;
/// Rows that one pass of a long list finds.
const WINDOW: usize = 128 << 10;

impl Search {
    /// At most `limit` rows that come after row `after`.
    pub(super) async fn rank_page(
        self: &Arc<Self>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Found, SearchError> {
        let mut after = self.ranked(after).await?;
        let mut rows: Vec<Ranked> = Vec::new();
        // One more tells whether the list goes on. A pass that finds fewer than it was asked for had no room for more.
        while rows.len() <= limit {
            let (found, more) = self.pass(after, limit + 1 - rows.len()).await?;
            after = found.last().cloned();
            rows.extend(found);
            if !more {
                break;
            }
        }
        let next = match rows.len() > limit {
            true => {
                rows.truncate(limit);
                self.row_number(rows.last()).await?
            }
            false => None,
        };
        let rows: Vec<_> = rows.iter().map(|row| (row.chunk, row.at)).collect();
        Ok(Found {
            batches: self.gather(rows),
            next,
        })
    }

    /// All rows that come after row `after`, at most `limit`.
    pub(super) fn rank_all(self: &Arc<Self>, after: Option<u64>, limit: u64) -> Batches {
        enum Next {
            Row(Option<u64>),
            Ranked(Option<Ranked>),
        }
        let search = Arc::clone(self);
        let windows = stream::try_unfold(Some((Next::Row(after), limit)), move |state| {
            let search = Arc::clone(&search);
            async move {
                let Some((next, left)) = state.filter(|(_, left)| *left > 0) else {
                    return Ok(None);
                };
                let after = match next {
                    Next::Row(row) => search.ranked(row).await?,
                    Next::Ranked(ranked) => ranked,
                };
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(WINDOW);
                let (found, more) = search.pass(after, most).await?;
                let rows: Vec<_> = found.iter().map(|row| (row.chunk, row.at)).collect();
                let left = left - rows.len() as u64;
                let next = more.then(|| (Next::Ranked(found.last().cloned()), left));
                Ok::<_, SearchError>(Some((search.gather(rows), next)))
            }
        });
        Box::pin(windows.try_flatten())
    }

    /// The first rows of the order that come after one, at most `limit`, and whether there may be more.
    async fn pass(
        self: &Arc<Self>,
        after: Option<Ranked>,
        limit: usize,
    ) -> Result<(Vec<Ranked>, bool), SearchError> {
        let from = after.as_ref().and_then(|after| after.key.lead());
        let mut promising: Vec<(Lead, u32)> = Vec::with_capacity(self.candidates.len());
        for &chunk in &self.candidates {
            if let Some((best, worst)) = self.chart.leads(chunk, &self.query)
                && from.is_none_or(|from| worst >= from)
            {
                // Where all that is better was passed already, the chunk is as good as the place to go on from.
                promising.push((from.map_or(best, |from| best.max(from)), chunk));
            }
        }
        promising.sort_unstable();
        let chunks: Vec<u32> = promising.iter().map(|(_, chunk)| *chunk).collect();
        let mut groups = self.groups(&chunks, GROUP).into_iter();
        let mut at = 0;
        let top = Arc::new(Mutex::new(Top::new(after, limit, KEYS)));
        let ahead = Arc::clone(&top);
        let worth_it = std::iter::from_fn(move || {
            let group = groups.next()?;
            let (best, _) = promising[at];
            at += group.len();
            (!lock(&ahead).is_past(best)).then_some(group)
        });
        let looking = stream::iter(worth_it)
            .map(|group| Arc::clone(self).rank(group, Arc::clone(&top)))
            .buffer_unordered(self.services.cores);
        looking.try_collect::<()>().await?;
        let part = lock(&top).part();
        Ok(std::mem::replace(&mut *lock(&top), part).finish())
    }

    async fn rank(
        self: Arc<Self>,
        group: Vec<u32>,
        top: Arc<Mutex<Top>>,
    ) -> Result<(), SearchError> {
        let _place = self
            .services
            .scans
            .acquire()
            .await
            .map_err(|_| SearchError::Worker)?;
        let texts = self.texts(&group).await?;
        let search = Arc::clone(&self);
        let ranked = tokio::task::spawn_blocking(move || {
            let scan = Scan::new(&search.query, &search.dataset.layout);
            let mut best = lock(&top).part();
            for (chunk, text) in group.into_iter().zip(texts) {
                search.rank_text(&scan, chunk, &text, &mut best);
            }
            lock(&top).merge(best);
        });
        ranked.await.map_err(|_| SearchError::Worker)
    }

    fn rank_text(&self, scan: &Scan<'_>, chunk: u32, text: &str, best: &mut Top) {
        let Some(term) = self.query.order.first() else {
            return;
        };
        let place = self.chart.place(chunk);
        scan.rows(text, place.body_start, |row| {
            let lead = term.lead(self.value(row.fields, term.column).as_deref());
            if best.may_have(lead) {
                best.push(Ranked {
                    key: self.key(row.fields),
                    chunk,
                    // A chunk is shorter than 2^32 bytes.
                    at: row.at as u32,
                });
            }
            ControlFlow::Continue(())
        });
    }

    fn key(&self, fields: &[Field<'_>]) -> Key {
        Key::of(&self.query.order, |column| self.value(fields, column))
    }

    /// The text of a field; `None`: it means "no value".
    fn value<'t>(&self, fields: &[Field<'t>], column: usize) -> Option<Cow<'t, str>> {
        let text = fields.get(column)?.text();
        (!self.dataset.layout.is_null(&text)).then_some(text)
    }

    /// The place of a row in the order.
    async fn ranked(&self, row: Option<u64>) -> Result<Option<Ranked>, SearchError> {
        let Some((row, chunk)) = row.and_then(|row| Some((row, self.chart.at_row(row)?))) else {
            return Ok(None);
        };
        let text = self.texts(&[chunk]).await?.swap_remove(0);
        let (place, layout) = (self.chart.place(chunk), &self.dataset.layout);
        let before = usize::try_from(row - place.first_row).unwrap_or(usize::MAX);
        let at = self.start_of(&text, place.body_start, before);
        let mut records = Records::new(&text[at..], layout.delimiter, layout.columns.len());
        let mut fields = Vec::new();
        records.next_into(&mut fields);
        // An empty line before the record is none of it.
        let at = at + fields.first().map_or(0, Field::start);
        Ok(Some(Ranked {
            key: self.key(&fields),
            chunk,
            at: at as u32,
        }))
    }

    async fn row_number(&self, row: Option<&Ranked>) -> Result<Option<u64>, SearchError> {
        let Some(row) = row else { return Ok(None) };
        let text = self.texts(&[row.chunk]).await?.swap_remove(0);
        Ok(Some(self.row_at(row.chunk, &text, row.at)))
    }
}

fn lock(top: &Mutex<Top>) -> MutexGuard<'_, Top> {
    // What is kept is whole between any two statements, so a panic elsewhere did not harm it.
    top.lock().unwrap_or_else(PoisonError::into_inner)
}
