//! What is stated about the form of a CSV, as parameters.
//!
//! Each parameter stands here once: its name, its values, and how it is written back. The API, `flash import` and the stored
//! layout all use this one list. A parameter that is not stated leaves what the dataset has; one that is stated at its default
//! (`skip=0`, `quote="`) takes that back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::values::{Quote, Ragged, Separator, comment, escape, number, one_of, quote, ragged};
use crate::Delimiter;

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
/// Rows that may be kept apart at most.
const MOST_BAD_ROWS: usize = 100_000;
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
