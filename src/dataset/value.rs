//! The grammars of the column types: what a text must look like to be a value, and its value for comparing.
//!
//! Strict on purpose: what is not exactly of the grammar stays a string, so that no text is ever changed by being
//! understood. All take the field's text without quotes, and look at each byte at most a few times.

use super::decimal;

/// A moment, for comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down. A leap second belongs to the second before it.
    pub seconds: i64,
    /// Nanoseconds after that; more digits than nine are cut off. In a leap second at least [`LEAP`], so that it comes
    /// after all other moments of its minute and before the next minute.
    pub nanos: u32,
}

/// The nanoseconds of an [`Instant`] at which a leap second begins.
pub const LEAP: u32 = 1_000_000_000;

/// `true` or `false`, also as spreadsheets write them: `TRUE` or `True`.
pub fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"TRUE" | b"True" => Some(true),
        b"false" | b"FALSE" | b"False" => Some(false),
        _ => None,
    }
}

/// A JSON integer (RFC 8259, section 6) that fits an `i64`: no leading zero, no `+`, and not `-0`, which an integer
/// could not give back.
pub fn integer(text: &[u8]) -> Option<i64> {
    const MOST_DIGITS: usize = 19;
    let (negative, digits) = signed(text);
    match digits {
        [] => return None,
        [b'0'] => return (!negative).then_some(0),
        [b'0', ..] => return None,
        _ if digits.len() > MOST_DIGITS => return None,
        _ => {}
    }
    // Negative numbers reach one further.
    let below = digits.iter().try_fold(0_i64, |below, &byte| {
        let digit = digit(byte)?;
        below.checked_mul(10)?.checked_sub(i64::from(digit))
    })?;
    if negative {
        Some(below)
    } else {
        below.checked_neg()
    }
}

/// A JSON number (RFC 8259, section 6), as the nearest `f64`; infinite when it is beyond all of them.
pub fn number(text: &[u8]) -> Option<f64> {
    let (negative, rest) = signed(text);
    let whole = count_digits(rest);
    if whole == 0 || (whole > 1 && rest[0] == b'0') {
        return None;
    }
    let mut at = whole;
    let mut decimals = 0;
    if rest.get(at) == Some(&b'.') {
        decimals = count_digits(&rest[at + 1..]);
        at += 1 + decimals;
        if decimals == 0 {
            return None;
        }
    }
    if at == rest.len() && whole + decimals <= EXACT_DIGITS {
        let value = plain(&rest[..whole], rest.get(whole + 1..).unwrap_or_default());
        return Some(if negative { -value } else { value });
    }
    let mut exponent = 0;
    if let Some(b'e' | b'E') = rest.get(at) {
        at += 1 + usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        exponent = count_digits(&rest[at..]);
        at += exponent;
        if exponent == 0 {
            return None;
        }
    }
    if at != rest.len() {
        return None;
    }
    if exponent > PARSED_EXPONENT {
        return decimal::near(text);
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The standard library cuts longer exponents off, which is right only for mantissas that are not as long.
const PARSED_EXPONENT: usize = 4;

/// Digits that an `f64` holds exactly whatever they are.
const EXACT_DIGITS: usize = 15;

/// A number of at most [`EXACT_DIGITS`] digits: both the digits and the power of ten are exact, so that the one
/// division rounds correctly.
fn plain(whole: &[u8], decimals: &[u8]) -> f64 {
    const POWERS: [f64; EXACT_DIGITS + 1] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let digits = whole
        .iter()
        .chain(decimals)
        .fold(0_u64, |sum, &byte| sum * 10 + u64::from(byte - b'0'));
    digits as f64 / POWERS[decimals.len()]
}

/// `YYYY-MM-DD`, a day that the calendar has, as days since 1970-01-01.
pub fn date(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = i16::try_from(two(y1, y2)? * 100 + two(y3, y4)?).ok()?;
    let month = i8::try_from(two(m1, m2)?).ok()?;
    let day = i8::try_from(two(d1, d2)?).ok()?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let since = date.duration_since(jiff::civil::date(1970, 1, 1));
    i32::try_from(since.as_secs() / 86_400).ok()
}

/// A `date-time` of RFC 3339, section 5.6, `T` and `Z` in either case. A leap second is one only at the end of a month in
/// UTC (section 5.7).
pub fn instant(text: &[u8]) -> Option<Instant> {
    moment(text).map(|moment| moment.at)
}

/// The beginning of a date in UTC.
pub fn midnight(text: &[u8]) -> Option<Instant> {
    let seconds = i64::from(date(text)?) * 86_400;
    Some(Instant { seconds, nanos: 0 })
}

/// The whole seconds between which a `date-time` lies.
pub fn second_bounds(text: &[u8]) -> Option<(i64, i64)> {
    let Moment { at, fraction } = moment(text)?;
    let after = fraction || at.nanos >= LEAP;
    Some((at.seconds, at.seconds + i64::from(after)))
}

struct Moment {
    at: Instant,
    /// Whether the moment is after the beginning of its second, by however little.
    fraction: bool,
}

fn moment(text: &[u8]) -> Option<Moment> {
    let (day, time) = text.split_at_checked(10)?;
    let &[
        b'T' | b't',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        ref rest @ ..,
    ] = time
    else {
        return None;
    };
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest {
        [b'.', digits @ ..] => digits
            .split_at_checked(count_digits(digits))
            .filter(|(digits, _)| !digits.is_empty())?,
        _ => (&[][..], rest),
    };
    let leap = second == 60;
    let second = second - u32::from(leap);
    let local = i64::from(date(day)?) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    let seconds = local - zone_seconds(zone)?;
    if leap && !ends_month(seconds) {
        return None;
    }
    Some(Moment {
        at: Instant {
            seconds,
            nanos: nanos(fraction) + if leap { LEAP } else { 0 },
        },
        fraction: fraction.iter().any(|&byte| byte != b'0'),
    })
}

/// Whether this second is the last one of a month in UTC.
fn ends_month(seconds: i64) -> bool {
    let last_second = seconds.rem_euclid(86_400) == 86_399;
    last_second && day(seconds.div_euclid(86_400)).is_some_and(|day| day == day.last_of_month())
}

/// The day of the calendar that comes so many days after 1970-01-01; `None` outside of the years -9999 to 9999.
pub fn day(days: i64) -> Option<jiff::civil::Date> {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()
}

/// Seconds that a zone is ahead of UTC.
fn zone_seconds(zone: &[u8]) -> Option<i64> {
    let (sign, h1, h2, m1, m2) = match *zone {
        [b'Z' | b'z'] => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, h1, h2, m1, m2),
        [b'-', h1, h2, b':', m1, m2] => (-1, h1, h2, m1, m2),
        _ => return None,
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    (hours <= 23 && minutes <= 59).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn nanos(fraction: &[u8]) -> u32 {
    let padded = fraction.iter().copied().chain(std::iter::repeat(b'0'));
    padded
        .take(9)
        .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
}

fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    }
}

fn digit(byte: u8) -> Option<u32> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then(|| u32::from(digit))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn count_digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests;
