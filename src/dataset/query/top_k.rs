//! Top-k: keeps the first rows of an order, out of any number of rows in any order, in bounded memory.

use std::borrow::Cow;
use std::sync::Arc;

use super::{AbbreviatedKey, FullSortKey, SortKey, Term};

/// A row with its sort key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyedRow {
    /// Its position in the order.
    pub key: SortKey,
    /// Number of its block's first row, which decides between rows with equal keys.
    pub block: u64,
    /// Its offset in the block's text.
    pub at: u32,
}

/// The result of a pass.
#[derive(Debug)]
pub struct TopRows {
    /// The rows, in order.
    pub rows: Vec<KeyedRow>,
    /// Whether there may be more after them.
    pub more: bool,
    /// One of the following rows whose keys don't tell their order. The next pass compares them with this row.
    pub unsure: Option<KeyedRow>,
}

/// Keeps the first of the rows that it is given.
///
/// If their keys take more than the budget, it keeps fewer rows, but at least one.
#[derive(Debug)]
pub struct TopK {
    order: Arc<[Term]>,
    after: Option<Arc<FullSortKey>>,
    reference: Option<Arc<FullSortKey>>,
    limit: usize,
    budget: usize,
    weight: usize,
    kept: Vec<KeyedRow>,
    /// The last row that is still among the first; later rows are not kept.
    last: Option<KeyedRow>,
    /// The first of the rows that were given and not kept.
    beyond: Option<KeyedRow>,
    /// Rows with a smaller abbreviated key come before `after`.
    front: Option<AbbreviatedKey>,
    end: Option<End>,
}

/// What decides most comparisons with the last row that is kept.
#[derive(Debug, Clone, Copy)]
struct End {
    abbreviated: AbbreviatedKey,
    /// Whether only their position in the file decides between rows with this abbreviated key.
    settled: bool,
    place: (u64, u32),
}

impl TopK {
    /// Keeps at most `limit` rows that come after `after`, and `budget` bytes of keys. Long values are compared with `reference`.
    pub fn new(
        order: Arc<[Term]>,
        after: Option<Arc<FullSortKey>>,
        reference: Option<Arc<FullSortKey>>,
        limit: usize,
        budget: usize,
    ) -> Self {
        Self {
            front: after.as_ref().and_then(|after| after.abbreviated_key()),
            end: None,
            order,
            after,
            reference,
            limit: limit.max(1),
            budget,
            weight: 0,
            kept: Vec::new(),
            last: None,
            beyond: None,
        }
    }

    /// An empty copy that keeps `budget` bytes of keys, for another thread. [`merge`](Self::merge) adds its rows to this one.
    #[must_use]
    pub fn part(&self, budget: usize) -> Self {
        Self {
            order: Arc::clone(&self.order),
            after: self.after.clone(),
            reference: self.reference.clone(),
            budget,
            weight: 0,
            kept: Vec::new(),
            last: self.last.clone(),
            beyond: None,
            ..*self
        }
    }

    /// Whether a row with this abbreviated key and position may be among the first.
    #[inline]
    pub fn may_have(&self, abbreviated: AbbreviatedKey, block: u64, at: u32) -> bool {
        self.front.is_none_or(|front| abbreviated >= front)
            && self.end.is_none_or(|end| {
                abbreviated < end.abbreviated
                    || abbreviated == end.abbreviated && (!end.settled || (block, at) < end.place)
            })
    }

    /// Whether no row of a block can be among the first; `abbreviated` is a lower bound of its rows' keys.
    pub fn is_past(&self, abbreviated: AbbreviatedKey, block: u64) -> bool {
        !self.may_have(abbreviated.max(self.front.unwrap_or(abbreviated)), block, 0)
    }

