//! The number of a version.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The N of vN: a positive number, which media types carry and which is the MAJOR of the semantic
/// version.
///
/// Displayed and parsed as `v1`; serialised as the number `1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(NonZeroU32);

impl VersionNumber {
    /// The version of that number; there is no v0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// N, as a number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// Reads a version as parameters name it: `v2`, `2` or `2.0`. The number before the first dot counts.
    #[must_use]
    pub fn named(text: &[u8]) -> Option<Self> {
        let number = text.split(|&byte| byte == b'.').next().unwrap_or_default();
        match number {
            [b'v' | b'V', digits @ ..] | digits => Self::from_digits(digits),
        }
    }

    /// Reads N as media types write it: decimal digits, no sign, no leading zero, no more than 32
    /// bits.
    pub(super) fn from_digits(digits: &[u8]) -> Option<Self> {
        if digits.first() == Some(&b'0') {
            return None;
        }
        let number = digits.iter().try_fold(0_u32, |number, digit| {
            let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
            number.checked_mul(10)?.checked_add(value)
        })?;
        Self::new(number)
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// A text that is not the name of a version, such as `v1`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` isn't a version; write v and a positive number without leading zeros, such as v1")]
pub struct NotAVersion(String);

impl FromStr for VersionNumber {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        text.strip_prefix('v')
            .and_then(|digits| Self::from_digits(digits.as_bytes()))
            .ok_or_else(|| NotAVersion(text.to_owned()))
    }
}
