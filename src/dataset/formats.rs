//! How the values of a CSV are written, as far as its sender says so: `1.234,5`, `31.12.2026`, times without a zone.
//!
//! A value that is written so has a canonical text, which is a value in the grammars of [`value`]. The stored text
//! never changes; a value becomes canonical when it is read. If a column turns out to have strings, all its values are shown
//! as they came.

mod date;
mod datetime;
mod number;
mod separators;
mod zone;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{ColumnType, value};
pub use date::DateOrder;
pub use datetime::Datetimes;
pub use separators::{Decimal, Thousands};
pub use zone::Zone;

/// How values are written. What is `None` is not stated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formats {
    /// What separates the decimals of a number; without it, a point.
    pub decimal: Option<Decimal>,
    /// What separates the thousands of a number; without it, nothing.
    pub thousands: Option<Thousands>,
    /// In which order dates have day, month and year.
    pub dates: Option<DateOrder>,
    /// Whether datetimes may lack a zone.
    pub datetimes: Option<Datetimes>,
    /// The zone of datetimes that lack one. Then they may lack one.
    pub zone: Option<Zone>,
}

/// A text that names none of the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} isn't {what}: choose {choices}")]
pub struct UnknownFormat {
    found: String,
    what: &'static str,
    choices: &'static str,
}

/// Formats that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("decimals and thousands can't both be separated by {0:?}")]
pub struct SameSeparator(char);

impl Formats {
    /// The parameters that are stated, with their values.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let values = [
            ("decimal", self.decimal.map(|value| value.to_string())),
            ("thousands", self.thousands.map(|value| value.to_string())),
            ("dates", self.dates.map(|value| value.to_string())),
            ("datetimes", self.datetimes.map(|value| value.to_string())),
            ("zone", self.zone.as_ref().map(Zone::to_string)),
        ];
        let stated = values.into_iter();
        stated
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// The same formats without that of one parameter.
    #[must_use]
    pub fn without(mut self, parameter: &str) -> Self {
        match parameter {
            "decimal" => self.decimal = None,
            "thousands" => self.thousands = None,
            "dates" => self.dates = None,
            "datetimes" => self.datetimes = None,
            "zone" => self.zone = None,
            _ => {}
        }
        self
    }

    /// What is stated here, and for the rest what is stated there.
    #[must_use]
    pub fn or(self, kept: &Self) -> Self {
        Self {
            decimal: self.decimal.or(kept.decimal),
            thousands: self.thousands.or(kept.thousands),
            dates: self.dates.or(kept.dates),
            datetimes: self.datetimes.or(kept.datetimes),
            zone: self.zone.or_else(|| kept.zone.clone()),
        }
    }

    /// Checks that the formats agree with each other.
    ///
    /// # Errors
    /// [`SameSeparator`] if a number could be read in two ways.
    pub fn check(&self) -> Result<(), SameSeparator> {
        let decimal = self.decimal.unwrap_or_default().separator();
        match self.thousands {
            Some(thousands) if thousands.separates(decimal) => Err(SameSeparator(decimal)),
            _ => Ok(()),
        }
    }

    /// Whether values are written as they are without any format.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether datetimes may lack a zone.
    fn is_local(&self) -> bool {
        self.datetimes.is_some() || self.zone.is_some()
    }

    /// Whether numbers are only written as in JSON.
    pub(super) fn has_plain_numbers(&self) -> bool {
        self.decimal.unwrap_or_default() == Decimal::Point && self.thousands.is_none()
    }

    /// The canonical text of a value of that type; `None` if the text is not such a value.
    #[inline]
    pub fn canonical<'t>(&self, kind: ColumnType, text: &'t str) -> Option<Cow<'t, str>> {
        match kind {
            ColumnType::String => Some(Cow::Borrowed(text)),
            ColumnType::Boolean => value::boolean(text.as_bytes())
                .map(|value| Cow::Borrowed(if value { "true" } else { "false" })),
            ColumnType::Integer => {
                let text = self.number(text)?;
                value::integer(text.as_bytes()).is_some().then_some(text)
            }
            ColumnType::Number => {
                let text = self.number(text)?;
                value::number(text.as_bytes()).is_some().then_some(text)
            }
            ColumnType::Date => date::canonical(text, self.dates),
            ColumnType::Datetime => match value::instant(text.as_bytes()) {
                Some(_) => Some(Cow::Borrowed(text)),
                None if self.is_local() => {
                    datetime::canonical(text, self.dates, self.zone.as_ref()).map(Cow::Owned)
                }
                None => None,
            },
        }
    }

    fn number<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        number::canonical(text, self.decimal.unwrap_or_default(), self.thousands)
    }

    /// What a value of a column is read as: its canonical text if the column has values that are written otherwise.
    #[inline]
    pub fn read<'t>(&self, kind: ColumnType, text: Cow<'t, str>) -> Cow<'t, str> {
        match text {
            Cow::Borrowed(text) => self.canonical(kind, text).unwrap_or(Cow::Borrowed(text)),
            Cow::Owned(text) => match self.canonical(kind, &text) {
                Some(Cow::Owned(canonical)) => Cow::Owned(canonical),
                Some(Cow::Borrowed(canonical)) if canonical != text => {
                    Cow::Owned(canonical.to_owned())
                }
                _ => Cow::Owned(text),
            },
        }
    }

    /// The narrowest type that a text has by itself.
    pub fn kind_of(&self, text: &str) -> ColumnType {
        ColumnType::ALL
            .into_iter()
            .find(|kind| self.canonical(*kind, text).is_some())
            .unwrap_or(ColumnType::String)
    }

    /// By how many seconds a moment may move when the rules of its zone change in a later release: all that two zones can differ.
    /// What is stored about a column allows for that.
    pub(super) fn leeway(&self) -> i64 {
        const BETWEEN_ZONES: i64 = 26 * 3600;
        match &self.zone {
            Some(zone) if zone.may_change() => BETWEEN_ZONES,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
