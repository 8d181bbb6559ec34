//! The first rows of an order, out of any number of rows that come in any order, in bounded memory.

use super::{Key, Lead, Term};

/// A row and its place in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    /// Its place.
    pub key: Key,
    /// Number of its chunk's first row, which decides between rows of the same place.
    pub chunk: u64,
    /// Where it begins in the chunk's text.
    pub at: u32,
}

/// Keeps the first rows of those it is given.
///
/// Where their keys take more than the bytes it is granted, it keeps fewer of them, but never none.
#[derive(Debug)]
pub struct Top {
    after: Option<Ranked>,
    limit: usize,
    budget: usize,
    weight: usize,
    kept: Vec<Ranked>,
    /// What comes after this one is not among the first.
    last: Option<Ranked>,
    /// The term, where there is only one.
    only: Option<Term>,
    /// What has a lesser lead comes before `after`.
    front: Option<Lead>,
    end: Option<End>,
}

/// Of the last one what tells most rows from it.
#[derive(Debug, Clone, Copy)]
struct End {
    lead: Lead,
    /// Whether rows of that lead are told apart by their places alone.
    settled: bool,
    place: (u64, u32),
}

impl Top {
    /// Keeps at most `limit` rows, and `budget` bytes of keys, of those that come after `after`.
    pub fn new(order: &[Term], after: Option<Ranked>, limit: usize, budget: usize) -> Self {
        let only = match order {
            [only] => Some(*only),
            _ => None,
        };
        Self {
            only,
            front: after.as_ref().and_then(|after| after.key.lead()),
            end: None,
            after,
            limit: limit.max(1),
            budget,
            weight: 0,
            kept: Vec::new(),
            last: None,
        }
    }

    /// The same question, with nothing given yet but what is known already.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            after: self.after.clone(),
            weight: 0,
            kept: Vec::new(),
            last: self.last.clone(),
            ..*self
        }
    }

    /// Whether a row with such a lead, which begins there, may be among the first.
    #[inline]
    pub fn may_have(&self, lead: Lead, chunk: u64, at: u32) -> bool {
        self.front.is_none_or(|front| lead >= front)
            && self.end.is_none_or(|end| {
                lead < end.lead || lead == end.lead && (!end.settled || (chunk, at) < end.place)
            })
    }

    /// Whether no row of a chunk whose rows begin with this lead, or with greater ones, can be among the first.
    pub fn is_past(&self, lead: Lead, chunk: u64) -> bool {
        !self.may_have(lead.max(self.front.unwrap_or(lead)), chunk, 0)
    }

    /// Takes a row.
    pub fn push(&mut self, row: Ranked) {
        let late = self.last.as_ref().is_some_and(|last| row > *last);
        if late || self.after.as_ref().is_some_and(|after| row <= *after) {
            return;
        }
        self.weight += row.key.weight() + size_of::<Ranked>();
        self.kept.push(row);
        if self.kept.len() >= self.limit.saturating_mul(2).max(64) {
            self.cut(self.limit);
        }
        if self.weight > self.budget && self.kept.len() > 1 {
            self.limit = self.limit.min(self.kept.len() / 2);
            self.cut(self.limit);
        }
    }

    /// Takes what another one kept.
    pub fn merge(&mut self, other: Self) {
        self.limit = self.limit.min(other.limit);
        other.kept.into_iter().for_each(|row| self.push(row));
        if self.kept.len() >= self.limit {
            self.cut(self.limit);
        }
    }

    /// The rows it kept, in order, and whether there may be more of them.
    pub fn finish(mut self) -> (Vec<Ranked>, bool) {
        self.cut(self.limit);
        self.kept.sort_unstable();
        let full = self.kept.len() >= self.limit;
        (self.kept, full)
    }

    fn cut(&mut self, to: usize) {
        if self.kept.len() < to || self.kept.is_empty() {
            return;
        }
        let (_, last, _) = self.kept.select_nth_unstable(to - 1);
        self.end = last.key.lead().map(|lead| End {
            lead,
            settled: self.only.is_some_and(|term| term.settles(lead)),
            place: (last.chunk, last.at),
        });
        self.last = Some(last.clone());
        self.kept.truncate(to);
        let weights = self
            .kept
            .iter()
            .map(|row| row.key.weight() + size_of::<Ranked>());
        self.weight = weights.sum();
    }
}
