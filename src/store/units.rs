//! Converts numbers and times to the types of the tables.

use std::time::Duration;

use jiff::Timestamp;

use super::error::StoreError;

/// The error for a stored value that can't be decoded.
pub fn unreadable(
    what: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unreadable {
        what,
        source: source.into(),
    }
}

/// A count for SQL. Counts of rows and bytes are far below 2⁶³, because bodies and segments are bounded.
pub(crate) fn to_db(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from SQL. The tables have no negative ones.
pub(crate) fn from_db(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A time from SQL, where it is in microseconds since 1970.
pub(crate) fn time_from_db(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| unreadable("time", e))
}

/// A duration in microseconds, for SQL.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
