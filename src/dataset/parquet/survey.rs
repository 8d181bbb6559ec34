//! The first pass: finds for each column of numbers or datetimes a type that holds all its values.

use std::sync::Arc;

use super::number::Needed;
use super::stored::{ShownColumn, Stored};
use crate::value::{self, LEAP};
use crate::{BlockText, ColumnType, Layout};

/// What was seen of the values.
#[derive(Debug)]
pub struct Survey {
    columns: Vec<(ShownColumn, Seen)>,
    layout: Arc<Layout>,
}

/// What was seen of a column.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// Its type alone decides how it is stored.
    Any,
    /// The digits that its numbers need.
    Numbers(Needed),
    /// The decimals that its datetimes need, and whether nanoseconds since 1970 fit 64 bits.
    Moments { decimals: usize, near: bool },
    /// No type but text holds all its values.
    Texts,
}

impl Survey {
    /// A survey of these columns.
    pub fn new(columns: Vec<ShownColumn>, layout: Arc<Layout>) -> Self {
        let seen = |kind| match kind {
            ColumnType::Number => Seen::Numbers(Needed::default()),
            ColumnType::Datetime => Seen::Moments {
                decimals: 0,
                near: true,
            },
            ColumnType::Boolean | ColumnType::Integer | ColumnType::Date | ColumnType::String => {
                Seen::Any
            }
        };
        let columns = columns.into_iter();
        let columns = columns.map(|column| {
            let seen = seen(column.kind);
            (column, seen)
        });
        Self {
            columns: columns.collect(),
            layout,
        }
    }

    /// Whether the values have to be looked at.
    pub fn is_needed(&self) -> bool {
        let mut seen = self.columns.iter().map(|(_, seen)| seen);
        seen.any(|seen| !matches!(seen, Seen::Any | Seen::Texts))
    }

    /// Looks at the rows of a block, which begin at byte `from` of its text.
    pub fn look(&mut self, text: &BlockText, from: usize) {
        let columns = self.layout.columns.len();
        let mut records = text.records(from, self.layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        while records.next_into(&mut fields) {
            for (column, seen) in &mut self.columns {
                if !matches!(seen, Seen::Any | Seen::Texts)
                    && let Some(value) = column.value(&fields, &self.layout)
                {
                    *seen = seen.with(value.as_bytes());
                }
            }
        }
    }

    /// The columns with the types that they are stored as.
    pub(super) fn decide(self) -> (Vec<(ShownColumn, Stored)>, Arc<Layout>) {
        let columns = self.columns.into_iter().map(|(column, seen)| {
            let stored = match (seen, column.kind) {
                (Seen::Numbers(needed), _) => match needed.decimal() {
                    Some((precision, scale)) => Stored::Decimal { precision, scale },
                    None => Stored::Text,
                },
                (Seen::Moments { decimals, .. }, _) => Stored::Timestamp {
                    nanos: decimals > MICROS,
                },
                (_, ColumnType::Boolean) => Stored::Boolean,
                (_, ColumnType::Integer) => Stored::Integer,
                (_, ColumnType::Date) => Stored::Date,
                _ => Stored::Text,
            };
            (column, stored)
        });
        (columns.collect(), self.layout)
    }
}

/// Decimals of a second in microseconds, and in nanoseconds.
const MICROS: usize = 6;
const NANOS: usize = 9;

impl Seen {
    /// The same with another value.
    fn with(self, text: &[u8]) -> Self {
        match self {
            Self::Numbers(needed) => Needed::of(text)
                .map(|more| needed.and(more))
                .filter(|needed| needed.decimal().is_some())
                .map_or(Self::Texts, Self::Numbers),
            Self::Moments { decimals, near } => match moment(text) {
                Some((more, nearby)) => Self::moments(decimals.max(more), near && nearby),
                None => Self::Texts,
            },
            same @ (Self::Any | Self::Texts) => same,
        }
    }

    fn moments(decimals: usize, near: bool) -> Self {
        match decimals > MICROS && !near {
            true => Self::Texts,
            false => Self::Moments { decimals, near },
        }
    }
}

/// The decimals of a datetime, and whether its nanoseconds since 1970 fit 64 bits; `None`: a TIMESTAMP would lose its offset, a leap second
/// or decimals.
fn moment(text: &[u8]) -> Option<(usize, bool)> {
    let moment = value::instant(text).filter(|moment| moment.nanos < LEAP)?;
    let local = [&b"Z"[..], b"z", b"+00:00"];
    let local = local.iter().find_map(|zone| text.strip_suffix(*zone))?;
    let point = local.iter().position(|&byte| byte == b'.');
    let decimals = point.map_or(0, |point| local.len() - point - 1);
    (decimals <= NANOS).then(|| (decimals, nanos(moment).is_some()))
}

/// Nanoseconds since 1970, if they fit.
pub(super) fn nanos(moment: value::Instant) -> Option<i64> {
    let seconds = moment.seconds.checked_mul(1_000_000_000)?;
    seconds.checked_add(i64::from(moment.nanos))
}
