//! One text for each value, however it is written.

use std::borrow::Cow;

use crate::value::{self, LEAP};
use crate::{ColumnType, decimal};

/// The text of a value that all texts of the same value share. Texts, integers, dates and booleans are written in one way only.
#[inline]
pub(super) fn normal(kind: ColumnType, text: &str) -> Cow<'_, str> {
    match kind {
        ColumnType::Number => decimal::normal(text),
        ColumnType::Datetime => datetime(text),
        ColumnType::Boolean | ColumnType::Integer | ColumnType::Date | ColumnType::String => {
            Cow::Borrowed(text)
        }
    }
}

/// A datetime in UTC, without zeros at the end of its fraction.
fn datetime(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    // `2013-01-31T05:00:00Z`, which is the usual one.
    if bytes.len() == 20 && bytes[10] == b'T' && bytes[19] == b'Z' {
        return Cow::Borrowed(text);
    }
    let Some(instant) = value::instant(bytes) else {
        return Cow::Borrowed(text);
    };
    let (year, month, day) = civil(instant.seconds.div_euclid(86_400));
    let second = instant.seconds.rem_euclid(86_400);
    let (leap, nanos) = match instant.nanos.checked_sub(LEAP) {
        Some(nanos) => (1, nanos),
        None => (0, instant.nanos),
    };
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60 + leap);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if nanos > 0 {
        text.push_str(format!(".{nanos:09}").trim_end_matches('0'));
    }
    text.push('Z');
    Cow::Owned(text)
}

/// Year, month and day of the day that comes so many days after 1970-01-01, in the proleptic Gregorian calendar.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    /// Days of 400 years.
    const ERA: i64 = 146_097;
    // Years that begin in March have the leap day at their end.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, later) = match month {
        ..10 => (month + 3, 0),
        _ => (month - 9, 1),
    };
    (era * 400 + year + later, month, day_of_month)
}
