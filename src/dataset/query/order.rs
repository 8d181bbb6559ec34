//! Orders: which of two rows comes first.
//!
//! A row's position in an order is its [`SortKey`](super::SortKey). The [`AbbreviatedKey`] of the first term decides most
//! comparisons, and is made without allocating; only rows near the front of the order get a whole key.

use crate::{Bounds, ColumnType, ZoneMap, value};

/// One column of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The column's index.
    pub column: usize,
    /// Its type.
    pub kind: ColumnType,
    /// Whether the greatest value comes first.
    pub descending: bool,
    /// Whether nulls come before all values.
    pub nulls_first: bool,
}

/// The beginning of a sort key's first part, as PostgreSQL's abbreviated keys: the smaller one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbbreviatedKey {
    /// Whether it belongs to the later of the two groups, nulls and values.
    later: bool,
    value: u64,
}

impl AbbreviatedKey {
    /// The smallest key after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self.value.checked_add(1) {
            Some(value) => Self { value, ..self },
            None => Self {
                later: true,
                value: if self.later { u64::MAX } else { 0 },
            },
        }
    }
}

impl Term {
    /// The abbreviated key of a value; `None`: of a null.
    #[inline]
    pub fn abbreviated_key(&self, value: Option<&str>) -> AbbreviatedKey {
        match value {
            Some(value) => self.abbreviated(first(self.kind, value.as_bytes())),
            None => self.abbreviated_nulls(),
        }
    }

    fn abbreviated(&self, first: u64) -> AbbreviatedKey {
        AbbreviatedKey {
            later: self.nulls_first,
            value: if self.descending { !first } else { first },
        }
    }

    fn abbreviated_nulls(&self) -> AbbreviatedKey {
        AbbreviatedKey {
            later: !self.nulls_first,
            value: 0,
        }
    }

    /// The range of abbreviated keys that the rows of a block lie in, by the column's zone map; `None` if the block has no rows.
    pub fn range(&self, zone_map: &ZoneMap) -> Option<(AbbreviatedKey, AbbreviatedKey)> {
        let nulls = (zone_map.nulls > 0).then(|| self.abbreviated_nulls());
        let bounds = least_and_greatest(self.kind, &zone_map.bounds);
        let bounds =
            bounds.map(|(least, greatest)| [self.abbreviated(least), self.abbreviated(greatest)]);
        let abbreviated = || nulls.into_iter().chain(bounds.into_iter().flatten());
        abbreviated().min().zip(abbreviated().max())
    }

    /// Whether all rows with this abbreviated key are equal by this term.
    pub fn settles(&self, abbreviated: AbbreviatedKey) -> bool {
        let exact = matches!(
            self.kind,
            ColumnType::Boolean | ColumnType::Integer | ColumnType::Date
        );
        exact || abbreviated == self.abbreviated_nulls()
    }
}

/// A number that orders like the values. Different values may have the same number.
#[inline]
fn first(kind: ColumnType, text: &[u8]) -> u64 {
    match kind {
        ColumnType::Boolean => u64::from(value::boolean(text) == Some(true)),
        ColumnType::Integer => of_integer(value::integer(text).unwrap_or_default()),
        ColumnType::Number => of_number(match value::integer(text) {
            Some(integer) => integer as f64,
            None => value::number(text).unwrap_or_default(),
        }),
        ColumnType::Date => of_integer(i64::from(value::date(text).unwrap_or_default())),
        ColumnType::Datetime => {
            of_integer(value::instant(text).map_or(0, |instant| instant.seconds))
        }
        ColumnType::String => of_text(text),
    }
}

/// The same for the bounds of a column of type `kind`; `None` if there are no values.
fn least_and_greatest(kind: ColumnType, bounds: &Bounds) -> Option<(u64, u64)> {
    Some(match (kind, bounds) {
        (_, Bounds::None) => return None,
        (ColumnType::Boolean, Bounds::Boolean { min, max }) => (u64::from(*min), u64::from(*max)),
        (ColumnType::Integer, Bounds::Integer { min, max })
        | (ColumnType::Datetime, Bounds::Instant { min, max }) => {
            (of_integer(*min), of_integer(*max))
        }
        (ColumnType::Number, Bounds::Integer { min, max }) => {
            (of_number(*min as f64), of_number(*max as f64))
        }
        (ColumnType::Number, Bounds::Number { min, max }) => (of_number(*min), of_number(*max)),
        (ColumnType::Date, Bounds::Date { min, max }) => {
            (of_integer(i64::from(*min)), of_integer(i64::from(*max)))
        }
        (ColumnType::String, Bounds::Text { min, max }) => (of_text(min), of_text(max)),
        // Bounds of another type than the column's tell nothing about its order.
        _ => (0, u64::MAX),
    })
}

fn of_integer(integer: i64) -> u64 {
    integer.cast_unsigned() ^ 1 << 63
}

fn of_number(number: f64) -> u64 {
    // Zero and negative zero are equal.
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 {
        !bits
    } else {
        bits | 1 << 63
    }
}

fn of_text(text: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = text.len().min(8);
    first[..length].copy_from_slice(&text[..length]);
    u64::from_be_bytes(first)
}
