//! Rows as CSV.

use std::borrow::Cow;

use super::{Form, places};
use crate::dataset::{ColumnType, Field};
use crate::store::Dataset;

/// Appends `text` as a field of a CSV (RFC 4180 §2), quoted where reading it back needs that.
pub fn push_csv_field(text: &str, alone: bool, out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    // The only field of its row must not make the row an empty line.
    let quoted = text.bytes().any(|byte| special(&byte)) || alone && text.is_empty();
    if !quoted {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// What the cells of a CSV are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvCells {
    /// As they came.
    AsTheyAre,
    /// Such that no spreadsheet takes one for a formula.
    SafeForSpreadsheets,
}

impl CsvCells {
    /// The text of a cell. Spreadsheets take what begins with one of some characters for a formula, and what is behind an
    /// apostrophe for a text (OWASP, "CSV Injection"). A number is none of these.
    fn of<'t>(self, text: Cow<'t, str>) -> Cow<'t, str> {
        let formula = self == Self::SafeForSpreadsheets
            && text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
            && !ColumnType::Number.accepts(&text);
        match formula {
            true => Cow::Owned(format!("'{text}")),
            false => text,
        }
    }
}

/// Rows as CSV: a header line with the dataset's names for its columns, then every row; lines end in LF.
pub fn csv(dataset: &Dataset, select: Option<&[usize]>, cells: CsvCells) -> Form {
    let mut prefix = Vec::new();
    let places = places(dataset, select);
    let alone = places.len() == 1;
    let plain = cells == CsvCells::AsTheyAre
        && dataset.layout.delimiter == b','
        && places.iter().copied().eq(0..dataset.columns.len());
    for (at, place) in places.iter().enumerate() {
        if at > 0 {
            prefix.push(b',');
        }
        let name = cells.of(Cow::Borrowed(&dataset.columns[*place].name));
        push_csv_field(&name, alone, &mut prefix);
    }
    prefix.push(b'\n');
    let row = move |fields: &[Field<'_>], out: &mut Vec<u8>| {
        // A checked row has a field for each column.
        let shown = places.iter().filter_map(|place| fields.get(*place));
        for (at, field) in shown.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_csv_field(&cells.of(field.text()), alone, out);
        }
        out.push(b'\n');
    };
    Form {
        prefix,
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(row),
        line: None,
        plain,
    }
}
