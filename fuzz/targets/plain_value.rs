//! What values are and which is greater, in the plainest way.

use std::cmp::Ordering;

use flash::dataset::ColumnType;

/// The narrowest type of a text.
pub fn kind(text: &str) -> ColumnType {
    let kinds = [
        (ColumnType::Boolean, boolean(text).is_some()),
        (ColumnType::Integer, is_integer(text)),
        (ColumnType::Number, Decimal::read(text).is_some()),
        (ColumnType::Date, is_date(text)),
        (ColumnType::Datetime, instant(text).is_some()),
    ];
    let found = kinds.into_iter().find(|(_, fits)| *fits);
    found.map_or(ColumnType::String, |(kind, _)| kind)
}

/// The narrowest type of several texts.
pub fn kind_of_all<'t>(texts: impl Iterator<Item = &'t str>) -> ColumnType {
    let mut kinds: Vec<_> = texts.map(kind).collect();
    kinds.sort_by_key(|kind| kind.as_str());
    kinds.dedup();
    match kinds[..] {
        [only] => only,
        [ColumnType::Integer, ColumnType::Number] => ColumnType::Number,
        _ => ColumnType::String,
    }
}

fn boolean(text: &str) -> Option<bool> {
    let spelt = |word: &str, capital: &str| {
        text == word || text == capital || text == word.to_ascii_uppercase()
    };
    match (spelt("true", "True"), spelt("false", "False")) {
        (false, false) => None,
        (is, _) => Some(is),
    }
}

fn is_integer(text: &str) -> bool {
    // What an integer gives back when it is written is how it has to be written.
    text.parse::<i64>()
        .is_ok_and(|integer| integer.to_string() == text)
}

fn is_date(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00" && text.parse::<jiff::civil::Date>().is_ok()
}

/// Days since 1970 of a day of the calendar.
pub fn days(text: &str) -> Option<i64> {
    if !is_date(text) {
        return None;
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    let epoch = jiff::civil::date(1970, 1, 1);
    Some(i64::from(day.since(epoch).ok()?.get_days()))
}

/// Seconds since 1970 and nanoseconds, a billion and more of them in a leap second.
pub fn instant(text: &str) -> Option<(i64, u32)> {
    let text = text.to_ascii_uppercase();
    let (day, time) = text.split_once('T')?;
    let days = days(day)?;
    let zone = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let two = |text: &str, most: i64| {
        let number: i64 = text.parse().ok()?;
        (text.len() == 2 && digits(text) && number <= most).then_some(number)
    };
    let parts: Vec<_> = time.split(':').collect();
    let [hour, minute, second] = parts[..] else {
        return None;
    };
    let (seconds, leap) = match two(second, 60)? {
        60 => (59, 1_000_000_000),
        second => (second, 0),
    };
    let seconds = two(hour, 23)? * 3600 + two(minute, 59)? * 60 + seconds;
    let nanos: u32 = match fraction {
        None => 0,
        Some(fraction) if fraction.is_empty() || !digits(fraction) => return None,
        Some(fraction) => format!("{fraction:0<9}")[..9].parse().ok()?,
    };
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign @ ("+" | "-"), zone) => {
            let (hours, minutes) = zone.split_once(':')?;
            let offset = two(hours, 23)? * 3600 + two(minutes, 59)? * 60;
            if sign == "-" { -offset } else { offset }
        }
        _ => return None,
    };
    let seconds = days * 86_400 + seconds - offset;
    if leap > 0 {
        let next = jiff::Timestamp::from_second(seconds + 1).ok()?;
        let next = next.strftime("%d %T").to_string();
        return (next == "01 00:00:00").then_some((seconds, leap + nanos));
    }
    Some((seconds, nanos))
}

/// A JSON number: `0.DIGITS × 10^exponent`, with neither a zero at the beginning of its digits nor at their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    pub fn read(text: &str) -> Option<Self> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (rest, None),
        };
        let (whole, decimals) = match mantissa.split_once('.') {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (mantissa, None),
        };
        if !digits(whole) || whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if decimals.is_some_and(|decimals| !digits(decimals)) {
            return None;
        }
        let exponent = match exponent {
            None => 0,
            Some(exponent) => {
                let (sign, size) = match exponent.strip_prefix('-') {
                    Some(size) => (-1, size),
                    None => (1, exponent.strip_prefix('+').unwrap_or(exponent)),
                };
                if !digits(size) {
                    return None;
                }
                // Greater ones than an input can write out count as this.
                sign * size
                    .parse::<i64>()
                    .unwrap_or(i64::MAX / 4)
                    .min(i64::MAX / 4)
            }
        };
        let all = format!("{whole}{}", decimals.unwrap_or(""));
        let significant = all.trim_start_matches('0');
        let zeros = i64::try_from(all.len() - significant.len()).ok()?;
        let significant = significant.trim_end_matches('0');
        let zero = significant.is_empty();
        Some(Self {
            negative: negative && !zero,
            digits: significant.to_owned(),
            exponent: match zero {
                true => 0,
                false => i64::try_from(whole.len()).ok()? - zeros + exponent,
            },
        })
    }

    /// Whether its exponent is one that is compared exactly.
    pub fn is_usual(&self) -> bool {
        self.exponent.abs() < i64::MAX / 8
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |one: &Self| (!one.digits.is_empty(), one.exponent, one.digits.clone());
        match (self.negative, other.negative) {
            (false, false) => magnitude(self).cmp(&magnitude(other)),
            (true, true) => magnitude(other).cmp(&magnitude(self)),
            (negative, _) if negative => Ordering::Less,
            _ => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How two values of a column of that type stand to each other; `None`: one of them is no such value.
pub fn compare(kind: ColumnType, a: &str, b: &str) -> Option<Ordering> {
    match kind {
        ColumnType::Boolean => Some(boolean(a)?.cmp(&boolean(b)?)),
        ColumnType::Integer | ColumnType::Number => Some(Decimal::read(a)?.cmp(&Decimal::read(b)?)),
        ColumnType::Date => (is_date(a) && is_date(b)).then(|| a.cmp(b)),
        ColumnType::Datetime => Some(instant(a)?.cmp(&instant(b)?)),
        ColumnType::String => Some(a.cmp(b)),
    }
}
