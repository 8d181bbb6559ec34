//! Numbers as their digits, and how they are written.

use std::fmt::{self, Write as _};

/// A number, `0.DIGITS × 10^exponent`. Neither its first nor its last digit is 0; zero has no digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) negative: bool,
    pub(crate) digits: Vec<u8>,
    pub(crate) exponent: i64,
}

/// Numbers below `10^LONG` are written without an exponent.
const LONG: i64 = 400;
/// Numbers of at least `10^-SHORT` too.
const SHORT: i64 = 40;

impl Digits {
    /// A number whose digits may begin or end with zeros.
    pub(crate) fn new(negative: bool, mut digits: Vec<u8>, exponent: i64) -> Self {
        let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
        digits.drain(..zeros);
        while digits.pop_if(|digit| *digit == b'0').is_some() {}
        match digits.is_empty() {
            true => Self::default(),
            false => Self {
                negative,
                digits,
                exponent: exponent - zeros as i64,
            },
        }
    }

    /// So many units of `10^-decimals`.
    pub(crate) fn of(units: i128, decimals: u32) -> Self {
        let digits = units.unsigned_abs().to_string().into_bytes();
        let exponent = digits.len() as i64 - i64::from(decimals);
        Self::new(units < 0, digits, exponent)
    }
}

/// All digits, as a JSON number.
impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = String::from_utf8_lossy(&self.digits);
        let zeros =
            |f: &mut fmt::Formatter<'_>, count: i64| (0..count).try_for_each(|_| f.write_char('0'));
        if self.negative {
            f.write_char('-')?;
        }
        let length = digits.len() as i64;
        match self.exponent {
            _ if length == 0 => f.write_char('0'),
            exponent if exponent <= -SHORT || exponent > LONG => {
                let (first, rest) = digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                write!(f, "{first}{point}{rest}e{}", exponent - 1)
            }
            exponent if exponent <= 0 => {
                f.write_str("0.")?;
                zeros(f, -exponent)?;
                f.write_str(&digits)
            }
            exponent if exponent >= length => {
                f.write_str(&digits)?;
                zeros(f, exponent - length)
            }
            exponent => {
                let (whole, decimals) = digits.split_at(exponent as usize);
                write!(f, "{whole}.{decimals}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::decimal::{digits, normal};

    #[test]
    fn equal_numbers_have_one_normal_text_and_it_has_all_digits() {
        for (texts, text) in [
            (
                &["0", "-0", "0.00", "-0e5", "0e99999999999999999999"][..],
                "0",
            ),
            (&["1.5", "1.50", "15e-1", "0.15E+1"], "1.5"),
            (&["-1000", "-1e3", "-1000.000"], "-1000"),
            (&["0.001", "1e-3", "0.0010"], "0.001"),
            (
                &["12345678901234567890123456789012345678901234567890"],
                "12345678901234567890123456789012345678901234567890",
            ),
            (&["1.20e401", "12e400"], "1.2e401"),
            (&["1e-41", "0.1e-40"], "1e-41"),
            (
                &["1e99999999999999999999", "0.10e100000000000000000000"],
                "0.1e100000000000000000000",
            ),
        ] {
            for one in texts {
                assert_eq!(normal(one), text, "{one}");
                assert_eq!(normal(text), text);
            }
        }
    }

    #[test]
    fn digits_have_neither_zeros_before_nor_behind_them() {
        let number = digits("-0.0012300e7").unwrap();
        assert_eq!(
            (number.negative, &*number.digits, number.exponent),
            (true, &b"123"[..], 5)
        );
    }
}
