//! What is stated about the form of a CSV, as parameters.
//!
//! Each parameter stands here once: its name, its values, and how it is written back. The API, `flash import` and the stored
//! layout all use this one list. A parameter that is not stated leaves what the dataset has; one that is stated at its default
//! (`skip=0`, `quote="`) takes that back.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Delimiter;

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

/// What is stated about the form of a CSV. The default states nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<String, String>",
    into = "BTreeMap<String, String>"
)]
pub struct Dialect {
    /// What is between two fields.
    pub delimiter: Option<Separator>,
    /// How fields are quoted.
    pub quote: Option<Quote>,
    /// The character that takes the meaning from the one after it; `Some(None)`: there is none.
    pub escape: Option<Option<char>>,
    /// How lines begin that are no rows; empty: no line is a comment.
    pub comment: Option<String>,
    /// Lines above the header.
    pub skip: Option<usize>,
    /// Lines below the last row.
    pub skip_last: Option<usize>,
    /// Records that the header has.
    pub header_rows: Option<usize>,
    /// Records under the header that have the columns' units.
    pub units: Option<usize>,
    /// Whether blanks around fields go.
    pub trim: Option<bool>,
    /// What to do with rows of another length.
    pub ragged: Option<Ragged>,
    /// Whether rows that don't fit are kept apart.
    pub set_aside: Option<bool>,
    /// How many rows may be kept apart.
    pub bad_rows_max: Option<usize>,
    /// Whether U+0000 is an ordinary character.
    pub keep_null_bytes: Option<bool>,
}

/// A value that a parameter can't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value} can't be read: {expected}")]
pub struct BadParameter {
    /// The parameter.
    pub name: &'static str,
    /// What was given.
    pub value: String,
    /// What may be given.
    pub expected: &'static str,
}

/// Parameters that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCombination(&'static str);

/// A parameter: its name, what may be given, and what it means.
#[derive(Debug)]
pub struct Parameter {
    /// The name in a query.
    pub name: &'static str,
    /// The name as an option of a command.
    pub option: &'static str,
    /// What may be given, as a sentence goes on after "choose".
    pub expected: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// The value that takes back what was stated before.
    pub default: &'static str,
}

/// Lines that `skip` and `skip_last` may name.
const MOST_LINES: usize = 1000;
/// Records that a header, or units, may have.
const MOST_RECORDS: usize = 10;
/// Rows that may be kept apart unless more are stated, and at most.
const BAD_ROWS: usize = 1000;
const MOST_BAD_ROWS: usize = 100_000;
/// Bytes of a delimiter, and of what begins a comment.
const LONGEST: usize = 8;

/// All parameters of the form, in the order in which they are told.
pub const PARAMETERS: [Parameter; 13] = [
    Parameter {
        name: "delimiter",
        option: "delimiter",
        expected: "one character or several, such as ; or ::, or tab, or space for any number of blanks, or auto",
        meaning: "What is between two fields. auto: the file decides.",
        default: "auto",
    },
    Parameter {
        name: "quote",
        option: "quote",
        expected: "one character, or none, strict or lines",
        meaning: "The character around a field that has the delimiter in it. none: quotes are ordinary characters. strict: a quote inside an unquoted field is refused. lines: each line is in quotes as a whole.",
        default: "\"",
    },
    Parameter {
        name: "escape",
        option: "escape",
        expected: r"one character, such as \, or none",
        meaning: "The character that takes the meaning from the one after it.",
        default: "none",
    },
    Parameter {
        name: "comment",
        option: "comment",
        expected: "1 to 8 bytes, such as #, or nothing for no comments",
        meaning: "Lines that begin so are no rows.",
        default: "",
    },
    Parameter {
        name: "skip",
        option: "skip",
        expected: "a whole number from 0 to 1000",
        meaning: "The number of lines above the header that are not part of the table.",
        default: "0",
    },
    Parameter {
        name: "skip_last",
        option: "skip-last",
        expected: "a whole number from 0 to 1000",
        meaning: "The number of lines below the table that are not part of it. Empty lines at the end don't count.",
        default: "0",
    },
    Parameter {
        name: "header_rows",
        option: "header-rows",
        expected: "a whole number from 1 to 10",
        meaning: "The number of rows that the header has. Their cells are joined by a space; an empty cell takes the text to its left.",
        default: "1",
    },
    Parameter {
        name: "units",
        option: "units",
        expected: "a whole number from 0 to 10",
        meaning: "The number of rows under the header that have the columns' units.",
        default: "0",
    },
    Parameter {
        name: "trim",
        option: "trim",
        expected: "both or none",
        meaning: "both: blanks around fields go, also those between a delimiter and a quote.",
        default: "none",
    },
    Parameter {
        name: "ragged",
        option: "ragged",
        expected: "refuse, or one or more of pad, widen and cut, with commas between them",
        meaning: "What to do with rows of another length. pad: short rows get nulls. widen: a header that is shorter than its rows gets column_N. cut: empty fields that are too many go.",
        default: "refuse",
    },
    Parameter {
        name: "bad_rows",
        option: "bad-rows",
        expected: "refuse or set-aside",
        meaning: "set-aside: rows that don't fit are kept apart.",
        default: "refuse",
    },
    Parameter {
        name: "bad_rows_max",
        option: "bad-rows-max",
        expected: "a whole number from 0 to 100000",
        meaning: "How many rows may be kept apart: 1000 unless stated.",
        default: "1000",
    },
    Parameter {
        name: "null_bytes",
        option: "null-bytes",
        expected: "refuse or keep",
        meaning: "keep: U+0000 is an ordinary character.",
        default: "refuse",
    },
];

