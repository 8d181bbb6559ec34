//! Names of datasets: short, lower-case and safe in a URL path without escaping.
//!
//! A [`DatasetName`] that exists is valid: there is no way to make another.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

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
        "{0:?} isn't a valid name for a dataset; use up to 63 characters from a to z, 0 to 9, - and _, and begin with a letter or digit"
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
    /// The last component without its extension, in lower case: letters lose their accents, and each run of other
    /// characters becomes one `-`, but for the ends.
    ///
    /// # Errors
    /// [`NameError::NothingLeft`] when no character of it can begin a name.
    pub fn from_filename(filename: &str) -> Result<Self, NameError> {
        let last = filename.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut name = String::new();
        for character in stem(last).chars().flat_map(plain) {
            match u8::try_from(character) {
                Ok(byte) if starts_name(byte) => name.push(character),
                // What can't begin a name is left out there.
                _ if name.is_empty() => {}
                Ok(b'_') => name.push('_'),
                _ if name.ends_with('-') => {}
                _ => name.push('-'),
            }
        }
        name.truncate(MAX_LEN);
        name.truncate(name.trim_end_matches('-').len());
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

/// A file's name without its extension: `people` of `people.csv` and of `people.csv.gz`.
fn stem(filename: &str) -> &str {
    let Some((stem, extension)) = filename.rsplit_once('.') else {
        return filename;
    };
    let is_one_of = |extension: &str, endings: &[&str]| {
        let mut endings = endings.iter();
        endings.any(|ending| extension.eq_ignore_ascii_case(ending))
    };
    match stem.rsplit_once('.') {
        Some((inner, csv))
            if is_one_of(extension, &["gz", "zst"]) && is_one_of(csv, &["csv", "tsv", "txt"]) =>
        {
            inner
        }
        _ => stem,
    }
}

/// What a character is in a name: its letters in lower case, without marks. Letters that Unicode doesn't take apart are in the table.
fn plain(character: char) -> impl Iterator<Item = char> {
    let lower = character.to_lowercase().flat_map(|character| {
        let letters = match character {
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'þ' => "th",
            'ø' => "o",
            'ł' => "l",
            'đ' | 'ð' => "d",
            'ħ' => "h",
            'ŧ' => "t",
            'ı' => "i",
            _ => "",
        };
        let other = letters.is_empty().then_some(character);
        letters.chars().chain(other)
    });
    lower
        .nfkd()
        .filter(|character| !is_combining_mark(*character))
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
