//! How pages write times.

use jiff::{Timestamp, Unit};

/// A time to the minute, in UTC.
pub(super) fn minute(time: Timestamp) -> String {
    let minute = time.round(Unit::Second).unwrap_or(time);
    minute.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time that was announced: a date if it is midnight in UTC.
pub(super) fn moment(time: Timestamp) -> String {
    let minute = minute(time);
    let date = minute.strip_suffix(" 00:00 UTC").map(str::to_owned);
    date.unwrap_or(minute)
}
