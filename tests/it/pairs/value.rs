//! Types of columns and the order of values, written down once more in the plainest way.

use std::cmp::Ordering;

/// What all values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    Integer,
    Number,
    Date,
    Datetime,
    String,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::String => "string",
        }
    }

    /// The narrowest that a text has.
    pub fn of(text: &str) -> Self {
        if matches!(text, "true" | "false") {
            return Self::Boolean;
        }
        if text.parse::<i64>().is_ok_and(|n| n.to_string() == text) {
            return Self::Integer;
        }
        if is_number(text) {
            return Self::Number;
        }
        match shape(text).as_str() {
            "9999-99-99" => Self::Date,
            "9999-99-99T99:99:99Z" => Self::Datetime,
            _ => Self::String,
        }
    }

    /// The narrowest that all values of a column have.
    pub fn of_all<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let join = |one, other| match (one, other) {
            (one, other) if one == other => one,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::String,
        };
        texts.map(Self::of).reduce(join).unwrap_or(Self::String)
    }

    /// Whether values of a column may be compared with that text.
    pub fn takes(self, text: &str) -> bool {
        let kind = Self::of(text);
        match self {
            Self::String => true,
            Self::Integer | Self::Number => matches!(kind, Self::Integer | Self::Number),
            // A date is its midnight.
            Self::Datetime => matches!(kind, Self::Date | Self::Datetime),
            _ => kind == self,
        }
    }

    /// How two values of a column stand to each other.
    pub fn compare(self, one: &str, other: &str) -> Ordering {
        match self {
            // No number here has so many digits that an `f64` would not tell it from the next.
            Self::Integer | Self::Number => {
                let number = |text: &str| text.parse::<f64>().unwrap();
                number(one).total_cmp(&number(other))
            }
            Self::Datetime => {
                let moment = |text: &str| match Self::of(text) {
                    Self::Date => format!("{text}T00:00:00Z"),
                    _ => text.to_owned(),
                };
                moment(one).cmp(&moment(other))
            }
            // `false` is less than `true`, and all times have one zone, so their texts are in order.
            _ => one.as_bytes().cmp(other.as_bytes()),
        }
    }
}

/// JSON's spelling: serde_json takes blanks around it as well.
fn is_number(text: &str) -> bool {
    !text.contains(char::is_whitespace) && serde_json::from_str::<f64>(text).is_ok()
}

/// The text with 9 for each digit.
fn shape(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect()
}
