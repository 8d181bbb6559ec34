//! The first and the last of many values, as texts.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::{ColumnType, decimal, value};

/// The position of a value among those of its type: the number itself, days since 1970 for a date, and seconds since 1970 for
/// a datetime (UTC). Values that are close may have the same position.
pub(super) fn position(kind: ColumnType, text: &[u8]) -> Option<f64> {
    match kind {
        ColumnType::Integer | ColumnType::Number => value::number(text),
        ColumnType::Date => value::date(text).map(f64::from),
        ColumnType::Datetime => {
            let instant = value::instant(text)?;
            // A leap second comes before the next second, so it must not have a position behind that.
            let nanos = instant.nanos.min(value::LEAP);
            Some(instant.seconds as f64 + f64::from(nanos) / 1e9)
        }
        ColumnType::Boolean | ColumnType::String => None,
    }
}

/// Which of two values of a type comes first.
pub(super) fn compare(kind: ColumnType, a: &[u8], b: &[u8]) -> Ordering {
    match kind {
        ColumnType::Integer | ColumnType::Number => decimal::compare(a, b),
        ColumnType::Datetime => {
            let moment = |text| value::instant(text).map(|at| (at.seconds, at.nanos));
            moment(a).cmp(&moment(b))
        }
        ColumnType::Boolean | ColumnType::Date | ColumnType::String => a.cmp(b),
    }
}

/// The first and the last of some values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Extremes {
    pub(super) least: Box<str>,
    pub(super) greatest: Box<str>,
    /// Their positions, which decide unless they are equal.
    places: (f64, f64),
}

impl Extremes {
    pub(super) fn one(text: &str, place: f64) -> Self {
        Self {
            least: text.into(),
            greatest: text.into(),
            places: (place, place),
        }
    }

    pub(super) fn include(&mut self, kind: ColumnType, text: &str, place: f64) {
        let before = |text: &str, place: f64, other: &str, at: f64| {
            place < at || place == at && compare(kind, text.as_bytes(), other.as_bytes()).is_lt()
        };
        if before(text, place, &self.least, self.places.0) {
            self.least = text.into();
            self.places.0 = place;
        }
        if before(&self.greatest, self.places.1, text, place) {
            self.greatest = text.into();
            self.places.1 = place;
        }
    }

    pub(super) fn merge(&mut self, kind: ColumnType, other: &Self) {
        self.include(kind, &other.least, other.places.0);
        self.include(kind, &other.greatest, other.places.1);
    }
}
