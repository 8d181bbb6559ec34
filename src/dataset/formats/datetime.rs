//! Datetimes without a zone.

use std::{fmt, str::FromStr};

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::{DateOrder, UnknownFormat, Zone, date};
use crate::value;

/// How datetimes may be written beside RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Datetimes {
    /// Without a zone: `2026-01-01 12:00`.
    Local,
}

impl Datetimes {
    /// What may be stated.
    pub const CHOICES: &str = "local";
}

impl FromStr for Datetimes {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" => Ok(Self::Local),
            _ => Err(UnknownFormat {
                found: text.to_owned(),
                what: "a way to write datetimes",
                choices: Self::CHOICES,
            }),
        }
    }
}

impl fmt::Display for Datetimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
        }
    }
}

/// The datetime as RFC 3339 writes it, with the same digits and the offset that its zone has then; without a zone, that of UTC.
///
/// Date and time have `T` or a space between them. The time is `12:00`, `12:00:00` or `12:00:00.5`, and may have an offset.
pub(super) fn canonical(
    text: &str,
    order: Option<DateOrder>,
    zone: Option<&Zone>,
) -> Option<String> {
    let at = text.find(['T', 't', ' '])?;
    let day = date::canonical(&text[..at], order)?;
    let time = &text[at + 1..];
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let end = time.bytes().position(|byte| !is_part(byte));
    let (time, offset) = time.split_at_checked(end.unwrap_or(time.len()))?;
    let seconds = if time.len() == "12:00".len() {
        ":00"
    } else {
        ""
    };
    if !offset.is_empty() {
        return checked(format!("{day}T{time}{seconds}{offset}"));
    }
    let local = format!("{day}T{time}{seconds}");
    let offset = match zone {
        None => 0,
        Some(zone) => zone.offset_at(clock(&local)?)?,
    };
    if offset % 60 == 0 {
        return checked(local + &written(offset));
    }
    // RFC 3339 has no seconds in offsets, which zones had before they were made uniform.
    let moment = value::instant(format!("{local}Z").as_bytes())?;
    let seconds = moment.seconds - i64::from(offset);
    let day = value::day(seconds.div_euclid(86_400)).filter(|day| day.year() >= 0)?;
    let seconds = seconds.rem_euclid(86_400);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = local.find('.').map_or("", |at| &local[at..]);
    checked(format!(
        "{day}T{hours:02}:{minutes:02}:{seconds:02}{fraction}Z"
    ))
}

/// The datetime, if it is one.
fn checked(text: String) -> Option<String> {
    value::instant(text.as_bytes()).map(|_| text)
}

/// What a clock shows at `YYYY-MM-DDTHH:MM:SS`. It shows no leap seconds, so it stops before one.
fn clock(local: &str) -> Option<DateTime> {
    let two = |at: usize| local.get(at..at + 2)?.parse::<i8>().ok();
    let year = local.get(..4)?.parse().ok()?;
    let (month, day) = (two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()
}

/// The offset in seconds as RFC 3339 writes it.
fn written(offset: i32) -> String {
    if offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
