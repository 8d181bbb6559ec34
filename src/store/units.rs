//! Numbers and times as the tables have them.

use std::time::Duration;

use jiff::Timestamp;

use super::error::StoreError;

/// A stored value that its decoder refused.
pub fn unreadable(
    what: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unreadable {
        what,
        source: source.into(),
    }
}

/// A count as SQL has it. Counts of rows and bytes stay far below 2⁶³: a body is capped, and so is a segment.
pub(crate) fn to_db(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from SQL; the tables never hold a negative one.
pub(crate) fn from_db(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// A time from SQL, where it is in microseconds since 1970.
pub(crate) fn time_from_db(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|e| unreadable("time", e))
}

/// A length of time as SQL has it.
pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
