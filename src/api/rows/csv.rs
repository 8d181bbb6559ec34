//! Rows as CSV.

use std::borrow::Cow;

use super::format::{Cell, Form, RowFormat, Style, push_doubled};
use super::places;
use crate::dataset::{ColumnType, Field};
use crate::store::Dataset;

/// Appends `text` as a field of a CSV (RFC 4180 §2), quoted if necessary.
pub fn push_csv_field(text: &str, alone: bool, out: &mut Vec<u8>) {
    if !needs_quotes(text, alone) {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    push_doubled(text, out);
    out.push(b'"');
}

fn needs_quotes(text: &str, alone: bool) -> bool {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    // A row with one empty field must not be an empty line.
    text.bytes().any(|byte| special(&byte)) || alone && text.is_empty()
}

/// How the cells of a CSV are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvCells {
    /// As they were uploaded.
    AsTheyAre,
    /// So that spreadsheets take none for a formula.
    SafeForSpreadsheets,
}

impl CsvCells {
    /// The text of a cell. Spreadsheets take a cell for a formula if it begins with one of some characters, and for a text if it begins
    /// with an apostrophe (OWASP, "CSV Injection"). Numbers stay as they are.
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
    Form {
        prefix,
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(Row {
            places,
            cells,
            alone,
        }),
        line: None,
        plain,
    }
}

/// A row as a line of a CSV.
struct Row {
    /// The indexes of the selected columns.
    places: Vec<usize>,
    cells: CsvCells,
    /// Whether there is only one column.
    alone: bool,
}

impl RowFormat for Row {
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>) {
        // A stored row has a field for each column.
        let shown = self.places.iter().filter_map(|place| fields.get(*place));
        for (at, field) in shown.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            push_csv_field(&self.cells.of(field.text()), self.alone, out);
        }
        out.push(b'\n');
    }

    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>> {
        let text = self.cells.of(fields.get(*self.places.get(at)?)?.text());
        Some(Cell {
            before: if at == 0 { b"" } else { b"," },
            style: match needs_quotes(&text, self.alone) {
                true => Style::Quoted,
                false => Style::Plain,
            },
            text,
        })
    }

    fn end(&self) -> &'static [u8] {
        b"\n"
    }
}