impl Dialect {
    /// States a parameter. Returns `false` if there is none of that name.
    ///
    /// # Errors
    /// [`BadParameter`] if it can't have the value.
    pub fn state(&mut self, name: &str, value: &str) -> Result<bool, BadParameter> {
        let Some(parameter) = PARAMETERS.iter().find(|known| known.name == name) else {
            return Ok(false);
        };
        match self.stated(name, value) {
            Some(()) => Ok(true),
            None => Err(BadParameter {
                name: parameter.name,
                value: value.chars().take(40).collect(),
                expected: parameter.expected,
            }),
        }
    }

    fn stated(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "delimiter" => self.delimiter = Some(value.parse().ok()?),
            "quote" => self.quote = Some(quote(value)?),
            "escape" => self.escape = Some(escape(value)?),
            "comment" => self.comment = Some(comment(value)?),
            "skip" => self.skip = Some(number(value, 0, MOST_LINES)?),
            "skip_last" => self.skip_last = Some(number(value, 0, MOST_LINES)?),
            "header_rows" => self.header_rows = Some(number(value, 1, MOST_RECORDS)?),
            "units" => self.units = Some(number(value, 0, MOST_RECORDS)?),
            "trim" => self.trim = Some(one_of(value, "none", "both")?),
            "ragged" => self.ragged = Some(ragged(value)?),
            "bad_rows" => self.set_aside = Some(one_of(value, "refuse", "set-aside")?),
            "bad_rows_max" => self.bad_rows_max = Some(number(value, 0, MOST_BAD_ROWS)?),
            "null_bytes" => self.keep_null_bytes = Some(one_of(value, "refuse", "keep")?),
            _ => return None,
        }
        Some(())
    }

    /// The parameters that are stated, with their values.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let number = |number: Option<usize>| number.map(|number| number.to_string());
        let choice = |stated: Option<bool>, no: &str, yes: &str| {
            stated.map(|stated| if stated { yes } else { no }.to_owned())
        };
        let values = [
            self.delimiter.as_ref().map(Separator::to_string),
            self.quote.map(|quote| match quote {
                Quote::With(character) => character.to_string(),
                Quote::Strict => "strict".to_owned(),
                Quote::None => "none".to_owned(),
                Quote::Lines => "lines".to_owned(),
            }),
            self.escape
                .map(|escape| escape.map_or("none".to_owned(), String::from)),
            self.comment.clone(),
            number(self.skip),
            number(self.skip_last),
            number(self.header_rows),
            number(self.units),
            choice(self.trim, "none", "both"),
            self.ragged.map(|ragged| ragged.to_string()),
            choice(self.set_aside, "refuse", "set-aside"),
            number(self.bad_rows_max),
            choice(self.keep_null_bytes, "refuse", "keep"),
        ];
        let named = PARAMETERS.iter().zip(values);
        named
            .filter_map(|(parameter, value)| Some((parameter.name, value?)))
            .collect()
    }

    /// The parameters that are stated, with the values that take them back. What `bad_rows` takes back, `bad_rows_max` loses too.
    pub fn taken_back(&self) -> Vec<(&'static str, &'static str)> {
        let stated = self.parameters();
        let is_stated = |parameter: &&Parameter| {
            let mut names = stated.iter().map(|(name, _)| *name);
            parameter.name != "bad_rows_max" && names.any(|name| name == parameter.name)
        };
        let stated = PARAMETERS.iter().filter(is_stated);
        stated
            .map(|parameter| (parameter.name, parameter.default))
            .collect()
    }

    /// The same without what is said about a header and the lines around a table: it holds for rows alone.
    #[must_use]
    pub fn of_rows(self) -> Self {
        Self {
            skip: None,
            skip_last: None,
            header_rows: None,
            units: None,
            ragged: self.ragged.map(|ragged| Ragged {
                widen: false,
                ..ragged
            }),
            ..self
        }
    }

    /// What is stated here, and for the rest what is stated there.
    #[must_use]
    pub fn or(self, kept: &Self) -> Self {
        let kept_max = kept.bad_rows_max.filter(|_| self.set_aside != Some(false));
        Self {
            delimiter: self.delimiter.or_else(|| kept.delimiter.clone()),
            quote: self.quote.or(kept.quote),
            escape: self.escape.or(kept.escape),
            comment: self.comment.or_else(|| kept.comment.clone()),
            skip: self.skip.or(kept.skip),
            skip_last: self.skip_last.or(kept.skip_last),
            header_rows: self.header_rows.or(kept.header_rows),
            units: self.units.or(kept.units),
            trim: self.trim.or(kept.trim),
            ragged: self.ragged.or(kept.ragged),
            set_aside: self.set_aside.or(kept.set_aside),
            bad_rows_max: self.bad_rows_max.or(kept_max),
            keep_null_bytes: self.keep_null_bytes.or(kept.keep_null_bytes),
        }
    }

    /// Checks that the parameters have a meaning together.
    ///
    /// # Errors
    /// [`BadCombination`] if two of them exclude each other.
    pub fn check(&self, header_absent: bool) -> Result<(), BadCombination> {
        let refused = |why| Err(BadCombination(why));
        let quote = match self.quote() {
            Quote::With(character) => Some(character),
            Quote::Strict | Quote::Lines => Some('"'),
            Quote::None => None,
        };
        let delimiter = match &self.delimiter {
            Some(Separator::Usual(delimiter)) => char::from(delimiter.byte()).to_string(),
            Some(Separator::Text(text)) => text.clone(),
            Some(Separator::Blanks) => " \t".to_owned(),
            Some(Separator::Detected) | None => String::new(),
        };
        if quote.is_some_and(|quote| delimiter.contains(quote)) {
            return refused(
                "delimiter and quote have the same character; state another for one of them",
            );
        }
        if let Some(escape) = self.escape() {
            if Some(escape) == quote {
                return refused(
                    "escape and quote are the same character; leave escape out, since a doubled quote means one quote anyway",
                );
            }
            if delimiter.contains(escape) {
                return refused(
                    "delimiter and escape have the same character; state another for one of them",
                );
            }
        }
        if header_absent && (self.header_rows.is_some_and(|rows| rows > 1) || self.units() > 0) {
            return refused(
                "header=absent goes with neither header_rows nor units: these are parts of a header",
            );
        }
        if header_absent && self.ragged().widen {
            return refused(
                "header=absent doesn't go with ragged=widen, which is for a header that is too short; state ragged=pad",
            );
        }
        if self.bad_rows_max.is_some() && !self.sets_aside() {
            return refused("bad_rows_max needs bad_rows=set-aside");
        }
        Ok(())
    }

    /// How fields are quoted.
    pub fn quote(&self) -> Quote {
        self.quote.unwrap_or(Quote::With('"'))
    }

    /// The character that takes the meaning from the one after it.
    pub fn escape(&self) -> Option<char> {
        self.escape.flatten()
    }

    /// How comments begin.
    pub fn comment(&self) -> Option<&str> {
        self.comment
            .as_deref()
            .filter(|comment| !comment.is_empty())
    }

    /// Lines above the header.
    pub fn skip(&self) -> usize {
        self.skip.unwrap_or(0)
    }

    /// Lines below the last row.
    pub fn skip_last(&self) -> usize {
        self.skip_last.unwrap_or(0)
    }

    /// Records that the header has.
    pub fn header_rows(&self) -> usize {
        self.header_rows.unwrap_or(1)
    }

    /// Records under the header that have the columns' units.
    pub fn units(&self) -> usize {
        self.units.unwrap_or(0)
    }

    /// Whether blanks around fields go.
    pub fn trims(&self) -> bool {
        self.trim.unwrap_or(false)
    }

    /// What to do with rows of another length.
    pub fn ragged(&self) -> Ragged {
        self.ragged.unwrap_or_default()
    }

    /// Whether rows that don't fit are kept apart.
    pub fn sets_aside(&self) -> bool {
        self.set_aside.unwrap_or(false)
    }

    /// How many rows may be kept apart.
    pub fn bad_rows_max(&self) -> usize {
        self.bad_rows_max.unwrap_or(BAD_ROWS)
    }

    /// Whether U+0000 is an ordinary character.
    pub fn keeps_null_bytes(&self) -> bool {
        self.keep_null_bytes.unwrap_or(false)
    }

    /// The delimiter, if it is one of the usual four.
    pub fn usual_delimiter(&self) -> Option<Delimiter> {
        match self.delimiter {
            Some(Separator::Usual(delimiter)) => Some(delimiter),
            _ => None,
        }
    }

    /// Whether a file of this dialect has the form that is stored as it is.
    pub fn is_stored_as_it_is(&self) -> bool {
        matches!(
            self.delimiter,
            None | Some(Separator::Usual(_) | Separator::Detected)
        ) && self.quote() == Quote::With('"')
            && self.escape().is_none()
            && self.comment().is_none()
            && self.skip() == 0
            && self.skip_last() == 0
            && self.header_rows() == 1
            && self.units() == 0
            && !self.trims()
            && self.ragged() == Ragged::default()
            && !self.sets_aside()
    }
}

