//! Exponents of any size.

use std::cmp::Ordering;
use std::fmt;

/// A whole number. Each has one form only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Exponent {
    /// One that fits an `i64`, and is neither its least nor its greatest value.
    Near(i64),
    /// Any other.
    Far(Far),
}

/// A number beyond 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Far {
    negative: bool,
    /// Its decimal digits without leading zeros.
    digits: Vec<u8>,
}

impl Exponent {
    /// What `e+12` says, plus `shift`; without a text, `shift` alone. A shift is as small as the length of a text.
    pub(super) fn new(text: &[u8], shift: i64) -> Self {
        /// So many digits and a shift are within 64 bits.
        const FEW: usize = 18;
        let (negative, digits) = match text {
            [_, b'-', digits @ ..] => (true, digits),
            [_, b'+', digits @ ..] | [_, digits @ ..] => (false, digits),
            [] => return Self::Near(shift),
        };
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        let digits = &digits[zeros..];
        if digits.len() > FEW {
            // The sum has the sign of the power, which is far greater than the shift.
            let away = if negative { -shift } else { shift };
            return Self::of_digits(negative, sum(digits, away));
        }
        let power = digits
            .iter()
            .fold(0_i64, |power, digit| power * 10 + i64::from(digit - b'0'));
        Self::Near(if negative {
            shift - power
        } else {
            shift + power
        })
    }

    fn of_digits(negative: bool, digits: Vec<u8>) -> Self {
        let near = std::str::from_utf8(&digits).ok();
        let near = near.and_then(|digits| digits.parse::<i64>().ok());
        match near.filter(|near| *near != i64::MAX) {
            Some(near) if negative => Self::Near(-near),
            Some(near) => Self::Near(near),
            None => Self::Far(Far { negative, digits }),
        }
    }

    /// Bytes that order like the exponents.
    pub(super) fn sortable(&self) -> impl Iterator<Item = u8> {
        let (near, far) = match self {
            Self::Near(near) => (*near, None),
            Self::Far(far) if far.negative => (i64::MIN, Some(far)),
            Self::Far(far) => (i64::MAX, Some(far)),
        };
        let near = (near.cast_unsigned() ^ 1 << 63).to_be_bytes();
        near.into_iter()
            .chain(far.into_iter().flat_map(Far::sortable))
    }
}

impl fmt::Display for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}", String::from_utf8_lossy(&self.digits))
    }
}

impl Far {
    /// Bytes that order like exponents beyond 64 bits of the same sign: first their length.
    fn sortable(&self) -> impl Iterator<Item = u8> {
        let flip = if self.negative { 0xFF } else { 0 };
        let length = (self.digits.len() as u64).to_be_bytes();
        let bytes = length.into_iter().chain(self.digits.iter().copied());
        bytes.map(move |byte| byte ^ flip)
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        let length = self.digits.len().cmp(&other.digits.len());
        length.then_with(|| self.digits.cmp(&other.digits))
    }
}

impl Ord for Exponent {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Near(a), Self::Near(b)) => a.cmp(b),
            (Self::Near(_), Self::Far(far)) if far.negative => Ordering::Greater,
            (Self::Near(_), Self::Far(_)) => Ordering::Less,
            (Self::Far(_), Self::Near(_)) => other.cmp(self).reverse(),
            (Self::Far(a), Self::Far(b)) => match (a.negative, b.negative) {
                (false, false) => a.magnitude(b),
                (true, true) => b.magnitude(a),
                (a, b) => b.cmp(&a),
            },
        }
    }
}

impl PartialOrd for Exponent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Decimal digits plus a much smaller number, without leading zeros.
fn sum(digits: &[u8], number: i64) -> Vec<u8> {
    let mut sum = digits.to_vec();
    let mut carry = number;
    for digit in sum.iter_mut().rev() {
        if carry == 0 {
            break;
        }
        let with = i64::from(*digit - b'0') + carry;
        *digit = b'0' + with.rem_euclid(10) as u8;
        carry = with.div_euclid(10);
    }
    if carry > 0 {
        sum.splice(0..0, carry.to_string().into_bytes());
    }
    let zeros = sum.iter().take_while(|&&digit| digit == b'0').count();
    sum.drain(..zeros);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exponents in ascending order: each as it is written, with a shift.
    const ASCENDING: [(&str, i64); 14] = [
        ("e-1000000000000000000000", 0),
        ("e-99999999999999999999", -1),
        ("e-99999999999999999999", 1),
        ("e-9223372036854775808", 0),
        ("e-9223372036854775808", 2),
        ("", -3),
        ("e-0000000000000000000000000", 0),
        ("e+0000000000000000000000012", 0),
        ("e999999999999999999", 0),
        ("e999999999999999999", 1),
        ("e9223372036854775807", -1),
        ("e9223372036854775807", 0),
        ("e99999999999999999999", 0),
        ("e99999999999999999999", 7),
    ];

    #[test]
    fn exponents_are_compared_exactly_at_any_size() {
        let exponent = |(text, shift): (&str, i64)| Exponent::new(text.as_bytes(), shift);
        let bytes = |exponent: &Exponent| exponent.sortable().collect::<Vec<u8>>();
        for (at, a) in ASCENDING.map(exponent).iter().enumerate() {
            for (other, b) in ASCENDING.map(exponent).iter().enumerate() {
                assert_eq!(a.cmp(b), at.cmp(&other), "{a:?} {b:?}");
                assert_eq!(bytes(a).cmp(&bytes(b)), at.cmp(&other), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_sum_has_one_form_however_it_comes_about() {
        for (a, b) in [
            (("e1000000000000000000", 0), ("e999999999999999999", 1)),
            (("e9223372036854775808", -2), ("e9223372036854775806", 0)),
            (("e100000000000000000000", -1), ("e99999999999999999999", 0)),
            (
                ("e-100000000000000000000", 1),
                ("e-99999999999999999999", 0),
            ),
            (("e0000000000000000000005", 0), ("", 5)),
        ] {
            let [a, b] = [a, b].map(|(text, shift)| Exponent::new(text.as_bytes(), shift));
            assert_eq!(a, b);
        }
    }
}
