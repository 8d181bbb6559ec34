//! Values, and how they are written.

use std::cmp::Ordering;

use crate::ledger::Random;

/// A value. Numbers have four decimals: 1.5 is 15000.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Bool(bool),
    Number(i128),
    Float(f64),
    /// Days since 1970-01-01.
    Day(i64),
    /// Seconds since 1970-01-01 in UTC.
    Second(i64),
    Text(String),
    Null,
}

/// The types of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Integer,
    Number,
    Day,
    Second,
    Text,
}

pub const UNIT: i128 = 10_000;

impl Value {
    /// Compares values of one type; a null comes last.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Day(a), Self::Day(b)) | (Self::Second(a), Self::Second(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Float(a), b) => a.total_cmp(&b.float()),
            (a, Self::Float(b)) => a.float().total_cmp(b),
            (a, b) => panic!("{a:?} and {b:?} are of different types"),
        }
    }

    /// The nearest float of a number.
    pub fn float(&self) -> f64 {
        match self {
            Self::Float(float) => *float,
            Self::Number(_) => self.text().parse().unwrap(),
            other => panic!("{other:?} is no number"),
        }
    }

    /// The text that a query may write, in the plainest spelling.
    pub fn text(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => {
                let sign = if *number < 0 { "-" } else { "" };
                let (whole, rest) = (number.abs() / UNIT, number.abs() % UNIT);
                match rest {
                    0 => format!("{sign}{whole}"),
                    _ => format!("{sign}{whole}.{rest:04}")
                        .trim_end_matches('0')
                        .to_owned(),
                }
            }
            Self::Float(float) => format!("{float:?}"),
            Self::Day(day) => date(*day),
            Self::Second(second) => format!("{}Z", local(*second)),
            Self::Text(text) => text.clone(),
            Self::Null => String::new(),
        }
    }

    /// One of the texts that a file may have for it.
    pub fn spelled(&self, kind: Kind, random: &mut Random) -> String {
        match self {
            Self::Number(_) if kind == Kind::Number && random.once_in(4) => {
                let text = self.text();
                match text.contains('.') {
                    true => format!("{text}0"),
                    false => format!("{text}.00"),
                }
            }
            Self::Number(number) if kind == Kind::Number && *number != 0 && random.once_in(6) => {
                format!("{number}e-4")
            }
            Self::Second(second) if random.once_in(3) => {
                format!("{}+02:00", local(second + 7200))
            }
            Self::Second(_) if random.once_in(5) => self.text().replace('Z', ".000Z"),
            Self::Bool(true) if random.once_in(3) => "TRUE".to_owned(),
            _ => self.text(),
        }
    }
}

pub fn date(day: i64) -> String {
    let (year, month, day) = civil(day);
    format!("{year:04}-{month:02}-{day:02}")
}

fn local(second: i64) -> String {
    let (day, second) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{}T{hour:02}:{minute:02}:{:02}", date(day), second % 60)
}

/// Year, month and day, found by counting.
pub fn civil(mut day: i64) -> (i64, i64, i64) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while day < 0 {
        year -= 1;
        day += 365 + i64::from(is_leap(year));
    }
    while day >= 365 + i64::from(is_leap(year)) {
        day -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (month, length) in (1..).zip(lengths) {
        if day < length {
            return (year, month, day + 1);
        }
        day -= length;
    }
    unreachable!("a year has twelve months")
}
