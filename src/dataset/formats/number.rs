//! Numbers with other separators than JSON's.

use std::borrow::Cow;

use super::{Decimal, Thousands};

/// The number as JSON writes it, with the same digits. What is not written as stated gives `None`; whether the rest is a number
/// of JSON is for the caller to check.
pub(super) fn canonical(
    text: &str,
    decimal: Decimal,
    thousands: Option<Thousands>,
) -> Option<Cow<'_, str>> {
    let point = decimal.separator();
    let is_behind = |character| character == point || matches!(character, 'e' | 'E');
    let (whole, behind) = text.split_at(text.find(is_behind).unwrap_or(text.len()));
    let whole = without_separators(whole, thousands)?;
    match (behind.strip_prefix(point), decimal) {
        (Some(decimals), Decimal::Comma) => Some(Cow::Owned(format!("{whole}.{decimals}"))),
        _ => Some(match whole {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(whole) => Cow::Owned(whole + behind),
        }),
    }
}

/// The whole part of a number without its separators, which must be before each three digits, or nowhere.
fn without_separators(whole: &str, thousands: Option<Thousands>) -> Option<Cow<'_, str>> {
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits(digits) {
        return Some(Cow::Borrowed(whole));
    }
    let thousands = thousands?;
    let mut groups = digits.split(|character| thousands.separates(character));
    let first = groups.next()?;
    let right = (1..=3).contains(&first.len())
        && all_digits(first)
        && groups.all(|group| group.len() == 3 && all_digits(group));
    right.then(|| {
        let kept = |character: &char| !thousands.separates(*character);
        Cow::Owned(whole.chars().filter(kept).collect())
    })
}
