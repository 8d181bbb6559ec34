//! What a block's columns hold, so that a reader can pass over the blocks that cannot matter to it.
//!
//! Bounds are safe, not tight: every non-null value lies within them, so that "outside the bounds" proves "not here".
//! The encoding begins with its own version and is kept with each block, for as long as the block is.

use serde::{Deserialize, Serialize};

use super::ColumnType;

/// What is known of a column's values in one raw block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneMap {
    /// How many values are null.
    pub nulls: u32,
    /// Between what the others lie.
    pub bounds: Bounds,
    /// The narrowest type of the values that are neither null nor a well-known placeholder; `None` without any.
    pub(super) kind: Option<ColumnType>,
    /// The well-known placeholders that were met, while they mattered to the type.
    pub(super) placeholders: u32,
}

/// Least and greatest of the non-null values, both included, under the narrowest type of the raw block (`Text` where the
/// type is stated to be string).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Bounds {
    /// There is no such value.
    None,
    /// `false` is less than `true`.
    Boolean {
        /// Least.
        min: bool,
        /// Greatest.
        max: bool,
    },
    /// Exact.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// Each value as its nearest `f64`.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// Days since 1970-01-01.
    Date {
        /// Least.
        min: i32,
        /// Greatest.
        max: i32,
    },
    /// Seconds since 1970-01-01T00:00:00Z.
    Instant {
        /// Least, rounded down.
        min: i64,
        /// Greatest, rounded up.
        max: i64,
    },
    /// UTF-8, ordered by its bytes, unquoted. A value longer than 32 bytes is cut there; a greatest one that was cut
    /// has its last byte raised by one, which no text has at that place any more, so that it still bounds.
    Text {
        /// Least, or a beginning of it.
        min: Vec<u8>,
        /// Greatest, or what comes after all texts with its beginning.
        max: Vec<u8>,
    },
}

impl ZoneMap {
    /// Those of a column without rows.
    pub fn of_nothing() -> Self {
        Self {
            nulls: 0,
            bounds: Bounds::None,
            kind: None,
            placeholders: 0,
        }
    }

    /// What rules out as much as several raw blocks do together: their nulls, and bounds of all their values; `None`: some of
    /// their bounds can't be compared.
    pub fn merged(maps: &[Self]) -> Option<Self> {
        let mut merged = Self::of_nothing();
        for map in maps {
            merged.nulls = merged.nulls.saturating_add(map.nulls);
            merged.bounds = merged.bounds.widened(&map.bounds)?;
        }
        Some(merged)
    }

    /// Whether there may be values within the bounds that a block of so many rows does not have, and that equality is
    /// asked for.
    pub(super) fn is_worth_a_bloom(&self, rows: u32) -> bool {
        /// How many times as many integers as rows there have to be within the bounds.
        const SPREAD: i128 = 16;
        match &self.bounds {
            Bounds::Text { min, max } => min != max,
            Bounds::Integer { min, max } => {
                i128::from(*max) - i128::from(*min) > i128::from(rows) * SPREAD
            }
            _ => false,
        }
    }
}

impl Bounds {
    /// Bounds of the values that are within these or within others; `None`: they are of types that can't be compared.
    fn widened(self, by: &Self) -> Option<Self> {
        Some(match (self, by) {
            (bounds, Self::None) => bounds,
            (Self::None, bounds) => bounds.clone(),
            (Self::Boolean { min, max }, Self::Boolean { min: a, max: b }) => Self::Boolean {
                min: min.min(*a),
                max: max.max(*b),
            },
            (Self::Integer { min, max }, Self::Integer { min: a, max: b }) => Self::Integer {
                min: min.min(*a),
                max: max.max(*b),
            },
            (Self::Number { min, max }, Self::Number { min: a, max: b }) => Self::Number {
                min: min.min(*a),
                max: max.max(*b),
            },
            // A column of numbers has whole ones alone in some raw blocks.
            (Self::Integer { min, max }, numbers @ Self::Number { .. }) => Self::Number {
                min: min as f64,
                max: max as f64,
            }
            .widened(numbers)?,
            (numbers @ Self::Number { .. }, Self::Integer { min, max }) => {
                numbers.widened(&Self::Number {
                    min: *min as f64,
                    max: *max as f64,
                })?
            }
            (Self::Date { min, max }, Self::Date { min: a, max: b }) => Self::Date {
                min: min.min(*a),
                max: max.max(*b),
            },
            (Self::Instant { min, max }, Self::Instant { min: a, max: b }) => Self::Instant {
                min: min.min(*a),
                max: max.max(*b),
            },
            (Self::Text { min, max }, Self::Text { min: a, max: b }) => Self::Text {
                min: if *a < min { a.clone() } else { min },
                max: if *b > max { b.clone() } else { max },
            },
            _ => return None,
        })
    }
}

