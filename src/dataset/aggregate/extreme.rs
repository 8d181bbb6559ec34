//! The least or greatest of some values.

use std::cmp::Ordering;

use crate::{ColumnType, decimal, value};

/// A value, with what makes most comparisons fast.
#[derive(Debug)]
pub(super) struct Extreme {
    rank: Rank,
    text: Box<str>,
}

/// What decides most comparisons of values.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Rank {
    Whole(i64),
    Near(f64),
    Instant(value::Instant),
    Text,
}

impl Rank {
    #[inline]
    fn of(kind: ColumnType, text: &str) -> Self {
        let bytes = text.as_bytes();
        let rank = match kind {
            ColumnType::Boolean => value::boolean(bytes).map(|value| Self::Whole(i64::from(value))),
            ColumnType::Integer => value::integer(bytes).map(Self::Whole),
            ColumnType::Number => value::number(bytes).map(Self::Near),
            ColumnType::Date => value::date(bytes).map(|days| Self::Whole(i64::from(days))),
            ColumnType::Datetime => value::instant(bytes).map(Self::Instant),
            ColumnType::String => None,
        };
        rank.unwrap_or(Self::Text)
    }
}

impl Extreme {
    pub(super) fn new(kind: ColumnType, text: &str) -> Self {
        Self {
            rank: Rank::of(kind, text),
            text: text.into(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes a value if it is less than this one, or greater if `greatest`. Of equal values that are written in several ways, the shortest
    /// text counts, and of these the least one.
    #[inline]
    pub(super) fn offer(&mut self, kind: ColumnType, greatest: bool, text: &str) {
        let rank = Rank::of(kind, text);
        let ordering = rank.partial_cmp(&self.rank).unwrap_or(Ordering::Equal);
        let ordering = ordering.then_with(|| match kind {
            ColumnType::Number => decimal::compare(text.as_bytes(), self.text.as_bytes()),
            ColumnType::String => text.cmp(&self.text),
            _ => Ordering::Equal,
        });
        let ordering = if greatest {
            ordering.reverse()
        } else {
            ordering
        };
        let spelling = || (text.len(), text).cmp(&(self.text.len(), &*self.text));
        if ordering.then_with(spelling).is_lt() {
            self.rank = rank;
            self.text = text.into();
        }
    }
}
