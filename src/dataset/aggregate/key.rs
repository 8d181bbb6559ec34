//! Keys of groups: what the rows of a group have in common, as bytes.

use super::function::Period;
use super::values::{self, civil};
use crate::ColumnType;
use crate::value;

/// A column that rows are grouped by.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The column's index.
    pub column: usize,
    /// Its type.
    pub kind: ColumnType,
    /// The part of time that counts; `None`: the whole value.
    pub period: Option<Period>,
}

/// Bytes of the length before each part of a key.
const LENGTH: usize = 4;

impl Key {
    /// Appends a value to a key: the canonical text of a field, or `None` for a null. Equal values have equal bytes, however they are
    /// written.
    #[inline]
    pub fn encode(&self, value: Option<&str>, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; LENGTH]);
        let Some(value) = value else { return };
        match self.period {
            Some(period) => push_period(period, self.kind, value, out),
            None => out.extend_from_slice(values::normal(self.kind, value).as_bytes()),
        }
        // A value is shorter than a record, which is shorter than 2^32 bytes.
        let length = (out.len() - at - LENGTH) as u32 + 1;
        out[at..at + LENGTH].copy_from_slice(&length.to_le_bytes());
    }
}

/// The parts of a key, in order: texts, or `None` for nulls.
pub(super) fn parts(key: &[u8]) -> impl Iterator<Item = Option<&str>> {
    let mut rest = key;
    std::iter::from_fn(move || {
        let (length, more) = rest.split_first_chunk::<LENGTH>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (text, more) = more.split_at_checked(length.saturating_sub(1))?;
        rest = more;
        Some(match length {
            0 => None,
            _ => std::str::from_utf8(text).ok(),
        })
    })
}

/// Appends the period that a date or datetime is in, in UTC.
fn push_period(period: Period, kind: ColumnType, value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    // A date, and a datetime in UTC as RFC 3339 prefers to write it, begin with their period.
    let is_utc = kind == ColumnType::Date || bytes.last() == Some(&b'Z');
    match period {
        Period::Year if is_utc => push_year(&bytes[..4.min(bytes.len())], out),
        Period::Month if is_utc => out.extend_from_slice(&bytes[..7.min(bytes.len())]),
        Period::Day if is_utc => out.extend_from_slice(&bytes[..10.min(bytes.len())]),
        Period::Hour if is_utc && bytes.get(10) == Some(&b'T') => {
            out.extend_from_slice(&bytes[..13.min(bytes.len())]);
            out.extend_from_slice(b":00:00Z");
        }
        _ => push_computed(period, kind, bytes, out),
    }
}

/// A year is an integer, which has no leading zeros.
fn push_year(digits: &[u8], out: &mut Vec<u8>) {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    out.extend_from_slice(&digits[zeros.min(digits.len().saturating_sub(1))..]);
}

fn push_computed(period: Period, kind: ColumnType, bytes: &[u8], out: &mut Vec<u8>) {
    let seconds = match kind {
        ColumnType::Date => value::date(bytes).map(|days| i64::from(days) * 86_400),
        _ => value::instant(bytes).map(|instant| instant.seconds),
    };
    // A value of the column is always of its type.
    let seconds = seconds.unwrap_or_default();
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let text = match period {
        Period::Year => year.to_string(),
        Period::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        Period::Month => format!("{year:04}-{month:02}"),
        Period::Day => format!("{year:04}-{month:02}-{day:02}"),
        Period::Hour => {
            let hour = seconds.rem_euclid(86_400) / 3600;
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:00:00Z")
        }
    };
    out.extend_from_slice(text.as_bytes());
}
