//! The functions of groups, and the periods that times are grouped by.

use crate::ColumnType;

/// A function that is computed of the values of a group. Nulls are no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// How many values there are; without a column, how many rows.
    Count,
    /// How many different values there are.
    Distinct,
    /// The least value, as it is written.
    Min,
    /// The greatest value, as it is written.
    Max,
    /// The exact sum.
    Sum,
    /// The exact sum divided by the number of values, rounded to the nearest `f64`.
    Avg,
    /// The value in the middle as an `f64`; of an even number of values, the mean of both.
    Median,
}

/// A part of time that dates and datetimes are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `2013`
    Year,
    /// `2013-Q1`
    Quarter,
    /// `2013-01`
    Month,
    /// `2013-01-31`
    Day,
    /// `2013-01-31T05:00:00Z`
    Hour,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 7] = [
        Self::Count,
        Self::Distinct,
        Self::Min,
        Self::Max,
        Self::Sum,
        Self::Avg,
        Self::Median,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Distinct => "distinct",
            Self::Min => "min",
            Self::Max => "max",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Median => "median",
        }
    }

    /// Whether it exists for values of that type.
    pub fn takes(self, kind: ColumnType) -> bool {
        match self {
            Self::Count | Self::Distinct | Self::Min | Self::Max => true,
            Self::Sum | Self::Avg | Self::Median => {
                matches!(kind, ColumnType::Integer | ColumnType::Number)
            }
        }
    }

    /// The type of its result.
    pub fn result(self, kind: ColumnType) -> ColumnType {
        match self {
            Self::Count | Self::Distinct => ColumnType::Integer,
            Self::Min | Self::Max => kind,
            // A sum of integers may be longer than an integer.
            Self::Sum | Self::Avg | Self::Median => ColumnType::Number,
        }
    }
}

impl Period {
    /// All periods.
    pub const ALL: [Self; 5] = [
        Self::Year,
        Self::Quarter,
        Self::Month,
        Self::Day,
        Self::Hour,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }

    /// Whether values of that type have such a part.
    pub fn takes(self, kind: ColumnType) -> bool {
        match kind {
            ColumnType::Datetime => true,
            ColumnType::Date => self != Self::Hour,
            _ => false,
        }
    }

    /// The type of its texts.
    pub fn result(self) -> ColumnType {
        match self {
            Self::Year => ColumnType::Integer,
            Self::Quarter | Self::Month => ColumnType::String,
            Self::Day => ColumnType::Date,
            Self::Hour => ColumnType::Datetime,
        }
    }
}