    /// Takes a row for which [`may_have`](Self::may_have) holds; `value` returns a column's text, or `None` for a null.
    pub fn take<'v>(
        &mut self,
        abbreviated: AbbreviatedKey,
        value: impl Fn(usize) -> Option<Cow<'v, str>>,
        block: u64,
        at: u32,
    ) {
        // A greater abbreviated key comes after `after` for certain.
        let near = self
            .after
            .as_ref()
            .filter(|_| self.front == Some(abbreviated));
        if near.is_some_and(|after| !after.is_before(&self.order, &value, block, at)) {
            return;
        }
        let key = SortKey::of(&self.order, self.reference.as_deref(), value);
        self.push(KeyedRow { key, block, at });
    }

    fn push(&mut self, row: KeyedRow) {
        if self.last.as_ref().is_some_and(|last| row > *last) {
            self.pass_over(row);
            return;
        }
        self.weight += row.key.weight() + size_of::<KeyedRow>();
        self.kept.push(row);
        if self.kept.len() >= self.limit.saturating_mul(2).max(64) {
            self.truncate(self.limit);
        }
        if self.weight > self.budget && self.kept.len() > 1 {
            self.limit = self.limit.min(self.kept.len() / 2);
            self.truncate(self.limit);
        }
    }

    fn pass_over(&mut self, row: KeyedRow) {
        if self.beyond.as_ref().is_none_or(|beyond| row < *beyond) {
            self.beyond = Some(row);
        }
    }

    /// Takes the rows that `other` kept.
    pub fn merge(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        other.kept.into_iter().for_each(|row| self.push(row));
        other.beyond.into_iter().for_each(|row| self.pass_over(row));
        if self.kept.len() >= self.limit {
            self.truncate(self.limit);
        }
    }

    /// How many rows it keeps.
    pub fn count(&self) -> usize {
        self.kept.len()
    }

    /// The rows in order, as far as their keys tell it.
    pub fn finish(mut self) -> TopRows {
        self.truncate(self.limit);
        self.kept.sort_unstable();
        let more = self.kept.len() >= self.limit;
        let first = TopRows {
            rows: self.kept,
            more,
            unsure: None,
        };
        first.until_unsure(self.beyond.as_ref(), self.order.len())
    }

    fn truncate(&mut self, to: usize) {
        if self.kept.len() < to || self.kept.is_empty() {
            return;
        }
        let (_, last, behind) = self.kept.select_nth_unstable(to - 1);
        self.end = last.key.abbreviated_key().map(|abbreviated| End {
            abbreviated,
            settled: match &*self.order {
                [only] => only.settles(abbreviated),
                _ => false,
            },
            place: (last.block, last.at),
        });
        self.last = Some(last.clone());
        let beyond = behind.iter().min().cloned();
        self.kept.truncate(to);
        beyond.into_iter().for_each(|row| self.pass_over(row));
        let weights = self
            .kept
            .iter()
            .map(|row| row.key.weight() + size_of::<KeyedRow>());
        self.weight = weights.sum();
    }
}

impl TopRows {
    /// The rows before the first ones whose keys don't tell their order. `beyond` is the first row after all of them.
    fn until_unsure(mut self, beyond: Option<&KeyedRow>, terms: usize) -> Self {
        let mut seen = vec![false; terms];
        let mut sure = self.rows.len();
        for at in 0..self.rows.len() {
            let row = &self.rows[at];
            let term = match (self.rows.get(at + 1), beyond) {
                (Some(next), _) => row.key.unsure_from(&next.key),
                // Other rows after it may be as similar, and differ in the digest only.
                (None, Some(beyond)) => row.key.open_from(&beyond.key),
                (None, None) => None,
            };
            let Some(term) = term.filter(|term| !std::mem::replace(&mut seen[*term], true)) else {
                continue;
            };
            // Similar rows before it are as uncertain.
            let like = self.rows[..at].iter().rev();
            let like = like.take_while(|before| before.key.is_like(&row.key, term));
            let from = at - like.count();
            if from < sure {
                sure = from;
                self.unsure = Some(row.clone());
            }
        }
        if self.unsure.is_some() {
            self.rows.truncate(sure);
            self.more = true;
        }
        self
    }
}
