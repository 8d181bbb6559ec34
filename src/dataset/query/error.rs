//! Why a query is not valid for a dataset, in words that help its author.

use super::RESERVED;
use crate::{Column, ColumnType};

/// Why a query can't be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The dataset has no such column.
    #[error(
        "the dataset has no column {name:?}; its columns are: {}; the parameters are: {}; to filter a column that has a parameter's name, write where.NAME",
        columns.join(", "),
        RESERVED.join(", ")
    )]
    UnknownColumn {
        /// The name that was written.
        name: String,
        /// The columns there are, or the first ones and how many more.
        columns: Vec<String>,
    },
    /// A list names a column twice.
    #[error("{parameter} names the column {name:?} twice; write it once")]
    RepeatedColumn {
        /// The parameter.
        parameter: &'static str,
        /// The column.
        name: String,
    },
    /// A list is malformed.
    #[error("{value:?} isn't a valid list for {parameter}: {reason}")]
    BadList {
        /// The parameter, or the column that is filtered.
        parameter: String,
        /// What was written.
        value: String,
        /// What is wrong and what to write.
        reason: &'static str,
    },
    /// A group of conditions is malformed.
    #[error("{parameter}=(…) is wrong at character {position}: {reason}")]
    BadCondition {
        /// The parameter.
        parameter: String,
        /// The number of the character, from 1 on.
        position: usize,
        /// What is wrong and what to write.
        reason: &'static str,
    },
    /// A filter in a group of conditions is wrong.
    #[error("{parameter}=(…) is wrong at character {position}: {error}")]
    InCondition {
        /// The parameter.
        parameter: String,
        /// The number of the character at which the filter begins, from 1 on.
        position: usize,
        /// What is wrong with it.
        error: Box<QueryError>,
    },
    /// A function in `select` is unknown, or not written as it should be.
    #[error(
        "{written:?} in select is neither a column nor a function of one; write ALIAS:COLUMN.FUNCTION(), as in n:count() or late:delay.avg(); functions are: {functions}"
    )]
    UnknownFunction {
        /// What was written.
        written: String,
        /// The functions there are.
        functions: String,
    },
    /// The function does not exist for the column's type.
    #[error(
        "{function}() isn't a function for {column}, whose type is {kind}; functions for it are: {fit}"
    )]
    UnfitFunction {
        /// The column.
        column: String,
        /// Its type.
        kind: ColumnType,
        /// The function.
        function: &'static str,
        /// The functions that fit.
        fit: String,
    },
    /// A column of the result has the name of a column of the dataset.
    #[error(
        "{written:?} in select would be called {name:?}, which is the name of a column; give it another alias, as in {other:?}"
    )]
    TakenName {
        /// What was written.
        written: String,
        /// The name.
        name: String,
        /// What may be written.
        other: String,
    },
    /// The order of groups names what is not a column of the result.
    #[error(
        "order names {name:?}, which select doesn't; groups can be ordered by what select names: {columns}"
    )]
    UngroupedOrder {
        /// The column.
        name: String,
        /// The columns of the result.
        columns: String,
    },
    /// Conditions in parentheses are about rows and about groups.
    #[error(
        "{parameter}=(…) combines conditions on columns ({columns}) with conditions on aliases ({aliases}): rows are filtered before they are grouped, and groups after that; write two parameters, or give the columns aliases in select and use those"
    )]
    MixedCondition {
        /// The parameter.
        parameter: String,
        /// The columns that it names.
        columns: String,
        /// The aliases that it names.
        aliases: String,
    },
    /// A filter has no known operator.
    #[error(
        "{found:?} isn't a valid filter for {column}; write {column}=eq.VALUE; operators are: {operators}; not. before an operator negates it"
    )]
    UnknownOperator {
        /// The column.
        column: String,
        /// What was written.
        found: String,
        /// The operators there are.
        operators: String,
    },
    /// The operator does not exist for the column's type.
    #[error(
        "{operator} isn't an operator for {column}, whose type is {kind}; operators for it are: {fit}"
    )]
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
    /// A pattern is too long.
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
    /// The value is not of the column's type.
    #[error("{value:?} isn't a valid value for {column}; write {expected}")]
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

/// The beginning of a text that may be long.
pub(super) fn truncated(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first names, and how many more there are.
fn shown(columns: &[Column]) -> Vec<String> {
    const SHOWN: usize = 50;
    let first = columns.iter().take(SHOWN);
    let mut list: Vec<String> = first.map(|column| truncated(&column.name)).collect();
    if columns.len() > SHOWN {
        list.push(format!("and {} more", columns.len() - SHOWN));
    }
    list
}
