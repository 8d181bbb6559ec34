//! Rows in JSON: pages, lines, and single rows for errors.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::json;
use serde_json::value::RawValue;

use crate::api::description::Schema;
use crate::api::error::shortened;
use crate::api::rows::{self, Cell, Form, RowFormat, Style, push_json_field, push_json_string};
use crate::dataset::{ColumnType, Field, Layout};
use crate::store;

/// A page of rows: `{"data": [{"id": 1, "name": "Ada"}, …], "next": "cursor" | null}`, with `total` if the rows were counted.
pub(super) fn page(
    dataset: &Arc<store::Dataset>,
    select: Option<&[usize]>,
    next: Option<&str>,
    total: Option<u64>,
) -> Form {
    let mut suffix = b"],\"next\":".to_vec();
    match next {
        Some(cursor) => push_json_string(cursor, &mut suffix),
        None => suffix.extend_from_slice(b"null"),
    }
    if let Some(total) = total {
        suffix.extend_from_slice(format!(",\"total\":{total}").as_bytes());
    }
    suffix.push(b'}');
    Form {
        prefix: b"{\"data\":[".to_vec(),
        separator: b",",
        suffix,
        row: Box::new(Object::new(dataset, select, b"", b"}")),
        lines: None,
    }
}

/// The schema of the output of [`page`].
pub(super) fn page_schema() -> Schema {
    let row = json!({
        "type": "object",
        "description": "A row: a member for each column, in the order of the columns. A missing value is null.",
        "additionalProperties": { "type": ["boolean", "number", "string", "null"] },
    });
    Schema::written(json!({
        "type": "object",
        "properties": {
            "data": { "type": "array", "items": row },
            "next": {
                "type": ["string", "null"],
                "description": "The cursor of the next page; null at the end.",
            },
            "total": {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "description": "How many rows the query finds on all pages. Only with `count=exact`.",
            },
        },
        "required": ["data", "next"],
    }))
    .called("RowPage")
}

/// Rows as lines of JSON.
pub(super) fn ndjson(dataset: &Arc<store::Dataset>, select: Option<&[usize]>) -> Form {
    enclosed(dataset, select, b"", b"}\n")
}

/// Rows in JSON, with that text before each. `end` begins with the end of the row.
pub(super) fn enclosed(
    dataset: &Arc<store::Dataset>,
    select: Option<&[usize]>,
    before: &[u8],
    end: &'static [u8],
) -> Form {
    Form {
        prefix: Vec::new(),
        separator: b"",
        suffix: Vec::new(),
        row: Box::new(Object::new(dataset, select, before, end)),
        lines: None,
    }
}

/// A row with its long texts cut, for errors. `None` can't happen: it is valid JSON.
pub(super) fn short_object(
    dataset: &Arc<store::Dataset>,
    fields: &[Field<'_>],
) -> Option<Box<RawValue>> {
    let row = Object::new(dataset, None, b"", b"}");
    let mut out = Vec::new();
    for member in &row.members {
        let text = row.value(member, fields.get(member.place)?);
        out.extend_from_slice(&member.key);
        match text.map(|text| (shortened(text.as_ref()), text)) {
            None => out.extend_from_slice(b"null"),
            Some((short, text)) if style(member.kind) == Style::Plain && short == text => {
                out.extend_from_slice(text.as_bytes());
            }
            Some((short, _)) => push_json_string(&short, &mut out),
        }
    }
    out.push(b'}');
    RawValue::from_string(String::from_utf8(out).ok()?).ok()
}

/// A column that is shown.
struct Member {
    /// What comes before its value.
    key: Vec<u8>,
    kind: ColumnType,
    /// Whether its values may be written otherwise than their canonical texts.
    respelled: bool,
    /// Its place in a record.
    place: usize,
}

/// A row as an object. A number leaves with the digits that it came with; what means "no value" is `null`.
struct Object {
    members: Vec<Member>,
    layout: Arc<Layout>,
    end: &'static [u8],
}

impl Object {
    fn new(
        dataset: &Arc<store::Dataset>,
        select: Option<&[usize]>,
        before: &[u8],
        end: &'static [u8],
    ) -> Self {
        let places = rows::places(dataset, select);
        let mut members = Vec::with_capacity(places.len());
        for (at, place) in places.into_iter().enumerate() {
            let column = &dataset.columns[place];
            let mut key = match at {
                0 => [before, b"{"].concat(),
                _ => vec![b','],
            };
            push_json_string(&column.name, &mut key);
            key.push(b':');
            members.push(Member {
                key,
                kind: column.kind,
                respelled: column.respelled,
                place,
            });
        }
        Self {
            members,
            layout: Arc::clone(&dataset.layout),
            end,
        }
    }

    /// The canonical text of a field; `None` for a null.
    #[inline]
    fn value<'t>(&self, member: &Member, field: &Field<'t>) -> Option<Cow<'t, str>> {
        let text = field.text();
        match self.layout.is_null(&text) {
            true => None,
            false if member.respelled => Some(self.layout.formats.read(member.kind, text)),
            false => Some(text),
        }
    }
}

impl RowFormat for Object {
    fn write(&self, fields: &[Field<'_>], out: &mut Vec<u8>) {
        for member in &self.members {
            out.extend_from_slice(&member.key);
            // A checked row has a field for each column.
            let Some(field) = fields.get(member.place) else {
                continue;
            };
            let Some(text) = self.value(member, field) else {
                out.extend_from_slice(b"null");
                continue;
            };
            match style(member.kind) {
                Style::Json => push_json_field(field, &text, out),
                _ => out.extend_from_slice(text.as_bytes()),
            }
        }
        out.extend_from_slice(self.end);
    }

    fn cell<'c>(&'c self, fields: &[Field<'c>], at: usize) -> Option<Cell<'c>> {
        let member = self.members.get(at)?;
        let field = fields.get(member.place);
        let value = field.and_then(|field| self.value(member, field));
        let (text, style) = match value {
            None => (Cow::Borrowed("null"), Style::Plain),
            Some(text) => (text, style(member.kind)),
        };
        Some(Cell {
            before: &member.key,
            text,
            style,
        })
    }

    fn end(&self) -> &'static [u8] {
        self.end
    }

    fn names(&self) -> usize {
        self.members.iter().map(|member| member.key.len()).sum()
    }
}

/// The JSON form of a type's values.
fn style(kind: ColumnType) -> Style {
    match kind {
        ColumnType::Boolean | ColumnType::Integer | ColumnType::Number => Style::Plain,
        ColumnType::Date | ColumnType::Datetime | ColumnType::String => Style::Json,
    }
}