/// Stored statistics that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorruptZoneMaps {
    /// They were written by a later release.
    #[error("the statistics are in the encoding {0:?}, which this release does not know")]
    Encoding(Option<u8>),
    /// The bytes are no statistics.
    #[error("the statistics are damaged")]
    Damaged(#[source] postcard::Error),
    /// There are none of a column.
    #[error("the statistics lack column {0}")]
    Lacking(usize),
}

/// The encoding that is written.
const ENCODING: u8 = 1;

/// The statistics of a block's columns as bytes.
pub fn encode(columns: &[ZoneMap]) -> Vec<u8> {
    // Room for most columns, so that the bytes are seldom moved while they are written.
    let mut bytes = Vec::with_capacity(1 + columns.len() * 24);
    bytes.push(ENCODING);
    postcard::to_extend(columns, bytes).expect("statistics are plain data, which always encodes")
}

/// The statistics that [`encode`] wrote.
///
/// # Errors
/// [`CorruptZoneMaps`] when it did not.
pub fn decode(bytes: &[u8]) -> Result<Vec<ZoneMap>, CorruptZoneMaps> {
    match bytes.split_first() {
        Some((&ENCODING, columns)) => {
            postcard::from_bytes(columns).map_err(CorruptZoneMaps::Damaged)
        }
        other => Err(CorruptZoneMaps::Encoding(
            other.map(|(encoding, _)| *encoding),
        )),
    }
}

/// The statistics of some columns, whose places are in order, among those that [`encode`] wrote. The others are passed over:
/// nothing is kept of them.
///
/// # Errors
/// [`CorruptZoneMaps`] when it did not, or when it has no such column.
pub fn decode_columns(bytes: &[u8], columns: &[usize]) -> Result<Vec<ZoneMap>, CorruptZoneMaps> {
    let mut rest = match bytes.split_first() {
        Some((&ENCODING, rest)) => rest,
        other => {
            return Err(CorruptZoneMaps::Encoding(
                other.map(|(encoding, _)| *encoding),
            ));
        }
    };
    let count: usize = next(&mut rest)?;
    let mut decoded = Vec::with_capacity(columns.len().min(count));
    let mut place = 0;
    for &column in columns {
        if column >= count {
            return Err(CorruptZoneMaps::Lacking(column));
        }
        while place < column {
            next::<Passed<'_>>(&mut rest)?;
            place += 1;
        }
        decoded.push(next(&mut rest)?);
        place += 1;
    }
    Ok(decoded)
}

/// The next value of the encoded ones.
fn next<'b, T: Deserialize<'b>>(rest: &mut &'b [u8]) -> Result<T, CorruptZoneMaps> {
    let (value, behind) = postcard::take_from_bytes(rest).map_err(CorruptZoneMaps::Damaged)?;
    *rest = behind;
    Ok(value)
}

/// A [`ZoneMap`] that nobody asks for: it takes no memory of its own.
#[derive(Deserialize)]
#[serde(rename = "ZoneMap")]
struct Passed<'b> {
    _nulls: u32,
    #[serde(borrow)]
    _bounds: PassedBounds<'b>,
    _kind: Option<ColumnType>,
    _placeholders: u32,
}

/// Its [`Bounds`], with the same variants in the same order.
#[derive(Deserialize)]
enum PassedBounds<'b> {
    None,
    Boolean {
        _min: bool,
        _max: bool,
    },
    Integer {
        _min: i64,
        _max: i64,
    },
    Number {
        _min: f64,
        _max: f64,
    },
    Date {
        _min: i32,
        _max: i32,
    },
    Instant {
        _min: i64,
        _max: i64,
    },
    Text {
        #[serde(borrow)]
        _min: &'b [u8],
        #[serde(borrow)]
        _max: &'b [u8],
    },
}

#[cfg(test)]
mod tests;
