//! The grammars of the column types: what a text must look like to be a value, and its value for comparing.
//!
//! Strict on purpose: what is not exactly of the grammar stays a string, so that no text is ever changed by being
//! understood. All take the field's text without quotes, and look at each byte at most a few times.

/// A moment, for comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down. A leap second counts as the first second after it.
    pub seconds: i64,
    /// Nanoseconds after that; more digits than nine are cut off.
    pub nanos: u32,
}

/// `true` or `false`, exactly.
pub fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" => Some(true),
        b"false" => Some(false),
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
    if let Some(b'e' | b'E') = rest.get(at) {
        at += 1 + usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
        let exponent = count_digits(&rest[at..]);
        at += exponent;
        if exponent == 0 {
            return None;
        }
    }
    if at != rest.len() {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

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

/// A `date-time` of RFC 3339, section 5.6, `T` and `Z` in either case.
pub fn instant(text: &[u8]) -> Option<Instant> {
    let moment = moment(text)?;
    Some(Instant {
        seconds: moment.seconds,
        nanos: moment.nanos,
    })
}

/// The whole seconds between which a `date-time` lies, however a reader interprets a leap second.
pub(crate) fn second_bounds(text: &[u8]) -> Option<(i64, i64)> {
    let moment = moment(text)?;
    Some((
        moment.seconds - i64::from(moment.leap),
        moment.seconds + i64::from(moment.fraction),
    ))
}

struct Moment {
    seconds: i64,
    nanos: u32,
    leap: bool,
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
    let local = i64::from(date(day)?) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(Moment {
        seconds: local - zone_seconds(zone)?,
        nanos: if fraction.is_empty() {
            0
        } else {
            nanos(fraction)
        },
        leap: second == 60,
        fraction: fraction.iter().any(|&byte| byte != b'0'),
    })
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
