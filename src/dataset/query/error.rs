//! What can't be asked of a dataset, in words that help who asked.

use super::RESERVED;
use crate::dataset::{Column, ColumnType};

/// Why a query can't be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A column that the dataset does not have.
    #[error(
        "there is no column {name:?} here; columns are: {}; parameters are: {}, and a column with such a name is filtered as where.NAME",
        columns.join(", "),
        RESERVED.join(", ")
    )]
    UnknownColumn {
        /// The name that was written.
        name: String,
        /// The columns there are, or the first ones and how many more.
        columns: Vec<String>,
    },
    /// A list in which a column stands twice.
    #[error("{parameter} names the column {name:?} twice; write it once")]
    RepeatedColumn {
        /// The parameter.
        parameter: &'static str,
        /// The column.
        name: String,
    },
    /// A list that can't be read.
    #[error("{value:?} is no list for {parameter}: {reason}")]
    BadList {
        /// The parameter, or the column that is filtered.
        parameter: String,
        /// What was written.
        value: String,
        /// What is wrong and what to write.
        reason: &'static str,
    },
    /// A filter without an operator that there is.
    #[error(
        "{found:?} is no operator for {column}; operators are: {operators}, and not. before any of them; write {column}=eq.VALUE"
    )]
    UnknownOperator {
        /// The column.
        column: String,
        /// What was written.
        found: String,
        /// The operators there are.
        operators: String,
    },
    /// An operator that values of that type do not have.
    #[error("{column} is of type {kind}, which {operator} is not for; operators for it are: {fit}")]
    UnfitOperator {
        /// The column.
        column: String,
        /// Its type.
        kind: ColumnType,
        /// The operator.
        operator: &'static str,
        /// The operators that fit.
        fit: String,
    },
    /// A pattern that is too long.
    #[error(
        "the pattern for {operator} of {column} is too long; write at most {longest} characters"
    )]
    LongPattern {
        /// The column.
        column: String,
        /// The operator.
        operator: &'static str,
        /// Characters of the longest one.
        longest: usize,
    },
    /// A value that the column can't have.
    #[error("{value:?} is no value to compare {column} with; write {expected}")]
    UnfitValue {
        /// The column.
        column: String,
        /// What was written.
        value: String,
        /// What may be written.
        expected: &'static str,
    },
}

impl QueryError {
    pub(super) fn unknown_column(name: &str, columns: &[Column]) -> Self {
        Self::UnknownColumn {
            name: truncated(name),
            columns: shown(columns),
        }
    }
}

/// A text of which much may have been written.
pub(super) fn truncated(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Names to choose from, as many as are read with profit.
fn shown(columns: &[Column]) -> Vec<String> {
    const SHOWN: usize = 50;
    let first = columns.iter().take(SHOWN);
    let mut list: Vec<String> = first.map(|column| truncated(&column.name)).collect();
    if columns.len() > SHOWN {
        list.push(format!("and {} more", columns.len() - SHOWN));
    }
    list
}
