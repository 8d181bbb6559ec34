//! Zone maps: what is known of each column in a block, so that a query can skip blocks that hold nothing for it.
//!
//! Bounds are safe rather than tight: every non-null value lies within them, so a value outside of them is not in the block. The
//! encoding begins with a version, because zone maps are stored with their block for as long as that exists.

use serde::{Deserialize, Serialize};

use super::ColumnType;

/// The zone map of a column in one block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneMap {
    /// How many values are null.
    pub nulls: u32,
    /// The bounds of the other values.
    pub bounds: Bounds,
    /// The narrowest type of the values that are neither null nor a well-known placeholder; `None` without any.
    pub(super) kind: Option<ColumnType>,
    /// The well-known placeholders among the values, as far as they matter for the type.
    pub(super) placeholders: u32,
    /// Whether any of the values is written otherwise than its canonical text. A profile stores that, a block does not.
    #[serde(skip)]
    pub(super) respelled: bool,
}

/// The least and the greatest non-null value, both included. They are of the narrowest type that fits the block's values, or of
/// `Text` if the column's type is stated to be string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Bounds {
    /// There are only nulls.
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
    /// UTF-8, ordered by bytes, without quotes. Longer values are truncated to 32 bytes. A truncated greatest value then has
    /// its last byte increased by one, so that it is above every text with that beginning.
    Text {
        /// Least, perhaps truncated.
        min: Vec<u8>,
        /// Greatest, or a bound above it.
        max: Vec<u8>,
    },
}

impl ZoneMap {
    /// The zone map of a column without rows.
    pub fn of_nothing() -> Self {
        Self {
            nulls: 0,
            bounds: Bounds::None,
            kind: None,
            placeholders: 0,
            respelled: false,
        }
    }

    /// One zone map for several blocks: all their nulls, and bounds of all their values; `None` if the blocks' bounds can't be
    /// compared.
    pub fn merged(maps: &[Self]) -> Option<Self> {
        let mut merged = Self::of_nothing();
        for map in maps {
            merged.nulls = merged.nulls.saturating_add(map.nulls);
            merged.bounds = merged.bounds.widened(&map.bounds)?;
        }
        Some(merged)
    }

    /// Whether a Bloom filter is worthwhile: the column is often asked for equality, and a value within the bounds may well not be
    /// in a block of `rows` rows. A filter holds texts as they came, so a column with other spellings gets none.
    pub(super) fn is_worth_a_bloom(&self, rows: u32) -> bool {
        /// A filter is worthwhile if there are this many times as many integers within the bounds as rows.
        const SPREAD: i128 = 16;
        match &self.bounds {
            _ if self.respelled => false,
            Bounds::Text { min, max } => min != max,
            Bounds::Integer { min, max } => {
                i128::from(*max) - i128::from(*min) > i128::from(rows) * SPREAD
            }
            _ => false,
        }
    }
}

impl Bounds {
    /// Bounds that include both; `None` if they are of types that can't be compared.
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
            // In a column of numbers, some blocks have integers only.
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

/// Stored zone maps that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CorruptZoneMaps {
    /// They were written by a later release.
    #[error("the zone maps are in encoding {0:?}, which this release doesn't know")]
    Encoding(Option<u8>),
    /// The bytes are damaged.
    #[error("the zone maps are damaged")]
    Damaged(#[source] postcard::Error),
    /// A column has no zone map.
    #[error("column {0} has no zone map")]
    Lacking(usize),
}

/// The version of the encoding that this release writes.
const ENCODING: u8 = 1;

/// The stored form of a block's zone maps.
pub fn encode(columns: &[ZoneMap]) -> Vec<u8> {
    // Enough capacity for most columns, so that the vector seldom grows.
    let mut bytes = Vec::with_capacity(1 + columns.len() * 24);
    bytes.push(ENCODING);
    postcard::to_extend(columns, bytes).expect("statistics are plain data, which always encodes")
}

/// Decodes the zone maps that [`encode`] wrote.
///
/// # Errors
/// [`CorruptZoneMaps`] if the bytes are something else.
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

/// Decodes the zone maps of some columns, given by their indexes in ascending order. The others are skipped without being kept.
///
/// # Errors
/// [`CorruptZoneMaps`] if [`encode`] did not write the bytes, or if a column is missing.
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

/// Decodes the next value.
fn next<'b, T: Deserialize<'b>>(rest: &mut &'b [u8]) -> Result<T, CorruptZoneMaps> {
    let (value, behind) = postcard::take_from_bytes(rest).map_err(CorruptZoneMaps::Damaged)?;
    *rest = behind;
    Ok(value)
}

/// A [`ZoneMap`] to skip. It borrows its texts, so that skipping allocates nothing.
#[derive(Deserialize)]
#[serde(rename = "ZoneMap")]
struct Passed<'b> {
    _nulls: u32,
    #[serde(borrow)]
    _bounds: PassedBounds<'b>,
    _kind: Option<ColumnType>,
    _placeholders: u32,
}

/// The [`Bounds`] of a zone map to skip, with the same variants in the same order.
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
