//! Operands: the value that a filter compares fields with, of the column's type.

use std::cmp::Ordering;

use crate::decimal;
use crate::value::{self, Instant};
use crate::{ColumnType, Formats};

/// A value of some type.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Boolean(bool),
    Number(Number),
    Date(i32),
    Instant(Instant),
    Text(Box<[u8]>),
}

/// A number as it was written, with what makes most comparisons fast.
#[derive(Debug, Clone)]
pub(super) struct Number {
    /// The nearest `f64`.
    pub(super) near: f64,
    /// The number as an `i64` if it is one, however it is written.
    pub(super) integer: Option<i64>,
    text: Box<[u8]>,
}

impl Operand {
    /// Reads a value for a column of type `kind`; `None` if it isn't one.
    pub(super) fn read(kind: ColumnType, text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        match kind {
            ColumnType::Boolean => value::boolean(bytes).map(Self::Boolean),
            ColumnType::Integer | ColumnType::Number => Some(Self::Number(Number {
                near: value::number(bytes)?,
                integer: decimal::integer(bytes),
                text: bytes.into(),
            })),
            ColumnType::Date => value::date(bytes).map(Self::Date),
            ColumnType::Datetime => value::instant(bytes)
                .or_else(|| value::midnight(bytes))
                .map(Self::Instant),
            ColumnType::String => Some(Self::Text(bytes.into())),
        }
    }

    /// Reads the text of a field, which may be written in these formats, as a value of type `kind`.
    pub(super) fn narrowed(kind: ColumnType, text: &str, formats: &Formats) -> Option<Self> {
        Self::read(kind, &formats.canonical(kind, text)?)
    }

    /// Describes the values of a type.
    pub(super) fn expected(kind: ColumnType) -> &'static str {
        match kind {
            ColumnType::Boolean => "true or false",
            ColumnType::Integer | ColumnType::Number => "a number as in JSON, such as 5 or -1.5",
            ColumnType::Date => "a date as YYYY-MM-DD",
            ColumnType::Datetime => {
                "a datetime as in RFC 3339, such as 2026-11-22T12:00:00Z (in a URL, + is written %2B), or a date, which is its midnight in UTC"
            }
            ColumnType::String => "any text",
        }
    }

    /// How a field's value compares with this one; `None` if the field is not of its type, which can't happen in a checked column.
    #[inline]
    pub(super) fn compare(&self, field: &[u8]) -> Option<Ordering> {
        match self {
            Self::Text(text) => Some(field.cmp(text)),
            Self::Number(number) => Some(NumberField::of(field)?.compare(number)),
            Self::Date(date) => Some(value::date(field)?.cmp(date)),
            Self::Instant(instant) => Some(value::instant(field)?.cmp(instant)),
            Self::Boolean(boolean) => Some(value::boolean(field)?.cmp(boolean)),
        }
    }

    /// Orders two values of one type.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a
                .near
                .total_cmp(&b.near)
                .then_with(|| decimal::compare(&a.text, &b.text)),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }

    /// Searches sorted values of this one's type for a field, with the result of `binary_search`. The field is read once.
    pub(super) fn search(&self, field: &[u8], ordered: &[Self]) -> Option<Result<usize, usize>> {
        let search = |order: &dyn Fn(&Self) -> Ordering| Some(ordered.binary_search_by(order));
        match self {
            Self::Text(_) => search(&|other| match other {
                Self::Text(other) => (**other).cmp(field),
                _ => Ordering::Equal,
            }),
            Self::Number(_) => {
                let field = NumberField::of(field)?;
                search(&|other| match other {
                    Self::Number(other) => field.compare(other).reverse(),
                    _ => Ordering::Equal,
                })
            }
            Self::Date(_) => {
                let field = Self::Date(value::date(field)?);
                search(&|other| other.order(&field))
            }
            Self::Instant(_) => {
                let field = Self::Instant(value::instant(field)?);
                search(&|other| other.order(&field))
            }
            Self::Boolean(_) => {
                let field = Self::Boolean(value::boolean(field)?);
                search(&|other| other.order(&field))
            }
        }
    }

    /// The text, if this is a value for string columns.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// The only text of a field that equals this value, if there is only one. For a number: of an integer field.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.to_vec()),
            Self::Boolean(boolean) => Some(boolean.to_string().into_bytes()),
            Self::Number(number) => Some(number.integer?.to_string().into_bytes()),
            Self::Date(_) | Self::Instant(_) => None,
        }
    }
}

/// A field that is a number.
struct NumberField<'f> {
    /// The nearest `f64`.
    near: f64,
    /// The number as an `i64`, if it is written as one.
    integer: Option<i64>,
    text: &'f [u8],
}

impl<'f> NumberField<'f> {
    #[inline]
    fn of(text: &'f [u8]) -> Option<Self> {
        let integer = value::integer(text);
        let near = match integer {
            Some(integer) => integer as f64,
            None => value::number(text)?,
        };
        Some(Self {
            near,
            integer,
            text,
        })
    }

    #[inline]
    fn compare(&self, to: &Number) -> Ordering {
        if let (Some(field), Some(integer)) = (self.integer, to.integer) {
            return field.cmp(&integer);
        }
        // Rounding keeps the order, so only numbers that round alike need a closer look.
        match self.near.partial_cmp(&to.near) {
            Some(Ordering::Equal) | None => decimal::compare(self.text, &to.text),
            Some(other) => other,
        }
    }
}
