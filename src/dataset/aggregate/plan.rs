//! What is computed of each group.

use std::hash::{BuildHasher as _, RandomState};

use super::function::Function;
use super::key::Key;
use crate::ColumnType;

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
