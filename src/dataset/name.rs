//! Names of datasets: short, lower-case and safe in a URL path without escaping.
//!
//! A [`DatasetName`] that exists is valid: there is no way to make another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name, in bytes.
const MAX_LEN: usize = 63;

/// A dataset's name: `[a-z0-9][a-z0-9_-]{0,62}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName(String);

/// Why a text is not a dataset's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The text is not of the form that names have.
    #[error(
        "{0:?} is not a dataset name: use 1 to 63 of a-z, 0-9, '_' and '-', beginning with a letter or a digit"
    )]
    Invalid(String),
    /// Nothing of the filename can be part of a name.
    #[error(
        "the filename {0:?} holds no letter or digit (a-z, 0-9) to name the dataset by; state a name"
    )]
    NothingLeft(String),
}

impl DatasetName {
    /// Takes a text that is a name already.
    ///
    /// # Errors
    /// [`NameError::Invalid`] when it is not of the form.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let [first, rest @ ..] = name.as_bytes() else {
            return Err(NameError::Invalid(String::new()));
        };
        let valid =
            starts_name(*first) && rest.iter().all(|&b| continues_name(b)) && name.len() <= MAX_LEN;
        if valid {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError::Invalid(name.chars().take(MAX_LEN + 1).collect()))
        }
    }

    /// Makes a name out of a filename, with or without a path of either kind.
    ///
    /// The last component, lower-cased, without its extension; every other character becomes `-`, and what cannot
    /// begin a name is trimmed.
    ///
    /// # Errors
    /// [`NameError::NothingLeft`] when no character of it can begin a name.
    pub fn from_filename(filename: &str) -> Result<Self, NameError> {
        let last = filename.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
        let name: String = stem
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| {
                if u8::try_from(c).is_ok_and(continues_name) {
                    c
                } else {
                    '-'
                }
            })
            .skip_while(|c| !c.is_ascii_alphanumeric())
            .take(MAX_LEN)
            .collect();
        if name.is_empty() {
            return Err(NameError::NothingLeft(last.chars().take(MAX_LEN).collect()));
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn continues_name(byte: u8) -> bool {
    starts_name(byte) || byte == b'_' || byte == b'-'
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for DatasetName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for DatasetName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl TryFrom<String> for DatasetName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl From<DatasetName> for String {
    fn from(name: DatasetName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests;
