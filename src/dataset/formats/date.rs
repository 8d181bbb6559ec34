//! Dates with day, month and year in a stated order.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::UnknownFormat;
use crate::value;

/// In which order dates have day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateOrder {
    /// `31.12.2026`
    DayMonthYear,
    /// `12/31/2026`
    MonthDayYear,
    /// `2026/12/31`
    YearMonthDay,
}

impl DateOrder {
    /// What may be stated.
    pub const CHOICES: &str = "one of dmy, mdy and ymd";
}

impl FromStr for DateOrder {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "dmy" => Ok(Self::DayMonthYear),
            "mdy" => Ok(Self::MonthDayYear),
            "ymd" => Ok(Self::YearMonthDay),
            _ => Err(UnknownFormat {
                found: text.to_owned(),
                what: "an order of day, month and year",
                choices: Self::CHOICES,
            }),
        }
    }
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DayMonthYear => "dmy",
            Self::MonthDayYear => "mdy",
            Self::YearMonthDay => "ymd",
        })
    }
}

/// The date as `YYYY-MM-DD`. It is written so, or in `order`, with `.`, `/` or `-` between its parts; the year has four digits,
/// day and month have one or two.
pub(super) fn canonical(text: &str, order: Option<DateOrder>) -> Option<Cow<'_, str>> {
    if value::date(text.as_bytes()).is_some() {
        return Some(Cow::Borrowed(text));
    }
    let order = order?;
    let separator = text.chars().find(|character| !character.is_ascii_digit())?;
    if !matches!(separator, '.' | '/' | '-') {
        return None;
    }
    let mut parts = text.splitn(3, separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let (day, month, year) = match order {
        DateOrder::DayMonthYear => (first, second, third),
        DateOrder::MonthDayYear => (second, first, third),
        DateOrder::YearMonthDay => (third, second, first),
    };
    let short = |part: &str| matches!(part.len(), 1 | 2);
    if year.len() != 4 || !short(month) || !short(day) {
        return None;
    }
    let date = format!("{year}-{month:0>2}-{day:0>2}");
    value::date(date.as_bytes()).map(|_| Cow::Owned(date))
}
