//! The representations of version 1.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::api::description::Schema;
use crate::api::listing;
use crate::api::rows::{Cell, Form, Lines, RowFormat, Style, push_json_string};
use crate::dataset::{Field, Layout, NullFields};
use crate::store;
use crate::versioning::Available;

/// A description of the API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Root {
    pub name: &'static str,
    pub description: &'static str,
    /// The semantic version that answers.
    pub version: String,
    pub links: RootLinks,
}

/// Links to the resources.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RootLinks {
    pub datasets: &'static str,
    pub versions: &'static str,
    pub openapi: String,
}

/// A dataset without its rows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Dataset<'a> {
    #[schema(example = "people")]
    name: &'a str,
    columns: Vec<&'a str>,
    rows: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl<'a> From<&'a store::Dataset> for Dataset<'a> {
    fn from(dataset: &'a store::Dataset) -> Self {
        Self {
            name: dataset.name.as_str(),
            columns: dataset
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect(),
            rows: dataset.rows,
            created_at: dataset.created_at,
        }
    }
}

/// How version 1 renders datasets.
pub(super) const DATASETS: listing::Form = listing::Form {
    without_columns: |dataset, _| {
        let dataset = Dataset {
            name: dataset.name.as_str(),
            columns: Vec::new(),
            rows: dataset.rows,
            created_at: dataset.created_at,
        };
        listing::json(&dataset)
    },
    column: |column, _, out| push_json_string(&column.name, out),
};

/// The datasets that were created.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Created<'a> {
    pub datasets: Vec<Dataset<'a>>,
}

/// A page of the list of datasets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Datasets<'a> {
    pub datasets: Vec<Dataset<'a>>,
    pub page: u64,
    pub per_page: u64,
    pub total: u64,
}

/// A version and format that the resource has.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Alternative<'a> {
    #[serde(flatten)]
    available: &'a Available,
    /// The path.
    link: &'a str,
}

/// What may be asked for instead.
pub(in crate::api) fn available<'a>(
    available: &'a [Available],
    path: &'a str,
) -> Vec<Alternative<'a>> {
    available
        .iter()
        .map(|available| Alternative {
            available,
            link: path,
        })
        .collect()
}

/// A page of rows: `{"name", "columns", "rows": [["1","Ada"], …], "page", "per_page", "total"}`.
pub(super) fn rows(dataset: &store::Dataset, page: u64, per_page: u64) -> Form {
    let layout = &dataset.layout;
    let names: Vec<&str> = dataset
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let mut prefix = b"{\"name\":".to_vec();
    push_json_string(dataset.name.as_str(), &mut prefix);
    prefix.extend_from_slice(b",\"columns\":");
    for (at, name) in names.iter().enumerate() {
        prefix.push(if at == 0 { b'[' } else { b',' });
        push_json_string(name, &mut prefix);
    }
    prefix.extend_from_slice(b"],\"rows\":[");
    let suffix = format!(
        "],\"page\":{page},\"per_page\":{per_page},\"total\":{}}}",
        dataset.rows
    );
    Form {
        prefix,
        separator: b",",
        suffix: suffix.into_bytes(),
        row: Box::new(Row {
            layout: Arc::clone(layout),
        }),
        lines: NullFields::new(&layout.nulls, layout.delimiter)
            .map(|nulls| Lines::Written(Arc::new(nulls), line)),
    }
}

/// The schema of the output of [`rows`].
pub(super) fn rows_schema() -> Schema {
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer", "minimum": 0 });
    Schema::written(json!({
        "type": "object",
        "description": "A page of rows. Every field is a string.",
        "properties": {
            "name": text,
            "columns": { "type": "array", "items": text },
            "rows": { "type": "array", "items": { "type": "array", "items": text } },
            "page": count,
            "per_page": count,
            "total": count,
        },
        "required": ["name", "columns", "rows", "page", "per_page", "total"],
    }))
    .called("Rows")
}

/// A row as a list of texts. What means "no value" is the empty text.
struct Row {
    layout: Arc<Layout>,
}

impl Row {
    fn text<'t>(&self, field: &Field<'t>) -> Cow<'t, str> {
        let text = field.text();
        match self.layout.is_null(&text) {
            true => Cow::Borrowed(""),
            false => text,
        }
    }
}

impl RowFormat for Row {
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>) {
        for (at, field) in fields.iter().enumerate() {
            out.push(if at == 0 { b'[' } else { b',' });
            push_json_string(&self.text(field), out);
        }
        out.push(b']');
    }

    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>> {
        Some(Cell {
            before: if at == 0 { b"[" } else { b"," },
            text: self.text(fields.get(at)?),
            style: Style::Json,
        })
    }

    fn end(&self) -> &'static [u8] {
        b"]"
    }
}

/// Writes the same as [`Row`], if only the empty text means "no value".
fn line(line: &str, delimiter: u8, out: &mut Vec<u8>) {
    let fields = line.as_bytes().split(|&byte| byte == delimiter);
    out.push(b'[');
    for (at, field) in fields.enumerate() {
        out.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(field);
        out.push(b'"');
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Row, line};
    use crate::api::rows::RowFormat;
    use crate::dataset::{Dialect, Formats, Layout, Records};

    #[test]
    fn a_row_is_the_same_from_its_line_and_from_its_fields() {
        for (text, delimiter) in [
            ("1,Ada,London", b','),
            ("1;Ada,Grace;", b';'),
            ("\t\t", b'\t'),
            ("é|ü|", b'|'),
            ("a", b','),
            ("1234567,12345678,123456789", b','),
            ("2013-01-01T10:00:00Z,12345678,", b','),
            (",,,,,,,,,,", b','),
        ] {
            let mut fields = Vec::new();
            assert!(Records::new(text, delimiter, 3).next_into(&mut fields));
            let (mut from_fields, mut from_line) = (b"[".to_vec(), b"[".to_vec());
            let layout = Arc::new(Layout {
                delimiter,
                header: true,
                columns: Vec::new(),
                nulls: Vec::new(),
                stated: Vec::new(),
                units: Vec::new(),
                dialect: Dialect::default(),
                formats: Formats::default(),
            });
            Row { layout }.write(&fields, &mut from_fields);
            line(text, delimiter, &mut from_line);
            assert_eq!(from_line, from_fields, "{text:?}");
        }
        // In a table with one column, an empty line is a row.
        let mut empty = Vec::new();
        line("", b',', &mut empty);
        assert_eq!(empty, br#"[""]"#);
    }
}
