//! The values of the parameters that state a dialect: how they are read, and how they are written back.

use std::fmt;
use std::str::FromStr;

use super::Delimiter;

/// Bytes of a delimiter, and of what begins a comment.
const LONGEST: usize = 8;

/// What is between two fields of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Separator {
    /// One of the four usual delimiters.
    Usual(Delimiter),
    /// Any other text.
    Text(String),
    /// One or more spaces or tabs.
    Blanks,
    /// The file decides.
    Detected,
}

/// How fields are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// With this character, `"` unless another is stated.
    With(char),
    /// With `"`, which nowhere else may stand in a field.
    Strict,
    /// Not at all: `"` is an ordinary character.
    None,
    /// Each line is in quotes as a whole, and has a record inside.
    Lines,
}

impl Quote {
    /// The character around a field, or around a line. It is one of ASCII.
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::With(character) => u8::try_from(character).ok(),
            Self::Strict | Self::Lines => Some(b'"'),
            Self::None => None,
        }
    }
}

/// What to do with rows that have more or fewer fields than the header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ragged {
    /// A row that is too short gets nulls.
    pub pad: bool,
    /// A header that is shorter than its rows gets `column_N`.
    pub widen: bool,
    /// Fields that are too many go if they are empty.
    pub cut: bool,
}

/// Whether a byte is white space within a line.
pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

impl FromStr for Separator {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(delimiter) = text.parse() {
            return Ok(Self::Usual(delimiter));
        }
        match text {
            "space" | " " => Ok(Self::Blanks),
            "auto" => Ok(Self::Detected),
            "" => Err(()),
            _ if text.len() > LONGEST || text.contains(['\r', '\n', '\0']) => Err(()),
            _ => Ok(Self::Text(text.to_owned())),
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usual(delimiter) => delimiter.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Blanks => f.write_str("space"),
            Self::Detected => f.write_str("auto"),
        }
    }
}

impl fmt::Display for Ragged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stated = [(self.pad, "pad"), (self.widen, "widen"), (self.cut, "cut")];
        let words: Vec<_> = stated
            .iter()
            .filter_map(|(stated, word)| stated.then_some(*word))
            .collect();
        match words.as_slice() {
            [] => f.write_str("refuse"),
            words => f.write_str(&words.join(",")),
        }
    }
}

pub(super) fn quote(value: &str) -> Option<Quote> {
    match value {
        "none" => Some(Quote::None),
        "strict" => Some(Quote::Strict),
        "lines" => Some(Quote::Lines),
        _ => character(value).map(Quote::With),
    }
}

pub(super) fn escape(value: &str) -> Option<Option<char>> {
    match value {
        "none" => Some(None),
        _ => character(value).map(Some),
    }
}

/// The one character of a text. It has one byte, so that it is never part of another.
pub(super) fn character(value: &str) -> Option<char> {
    let mut characters = value.chars();
    let only = characters.next().filter(char::is_ascii)?;
    let usable = !only.is_ascii_alphanumeric() && !only.is_control() && only != ' ';
    (usable && characters.next().is_none()).then_some(only)
}

pub(super) fn comment(value: &str) -> Option<String> {
    let usable = value.len() <= LONGEST && !value.contains(['\r', '\n', '"']);
    usable.then(|| value.to_owned())
}

pub(super) fn number(value: &str, least: usize, most: usize) -> Option<usize> {
    let number = value.parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

/// Which of two words it is; whether it is the second.
pub(super) fn one_of(value: &str, first: &str, second: &str) -> Option<bool> {
    match value {
        _ if value == first => Some(false),
        _ if value == second => Some(true),
        _ => None,
    }
}

pub(super) fn ragged(value: &str) -> Option<Ragged> {
    let mut ragged = Ragged::default();
    if value == "refuse" {
        return Some(ragged);
    }
    for word in value.split(',') {
        match word {
            "pad" => ragged.pad = true,
            "widen" => ragged.widen = true,
            "cut" => ragged.cut = true,
            _ => return None,
        }
    }
    Some(ragged)
}
