//! What is computed of each group.

use std::hash::{BuildHasher as _, RandomState};

use super::Key;
use crate::dataset::ColumnType;

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

/// A function of a column.
#[derive(Debug, Clone, Copy)]
pub struct Aggregate {
    /// The function.
    pub function: Function,
    /// The index of the column; `None`: rows are counted.
    pub column: Option<usize>,
    /// The type of the column.
    pub kind: ColumnType,
}

/// A column of the result.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ColumnType,
    /// Where its values come from.
    pub source: Source,
}

/// Where the values of a column of the result come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The key with that index in the plan.
    Key(usize),
    /// The aggregate with that index in the plan.
    Aggregate(usize),
}

/// What is computed.
#[derive(Debug)]
pub struct Plan {
    /// What rows of a group have in common. Without keys, all rows are one group, also if there are none.
    pub keys: Vec<Key>,
    /// The functions.
    pub aggregates: Vec<Aggregate>,
    /// The columns of the result, in their order.
    pub outputs: Vec<Output>,
    /// The names of the columns that the keys are of, for errors.
    pub grouped_by: Vec<String>,
    /// Nobody can prepare values for a seed that nobody knows.
    pub(super) seed: u64,
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

impl Plan {
    /// A plan.
    pub fn new(
        keys: Vec<Key>,
        aggregates: Vec<Aggregate>,
        outputs: Vec<Output>,
        grouped_by: Vec<String>,
    ) -> Self {
        Self {
            keys,
            aggregates,
            outputs,
            grouped_by,
            seed: RandomState::new().hash_one(0),
        }
    }

    /// The columns that it reads. Some may come more than once.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        let keys = self.keys.iter().map(|key| key.column);
        keys.chain(self.aggregates.iter().filter_map(|one| one.column))
    }
}
