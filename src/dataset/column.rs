//! Columns and their types.
//!
//! The types form a join: [`ColumnType::join`] is associative, commutative and idempotent, so that a column's type is
//! the same however its values were split into raw blocks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::value;

/// What all values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// `true` or `false`, also as `TRUE` or `True`.
    Boolean,
    /// A JSON integer that fits an `i64`.
    Integer,
    /// A JSON number (RFC 8259, section 6).
    Number,
    /// A day of the calendar, `YYYY-MM-DD`.
    Date,
    /// A moment, as RFC 3339 writes it.
    Datetime,
    /// Any text.
    String,
}

/// A column of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Column {
    /// Its name, from the header.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether any of its values is null.
    pub nullable: bool,
    /// Its unit, if the file has units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = String)]
    pub unit: Option<String>,
    /// Whether any of its values is written otherwise than version 2 writes it, such as `TRUE`, or `1,5` with `decimal=,`.
    /// Always `false` in a column of strings.
    #[serde(skip)]
    pub respelled: bool,
}

/// A text that names no column type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} isn't a column type; choose {choices}", choices = ColumnType::CHOICES)]
pub struct UnknownColumnType(
    /// What was given.
    pub String,
);

impl ColumnType {
    /// What may be written, for errors.
    pub const CHOICES: &str = "boolean, integer, number, date, datetime or string";

    /// Every type, the narrow ones first.
    pub const ALL: [Self; 6] = [
        Self::Boolean,
        Self::Integer,
        Self::Number,
        Self::Date,
        Self::Datetime,
        Self::String,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::String => "string",
        }
    }

    /// The narrowest type that holds the values of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::String,
        }
    }

    /// The narrowest type that a text has by itself.
    pub fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    pub(super) fn of_bytes(text: &[u8]) -> Self {
        Self::ALL
            .into_iter()
            .find(|kind| kind.fits(text))
            .unwrap_or(Self::String)
    }

    /// Whether a text is a value of this type.
    pub fn accepts(self, text: &str) -> bool {
        self.fits(text.as_bytes())
    }

    fn fits(self, text: &[u8]) -> bool {
        match self {
            Self::Boolean => value::boolean(text).is_some(),
            Self::Integer => value::integer(text).is_some(),
            Self::Number => value::number(text).is_some(),
            Self::Date => value::date(text).is_some(),
            Self::Datetime => value::instant(text).is_some(),
            Self::String => true,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ColumnType {
    type Err = UnknownColumnType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownColumnType(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
