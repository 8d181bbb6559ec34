//! Exact comparison of numbers as they are written, including digits that an `f64` can't represent.

use std::borrow::Cow;
use std::cmp::Ordering;

use exponent::Exponent;

mod digits;
mod exponent;

pub(super) use digits::Digits;

/// A JSON number taken apart: `0.DIGITS × 10^exponent`.
struct Parts<'t> {
    negative: bool,
    /// The digits before the point and after it.
    digits: [&'t [u8]; 2],
    /// Leading zeros of the digits, which the exponent has been made to allow for.
    zeros: usize,
    exponent: Exponent,
}

/// Which of two JSON numbers is greater.
pub(super) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    match (a.sign(), b.sign()) {
        (0, 0) => Ordering::Equal,
        (1, 1) => a.magnitude(&b),
        (-1, -1) => b.magnitude(&a),
        (a, b) => a.cmp(&b),
    }
}

/// Bytes that order like the number.
pub(super) fn sortable(text: &[u8]) -> Vec<u8> {
    let parts = Parts::of(text);
    let (first, flip) = match parts.sign() {
        0 => return vec![1],
        1 => (2, 0),
        // The greater its magnitude, the less it is.
        _ => (0, 0xFF),
    };
    let mut bytes = Vec::with_capacity(text.len() + 10);
    bytes.push(first);
    bytes.extend(parts.exponent.sortable().map(|byte| byte ^ flip));
    bytes.extend(parts.significant().map(|digit| digit ^ flip));
    while bytes.last().is_some_and(|last| last ^ flip == b'0') {
        bytes.pop();
    }
    if flip != 0 {
        // A number without further digits is greater than one with some.
        bytes.push(0xFF);
    }
    bytes
}

/// The number as an `i64`, if it is one, however it is written.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    /// Digits of the longest `i64`.
    const MOST: i64 = 19;
    let parts = Parts::of(text);
    if parts.sign() == 0 {
        return Some(0);
    }
    let exponent = match parts.exponent {
        Exponent::Near(exponent @ 1..=MOST) => exponent,
        _ => return None,
    };
    let mut digits = parts.significant();
    let whole = (0..exponent).try_fold(0_i128, |sum, _| {
        Some(sum * 10 + i128::from(digits.next().unwrap_or(b'0') - b'0'))
    })?;
    let rest = digits.any(|digit| digit != b'0');
    let signed = if parts.negative { -whole } else { whole };
    (!rest).then(|| i64::try_from(signed).ok()).flatten()
}

/// The nearest `f64` of a JSON number, whatever its exponent is; infinite when it is beyond all of them.
pub(super) fn near(text: &[u8]) -> Option<f64> {
    /// Digits that decide how a number is rounded (767), with some to spare.
    const DECIDING: usize = 800;
    /// Beyond this power of ten, numbers are infinite; below its negative, they are 0.
    const FARTHEST: i64 = 400;
    let parts = Parts::of(text);
    let magnitude = match parts.exponent {
        _ if parts.sign() == 0 => 0.0,
        Exponent::Near(exponent) if exponent.abs() <= FARTHEST => {
            let mut digits = parts.significant();
            let mut short = String::from("0.");
            short.extend(digits.by_ref().take(DECIDING).map(char::from));
            // Digits beyond those decide only whether there are any.
            if digits.any(|digit| digit != b'0') {
                short.push('1');
            }
            format!("{short}e{exponent}").parse().ok()?
        }
        ref far if *far > Exponent::Near(0) => f64::INFINITY,
        _ => 0.0,
    };
    Some(if parts.negative {
        -magnitude
    } else {
        magnitude
    })
}

/// The digits of a JSON number; `None` if its exponent is beyond 64 bits.
pub(super) fn digits(text: &str) -> Option<Digits> {
    let parts = Parts::of(text.as_bytes());
    match parts.exponent {
        _ if parts.sign() == 0 => Some(Digits::default()),
        Exponent::Near(exponent) => Some(Digits::new(
            parts.negative,
            parts.significant().collect(),
            exponent,
        )),
        Exponent::Far(_) => None,
    }
}

/// The text of a number that all texts of the same number share, however it is written.
pub(super) fn normal(text: &str) -> Cow<'_, str> {
    if is_normal(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let parts = Parts::of(text.as_bytes());
    Cow::Owned(match (digits(text), &parts.exponent) {
        (None, Exponent::Far(far)) => {
            let digits = Digits::new(parts.negative, parts.significant().collect(), 0);
            format!("{digits}e{far}")
        }
        (digits, _) => digits.unwrap_or_default().to_string(),
    })
}

/// Whether a short number is written as [`Digits`] would write it: this is the usual case.
fn is_normal(text: &[u8]) -> bool {
    /// Numbers with so few bytes have no exponent in their normal text.
    const FEW: usize = 40;
    let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    text.len() <= FEW
        && text.iter().all(plain)
        && (!text.contains(&b'.') || text.last() != Some(&b'0'))
        && text != b"-0"
}

impl<'t> Parts<'t> {
    fn of(text: &'t [u8]) -> Self {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let e = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = text.split_at(e.unwrap_or(text.len()));
        let point = mantissa.iter().position(|&byte| byte == b'.');
        let (whole, decimals) = mantissa.split_at(point.unwrap_or(mantissa.len()));
        let decimals = decimals.get(1..).unwrap_or_default();
        let digits = whole.iter().chain(decimals);
        let zeros = digits.take_while(|&&byte| byte == b'0').count();
        let shift = i64::try_from(whole.len()).unwrap_or(i64::MAX)
            - i64::try_from(zeros).unwrap_or(i64::MAX);
        Self {
            negative,
            digits: [whole, decimals],
            zeros,
            exponent: Exponent::new(exponent, shift),
        }
    }

    /// The digits from the first one that is not 0.
    fn significant(&self) -> impl Iterator<Item = u8> {
        let digits = self.digits[0].iter().chain(self.digits[1]);
        digits.copied().skip(self.zeros)
    }

    fn sign(&self) -> i8 {
        match (self.significant().next(), self.negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| {
            let (mut a, mut b) = (self.significant(), other.significant());
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return Ordering::Equal,
                    (a, b) => match a.unwrap_or(b'0').cmp(&b.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        other => return other,
                    },
                }
            }
        })
    }
}
