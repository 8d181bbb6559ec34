//! A number divided by a count, rounded to the nearest `f64`.

use crate::decimal::Digits;

/// So many digits decide almost always how a number is rounded.
const FEW: usize = 25;
/// So many digits always decide it (767), with some to spare.
const ENOUGH: usize = 800;

/// The quotient of two numbers that an `f64` has exactly.
pub(super) fn short(near: i128, decimals: u32, count: u64) -> Option<f64> {
    const EXACT: u64 = 1 << 53;
    let divisor = 10_u64.checked_pow(decimals)?.checked_mul(count)?;
    let is_exact = near.unsigned_abs() <= u128::from(EXACT) && divisor <= EXACT;
    // Both are exact, so that the one division rounds correctly.
    is_exact.then(|| near as f64 / divisor as f64)
}

/// The quotient of a number and a count that isn't 0, as a text.
pub(super) fn long(number: &Digits, count: u64) -> String {
    let (digits, exponent, is_exact) = divide(number, count, FEW);
    let least = near(number.negative, &digits, exponent);
    if is_exact
        || least
            == near(
                number.negative,
                &next(&digits),
                exponent_of_next(&digits, exponent),
            )
    {
        return shown(least, number.negative, &digits, exponent);
    }
    let (mut digits, exponent, is_exact) = divide(number, count, ENOUGH);
    // Digits beyond those decide only whether there are any.
    if !is_exact {
        digits.push(b'1');
    }
    let nearest = near(number.negative, &digits, exponent);
    shown(nearest, number.negative, &digits, exponent)
}

/// The first digits of the quotient, `0.DIGITS × 10^exponent`, and whether they are all of it.
fn divide(number: &Digits, count: u64, most: usize) -> (Vec<u8>, i64, bool) {
    let (mut digits, mut exponent) = (Vec::with_capacity(most), number.exponent);
    let (mut rest, count) = (0_u128, u128::from(count));
    let mut dividend = number.digits.iter();
    loop {
        let next = dividend.next();
        if next.is_none() && rest == 0 {
            return (digits, exponent, true);
        }
        if digits.len() == most {
            return (digits, exponent, false);
        }
        rest = rest * 10 + u128::from(next.map_or(0, |digit| digit - b'0'));
        let digit = (rest / count) as u8;
        rest %= count;
        match digits.is_empty() && digit == 0 {
            true => exponent -= 1,
            false => digits.push(b'0' + digit),
        }
    }
}

/// The digits of the next greater number with as many digits.
fn next(digits: &[u8]) -> Vec<u8> {
    let mut next = digits.to_vec();
    for digit in next.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return next;
        }
        *digit = b'0';
    }
    next.insert(0, b'1');
    next
}

fn exponent_of_next(digits: &[u8], exponent: i64) -> i64 {
    exponent + i64::from(digits.iter().all(|digit| *digit == b'9'))
}

fn near(negative: bool, digits: &[u8], exponent: i64) -> f64 {
    let sign = if negative { "-" } else { "" };
    let digits = String::from_utf8_lossy(digits);
    // Both are digits, so this can be parsed.
    let parsed = format!("{sign}0.{digits}0e{exponent}").parse();
    parsed.unwrap_or_default()
}

/// The text of the nearest `f64`; of a number beyond all of them, its first 17 digits.
fn shown(nearest: f64, negative: bool, digits: &[u8], exponent: i64) -> String {
    if nearest.is_finite() {
        return text(nearest);
    }
    let first = &digits[..digits.len().min(17)];
    Digits::new(negative, first.to_vec(), exponent).to_string()
}

/// The shortest text of a finite number that reads back as the same number.
pub(super) fn text(number: f64) -> String {
    // Negative zero is zero.
    let text = format!("{:?}", number + 0.0);
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}
