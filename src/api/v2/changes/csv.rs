//! Rows that changed, as CSV: what happened to a row, then its values in the columns of both revisions.

use std::borrow::Cow;
use std::sync::Arc;

use super::kind::Kind;
use crate::api::rows::{Cell, CsvCells, Form, RowFormat, Style};
use crate::dataset::{ColumnType, Field, Layout, needs_quotes, push_csv_field};
use crate::store::Dataset;

const COMMA: u8 = b',';

/// The name of the first column. If a revision has a column of that name, it is longer.
fn first(from: &Dataset, to: &Dataset) -> String {
    let mut name = "change".to_owned();
    let has = |dataset: &Dataset, name: &str| dataset.columns.iter().any(|one| one.name == name);
    while has(from, &name) || has(to, &name) {
        name.push('_');
    }
    name
}

/// The columns of both: those of the newer one, then those that only the older one has. Each with its index in both.
fn columns(from: &Dataset, to: &Dataset) -> Vec<[Option<usize>; 2]> {
    let place = |dataset: &Dataset| -> std::collections::HashMap<String, usize> {
        let columns = dataset.columns.iter().enumerate();
        columns.map(|(at, one)| (one.name.clone(), at)).collect()
    };
    let (before, after) = (place(from), place(to));
    let newer = to.columns.iter().enumerate();
    let newer = newer.map(|(at, one)| [before.get(&one.name).copied(), Some(at)]);
    let older = from.columns.iter().enumerate();
    let older = older.filter(|(_, one)| !after.contains_key(&one.name));
    newer.chain(older.map(|(at, _)| [Some(at), None])).collect()
}

/// The first line.
pub(super) fn head(from: &Dataset, to: &Dataset, cells: CsvCells) -> Vec<u8> {
    let mut head = first(from, to).into_bytes();
    for [before, after] in columns(from, to) {
        let column = match (before, after) {
            (_, Some(at)) => to.columns.get(at),
            (before, None) => before.and_then(|at| from.columns.get(at)),
        };
        let name = column.map_or("", |column| &column.name);
        head.push(COMMA);
        let name = cells.of(Cow::Borrowed(name));
        push_csv_field(name.as_bytes(), COMMA, false, &mut head);
    }
    head.push(b'\n');
    head
}

/// The form of rows of one kind, without the first line.
pub(super) fn form(from: &Dataset, to: &Dataset, kind: Kind, cells: CsvCells) -> Form {
    let (dataset, side) = match kind {
        Kind::Removed | Kind::Before => (from, 0),
        Kind::Added | Kind::After => (to, 1),
    };
    let columns = columns(from, to).into_iter().map(|places| {
        let place = places[side]?;
        let column = dataset.columns.get(place)?;
        Some(Shown {
            place,
            respelled: column.respelled.then_some(column.kind),
        })
    });
    Form {
        prefix: Vec::new(),
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(Row {
            kind,
            columns: columns.collect(),
            layout: Arc::clone(&dataset.layout),
            cells,
        }),
        lines: None,
    }
}

/// A column of the row's revision.
struct Shown {
    place: usize,
    /// Its type, if its values have to be read to be written as they should.
    respelled: Option<ColumnType>,
}

struct Row {
    kind: Kind,
    /// `None`: the row's revision doesn't have the column.
    columns: Vec<Option<Shown>>,
    layout: Arc<Layout>,
    cells: CsvCells,
}

impl Row {
    /// The text of a cell: empty if there is no value, or no such column.
    fn text<'t>(&self, column: Option<&Shown>, fields: &[Field<'t>]) -> Cow<'t, str> {
        let field = column.and_then(|shown| Some((shown, fields.get(shown.place)?)));
        let Some((shown, field)) = field else {
            return Cow::Borrowed("");
        };
        let text = field.text();
        if self.layout.is_null(&text) {
            return Cow::Borrowed("");
        }
        self.cells.of(match shown.respelled {
            Some(kind) => self.layout.formats.read(kind, text),
            None => text,
        })
    }
}

impl RowFormat for Row {
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>) {
        out.extend_from_slice(self.kind.as_str().as_bytes());
        for column in &self.columns {
            out.push(COMMA);
            let text = self.text(column.as_ref(), fields);
            push_csv_field(text.as_bytes(), COMMA, false, out);
        }
        out.push(b'\n');
    }

    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>> {
        let Some(at) = at.checked_sub(1) else {
            return Some(Cell {
                before: b"",
                text: Cow::Borrowed(self.kind.as_str()),
                style: Style::Plain,
            });
        };
        let text = self.text(self.columns.get(at)?.as_ref(), fields);
        Some(Cell {
            before: b",",
            style: match needs_quotes(text.as_bytes(), COMMA, false) {
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
