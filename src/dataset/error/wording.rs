//! The words of errors that depend on numbers and values.

use crate::{ColumnType, Delimiter};

/// A value as a message shows it: its beginning, when it is long.
pub(crate) fn shortened(value: &str) -> String {
    const SHOWN: usize = 40;
    match value.char_indices().nth(SHOWN) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

pub(super) fn place(line: Option<u64>, column: Option<u64>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        (None, _) => String::new(),
    }
}

pub(super) fn first_bad(first: Option<&(u64, String)>) -> String {
    first
        .map(|(line, reason)| format!("line {line}: {reason}"))
        .unwrap_or_default()
}

/// What to do with lines above a table.
pub(crate) fn of_title(lines: usize, comments: bool) -> String {
    match (lines, comments) {
        (_, true) => "lines above the table begin with #: state comment=%23".to_owned(),
        (1, _) => "line 1 looks like a title: state skip=1".to_owned(),
        _ => format!("lines 1 to {lines} look like a title: state skip={lines}"),
    }
}

pub(super) fn both(delimiters: &[Delimiter]) -> String {
    let names: Vec<_> = delimiters
        .iter()
        .map(|delimiter| format!("'{delimiter}'"))
        .collect();
    names.join(" and ")
}

pub(super) fn stated(delimiters: &[Delimiter]) -> String {
    let examples: Vec<_> = delimiters
        .iter()
        .map(|delimiter| match delimiter.byte() {
            b';' => "delimiter=%3B".to_owned(),
            b'|' => "delimiter=%7C".to_owned(),
            _ => format!("delimiter={delimiter}"),
        })
        .collect();
    examples.join(" or ")
}

pub(super) fn difference(place: usize, expected: Option<&str>, found: Option<&str>) -> String {
    match (expected, found) {
        (Some(expected), Some(found)) => {
            format!("column {place} of the header is {found:?} where the dataset has {expected:?}")
        }
        (Some(expected), None) => {
            format!("the header ends where the dataset has column {place}, {expected:?}")
        }
        (None, found) => {
            let found = found.unwrap_or_default();
            format!("the header goes on with {found:?} where the dataset has no more columns")
        }
    }
}

pub(super) fn fields(count: usize) -> &'static str {
    if count == 1 { "field" } else { "fields" }
}

pub(super) fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

pub(super) fn article(kind: ColumnType) -> String {
    match kind {
        ColumnType::Boolean => "a boolean (true or false)".to_owned(),
        ColumnType::Integer => "an integer of 64 bits, as JSON writes one".to_owned(),
        ColumnType::Number => "a number, as JSON writes one".to_owned(),
        ColumnType::Date => "a date (YYYY-MM-DD)".to_owned(),
        ColumnType::Datetime => "a datetime (RFC 3339, such as 2013-01-31T10:00:00Z)".to_owned(),
        ColumnType::String => "a string".to_owned(),
    }
}

pub(super) fn listed(columns: &[String]) -> String {
    const SHOWN: usize = 50;
    let mut list = columns
        .iter()
        .take(SHOWN)
        .map(|name| shortened(name))
        .collect::<Vec<_>>()
        .join(", ");
    if columns.len() > SHOWN {
        list += &format!(" and {} more", columns.len() - SHOWN);
    }
    list
}
