//! Rows as CSV.

use std::borrow::Cow;
use std::sync::Arc;

use super::format::{Cell, Form, Lines, RowFormat, Style};
use super::places;
use crate::dataset::{ColumnType, Field, Layout, NullFields, needs_quotes, push_csv_field};
use crate::store::Dataset;

/// What stands between two fields.
const COMMA: u8 = b',';

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
    /// with an apostrophe (OWASP, "CSV Injection"). Numbers stay as they are. A spreadsheet that expects another separator than the comma
    /// cuts a cell in pieces, so each piece is guarded.
    pub(in crate::api) fn of<'t>(self, text: Cow<'t, str>) -> Cow<'t, str> {
        if self == Self::AsTheyAre || !text.contains(FORMULA) && !text.starts_with(SPACE) {
            return text;
        }
        let mut guarded = String::with_capacity(text.len() + 1);
        for (at, piece) in text.split_inclusive(SEPARATORS).enumerate() {
            let is_formula = match at {
                0 => text.starts_with(FORMULA) || text.starts_with(SPACE),
                // Some drop the quotes that a cell begins with.
                _ => piece.trim_start_matches('"').starts_with(FORMULA),
            };
            let whole = if at == 0 { &text } else { piece };
            if is_formula && !ColumnType::Number.accepts(whole.trim_end_matches(SEPARATORS)) {
                guarded.push('\'');
            }
            guarded.push_str(piece);
        }
        Cow::Owned(guarded)
    }
}

/// What a formula begins with.
const FORMULA: &[char] = &['=', '+', '-', '@'];
/// White space that may be skipped before a formula.
const SPACE: &[char] = &['\t', '\r', '\n'];
/// What may separate cells, except the comma, which is quoted; and what ends lines.
const SEPARATORS: &[char] = &[';', '\t', '|', '\r', '\n'];

/// How the values of a CSV are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// As they came.
    AsTheyCame,
    /// Numbers, booleans and times as JSON and RFC 3339 write them, whatever the formats of the dataset.
    Canonical,
}

/// Rows as CSV: a header line with the dataset's names for its columns, then every row; lines end in LF. No value is an empty field.
pub fn csv(dataset: &Dataset, select: Option<&[usize]>, cells: CsvCells, values: Values) -> Form {
    let mut prefix = Vec::new();
    let places = places(dataset, select);
    let alone = places.len() == 1;
    let shown = |place: usize| Shown {
        place,
        respelled: (values == Values::Canonical && dataset.columns[place].respelled)
            .then(|| dataset.columns[place].kind),
    };
    let columns: Vec<_> = places.iter().map(|place| shown(*place)).collect();
    let plain = cells == CsvCells::AsTheyAre
        && columns.iter().all(|column| column.respelled.is_none())
        && dataset.layout.delimiter == COMMA
        && places.iter().copied().eq(0..dataset.columns.len());
    for (at, place) in places.iter().enumerate() {
        if at > 0 {
            prefix.push(b',');
        }
        let name = cells.of(Cow::Borrowed(&dataset.columns[*place].name));
        push_csv_field(name.as_bytes(), COMMA, alone, &mut prefix);
    }
    prefix.push(b'\n');
    Form {
        prefix,
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(Row {
            columns,
            layout: Arc::clone(&dataset.layout),
            cells,
            alone,
        }),
        lines: plain
            .then(|| NullFields::new(&dataset.layout.nulls, COMMA))
            .flatten()
            .map(Lines::Copied),
    }
}

/// A column that is shown.
struct Shown {
    /// Its place in a record.
    place: usize,
    /// Its type, if its values have to be read to be written as they should.
    respelled: Option<ColumnType>,
}

/// A row as a line of a CSV.
struct Row {
    columns: Vec<Shown>,
    layout: Arc<Layout>,
    cells: CsvCells,
    /// Whether there is only one column.
    alone: bool,
}

impl Row {
    fn text<'t>(&self, column: &Shown, field: &Field<'t>) -> Cow<'t, str> {
        let text = field.text();
        if self.layout.is_null(&text) {
            return Cow::Borrowed("");
        }
        self.cells.of(match column.respelled {
            Some(kind) => self.layout.formats.read(kind, text),
            None => text,
        })
    }
}

impl RowFormat for Row {
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>) {
        // A checked row has a field for each column.
        let columns = self.columns.iter();
        let shown = columns.filter_map(|column| Some((column, fields.get(column.place)?)));
        for (at, (column, field)) in shown.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let text = self.text(column, field);
            push_csv_field(text.as_bytes(), COMMA, self.alone, out);
        }
        out.push(b'\n');
    }

    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>> {
        let column = self.columns.get(at)?;
        let text = self.text(column, fields.get(column.place)?);
        Some(Cell {
            before: if at == 0 { b"" } else { b"," },
            style: match needs_quotes(text.as_bytes(), COMMA, self.alone) {
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
