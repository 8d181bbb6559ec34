//! What separates the parts of a number.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::UnknownFormat;

/// What separates the decimals of a number from what is before them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decimal {
    /// `.`
    #[default]
    Point,
    /// `,`
    Comma,
}

/// What separates the thousands of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Thousands {
    /// `.`
    Point,
    /// `,`
    Comma,
    /// `'`, also as U+2019.
    Apostrophe,
    /// A space, also U+00A0 or U+202F, which don't break.
    Space,
    /// `_`
    Underscore,
}

impl Decimal {
    /// What may be stated.
    pub const CHOICES: &str = "one of . and ,";

    /// The character.
    pub fn separator(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

impl Thousands {
    /// What may be stated.
    pub const CHOICES: &str = "one of . , ' _ and space";

    /// Whether the character is such a separator.
    pub fn separates(self, character: char) -> bool {
        match self {
            Self::Point => character == '.',
            Self::Comma => character == ',',
            Self::Apostrophe => matches!(character, '\'' | '\u{2019}'),
            Self::Space => matches!(character, ' ' | '\u{A0}' | '\u{202F}'),
            Self::Underscore => character == '_',
        }
    }
}

impl FromStr for Decimal {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            _ => Err(UnknownFormat {
                found: text.to_owned(),
                what: "a separator of decimals",
                choices: Self::CHOICES,
            }),
        }
    }
}

impl FromStr for Thousands {
    type Err = UnknownFormat;

    /// Takes the character itself; for a space also the word `space`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "." => Ok(Self::Point),
            "," => Ok(Self::Comma),
            "'" | "\u{2019}" => Ok(Self::Apostrophe),
            "_" => Ok(Self::Underscore),
            " " | "\u{A0}" | "\u{202F}" | "space" => Ok(Self::Space),
            _ => Err(UnknownFormat {
                found: text.to_owned(),
                what: "a separator of thousands",
                choices: Self::CHOICES,
            }),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.separator())
    }
}

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Point => ".",
            Self::Comma => ",",
            Self::Apostrophe => "'",
            Self::Space => "space",
            Self::Underscore => "_",
        })
    }
}
