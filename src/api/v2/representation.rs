//! What version 2 says of a dataset and its rows.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::api::rows::{Form, RowWriter, push_json_string};
use crate::dataset::{Column, ColumnType, Field};
use crate::store;

/// A dataset.
#[derive(Debug, Serialize)]
pub(super) struct Dataset<'a> {
    name: &'a str,
    revision: i64,
    columns: &'a [Column],
    row_count: u64,
    byte_count: u64,
    sha256: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    links: Links,
    /// What stating a null would make of a column; only in the answer to its creation, and only if there is something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Links {
    #[serde(rename = "self")]
    this: String,
    rows: String,
    revisions: String,
    source: String,
}

impl<'a> Dataset<'a> {
    pub(super) fn new(dataset: &'a store::Dataset, hints: Vec<String>) -> Self {
        let this = format!("/datasets/{}", dataset.name);
        Self {
            name: dataset.name.as_str(),
            revision: dataset.revision,
            columns: &dataset.columns,
            row_count: dataset.rows,
            byte_count: dataset.bytes,
            sha256: hex(&dataset.sha256),
            created_at: dataset.created_at,
            updated_at: dataset.updated_at,
            links: Links {
                rows: format!("{this}/rows"),
                revisions: format!("{this}/revisions"),
                source: format!("{this}/source"),
                this,
            },
            hints,
        }
    }
}

/// What was created.
#[derive(Debug, Serialize)]
pub(super) struct Created<'a> {
    pub data: Vec<Dataset<'a>>,
}

/// A part of a list, and where it goes on.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    pub next: Option<String>,
}

/// A revision of a dataset.
#[derive(Debug, Serialize)]
pub(super) struct Revision {
    revision: i64,
    created_at: Timestamp,
    /// Who made it; null: somebody without a key.
    author: Option<String>,
    row_count: u64,
    byte_count: u64,
    sha256: String,
}

impl From<&store::Revision> for Revision {
    fn from(revision: &store::Revision) -> Self {
        Self {
            revision: revision.number,
            created_at: revision.created_at,
            author: revision.author.clone(),
            row_count: revision.rows,
            byte_count: revision.bytes,
            sha256: hex(&revision.sha256),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(pair).collect()
}

/// A page of rows: `{"data": [{"id": 1, "name": "Ada"}, …], "next": "cursor" | null}`.
pub(super) fn page(dataset: &Arc<store::Dataset>, next: Option<&str>) -> Form {
    let mut suffix = b"],\"next\":".to_vec();
    match next {
        Some(cursor) => push_json_string(cursor, &mut suffix),
        None => suffix.extend_from_slice(b"null"),
    }
    suffix.push(b'}');
    Form {
        prefix: b"{\"data\":[".to_vec(),
        separator: b",",
        suffix,
        row: object(dataset),
    }
}

/// Rows as lines of JSON.
pub(super) fn ndjson(dataset: &Arc<store::Dataset>) -> Form {
    let object = object(dataset);
    let row: RowWriter = Box::new(move |fields, out| {
        object(fields, out);
        out.push(b'\n');
    });
    Form {
        prefix: Vec::new(),
        separator: b"",
        suffix: Vec::new(),
        row,
    }
}

/// Writes a row as an object. A number leaves as it came, digit for digit; what means "no value" is `null`.
fn object(dataset: &Arc<store::Dataset>) -> RowWriter {
    let mut keys = Vec::with_capacity(dataset.columns.len());
    for (at, column) in dataset.columns.iter().enumerate() {
        let mut key = vec![if at == 0 { b'{' } else { b',' }];
        push_json_string(&column.name, &mut key);
        key.push(b':');
        keys.push((key, column.kind));
    }
    let layout = Arc::clone(&dataset.layout);
    Box::new(move |fields: &[Field<'_>], out: &mut Vec<u8>| {
        for ((key, kind), field) in keys.iter().zip(fields) {
            out.extend_from_slice(key);
            let text = field.text();
            if text.is_empty() || layout.nulls.iter().any(|null| *null == text) {
                out.extend_from_slice(b"null");
                continue;
            }
            match kind {
                ColumnType::Boolean | ColumnType::Integer | ColumnType::Number => {
                    out.extend_from_slice(text.as_bytes());
                }
                ColumnType::Date | ColumnType::Datetime | ColumnType::String => {
                    push_json_string(&text, out);
                }
            }
        }
        out.push(b'}');
    })
}