/// A dialect of which the delimiter is stated.
impl From<Delimiter> for Dialect {
    fn from(delimiter: Delimiter) -> Self {
        Self {
            delimiter: Some(Separator::Usual(delimiter)),
            ..Self::default()
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for Dialect {
    type Error = String;

    fn try_from(stored: BTreeMap<String, String>) -> Result<Self, Self::Error> {
        let mut dialect = Self::default();
        for (name, value) in stored {
            match dialect.state(&name, &value) {
                Ok(true) => {}
                Ok(false) => return Err(format!("{name} is a parameter of a later release")),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(dialect)
    }
}

impl From<Dialect> for BTreeMap<String, String> {
    fn from(dialect: Dialect) -> Self {
        let stated = dialect.parameters().into_iter();
        stated
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
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

fn quote(value: &str) -> Option<Quote> {
    match value {
        "none" => Some(Quote::None),
        "strict" => Some(Quote::Strict),
        "lines" => Some(Quote::Lines),
        _ => character(value).map(Quote::With),
    }
}

fn escape(value: &str) -> Option<Option<char>> {
    match value {
        "none" => Some(None),
        _ => character(value).map(Some),
    }
}

/// The one character of a text. It has one byte, so that it is never part of another.
fn character(value: &str) -> Option<char> {
    let mut characters = value.chars();
    let only = characters.next().filter(char::is_ascii)?;
    let usable = !only.is_ascii_alphanumeric() && !only.is_control() && only != ' ';
    (usable && characters.next().is_none()).then_some(only)
}

fn comment(value: &str) -> Option<String> {
    let usable = value.len() <= LONGEST && !value.contains(['\r', '\n', '"']);
    usable.then(|| value.to_owned())
}

fn number(value: &str, least: usize, most: usize) -> Option<usize> {
    let number = value.parse().ok()?;
    (least..=most).contains(&number).then_some(number)
}

/// Which of two words it is; whether it is the second.
fn one_of(value: &str, first: &str, second: &str) -> Option<bool> {
    match value {
        _ if value == first => Some(false),
        _ if value == second => Some(true),
        _ => None,
    }
}

fn ragged(value: &str) -> Option<Ragged> {
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
