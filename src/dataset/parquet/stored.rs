//! How the values of a column are stored.

use std::borrow::Cow;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::Type;

use crate::{Column, ColumnType, Field, Layout};

/// Digits that an `i64` holds, whatever they are.
const DIGITS_OF_64_BITS: u32 = 18;
/// Bytes of a DECIMAL with more digits.
pub(super) const WIDE: i32 = 16;

/// How the values of a column are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// BOOLEAN.
    Boolean,
    /// INT64.
    Integer,
    /// DECIMAL, in 64 bits if that is enough.
    Decimal {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// DATE.
    Date,
    /// TIMESTAMP in UTC, in microseconds or nanoseconds.
    Timestamp {
        /// Whether it has nanoseconds.
        nanos: bool,
    },
    /// STRING: the text as version 2 of the API writes it.
    Text,
}

impl Stored {
    /// Whether its values need more than 64 bits.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::Decimal { precision, .. } if precision > DIGITS_OF_64_BITS)
    }

    /// The column of the schema. Every column may have nulls, so that the schema doesn't change with the first null.
    pub(super) fn in_schema(self, name: &str) -> Result<Type, ParquetError> {
        let (physical, logical) = match self {
            Self::Boolean => (Physical::BOOLEAN, None),
            Self::Integer => (Physical::INT64, None),
            Self::Decimal { precision, scale } => {
                let physical = match self.is_wide() {
                    true => Physical::FIXED_LEN_BYTE_ARRAY,
                    false => Physical::INT64,
                };
                let logical = LogicalType::decimal(signed(scale), signed(precision));
                (physical, Some(logical))
            }
            Self::Date => (Physical::INT32, Some(LogicalType::Date)),
            Self::Timestamp { nanos } => {
                let unit = if nanos {
                    TimeUnit::NANOS
                } else {
                    TimeUnit::MICROS
                };
                (Physical::INT64, Some(LogicalType::timestamp(true, unit)))
            }
            Self::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let mut column = Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        if let Self::Decimal { precision, scale } = self {
            column = column
                .with_precision(signed(precision))
                .with_scale(signed(scale));
            if self.is_wide() {
                column = column.with_length(WIDE);
            }
        }
        column.build()
    }
}

/// Precision and scale are at most 38.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or_default()
}

/// A column that the file has.
#[derive(Debug, Clone)]
pub struct ShownColumn {
    /// Its place in a record.
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) unit: Option<String>,
    pub(super) kind: ColumnType,
    respelled: bool,
}

impl ShownColumn {
    /// The column at `place` in a record.
    pub fn new(column: &Column, place: usize) -> Self {
        Self {
            place,
            name: column.name.clone(),
            unit: column.unit.clone(),
            kind: column.kind,
            respelled: column.respelled,
        }
    }

    /// The canonical text of its value in a record; `None` for a null.
    pub(super) fn value<'t>(&self, fields: &[Field<'t>], layout: &Layout) -> Option<Cow<'t, str>> {
        // A checked row has a field for each column.
        let text = fields.get(self.place)?.text();
        match layout.is_null(&text) {
            true => None,
            false if self.respelled => Some(layout.formats.read(self.kind, text)),
            false => Some(text),
        }
    }
}
