//! What answers look like, made from the model: byte for byte where bytes are promised.

use std::io::Read as _;

use serde_json::{Value, json};

use super::model::{Dataset, Revision, Schema};
use super::query::Found;
use super::question::{Format, Question, Rows, What};
use super::value::Kind;
use crate::client::Answer;

/// Appends a text as JSON has it.
fn push(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).unwrap());
}

fn list(texts: &[String]) -> String {
    serde_json::to_string(texts).unwrap()
}

/// A page of version 1.
fn v1_page(dataset: &Dataset, page: usize, per_page: usize) -> String {
    let revision = dataset.newest();
    let rows = (0..revision.rows.len())
        .skip((page - 1) * per_page)
        .take(per_page);
    let columns = revision.layout.columns.len();
    let text = |row, column| revision.value(row, column).unwrap_or_default().to_owned();
    let fields = |row| {
        (0..columns)
            .map(|column| text(row, column))
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = rows.map(|row| list(&fields(row))).collect();
    format!(
        r#"{{"name":{},"columns":{},"rows":[{}],"page":{page},"per_page":{per_page},"total":{}}}"#,
        serde_json::to_string(&dataset.name).unwrap(),
        list(&revision.layout.columns),
        rows.join(","),
        revision.rows.len()
    )
}

/// A row of version 2.
fn object(revision: &Revision, row: usize, columns: &[usize], out: &mut String) {
    for (at, &column) in columns.iter().enumerate() {
        out.push(if at == 0 { '{' } else { ',' });
        push(&revision.layout.columns[column], out);
        out.push(':');
        match (revision.value(row, column), revision.kinds[column]) {
            (None, _) => out.push_str("null"),
            (Some(value), Kind::Boolean | Kind::Integer | Kind::Number) => out.push_str(value),
            (Some(value), _) => push(value, out),
        }
    }
    out.push('}');
}

/// A page of version 2 up to its cursor.
fn v2_page(revision: &Revision, rows: &[usize], columns: &[usize]) -> String {
    let mut page = r#"{"data":["#.to_owned();
    for (at, &row) in rows.iter().enumerate() {
        if at > 0 {
            page.push(',');
        }
        object(revision, row, columns, &mut page);
    }
    page.push_str(r#"],"next":"#);
    page
}

/// Rows of version 2 as lines of JSON.
fn ndjson(revision: &Revision, rows: &[usize], columns: &[usize]) -> String {
    let mut lines = String::new();
    for &row in rows {
        object(revision, row, columns, &mut lines);
        lines.push('\n');
    }
    lines
}

/// Rows as CSV.
fn csv(revision: &Revision, rows: &[usize], columns: &[usize]) -> String {
    let line = |texts: Vec<&str>| {
        let alone = texts.len() == 1;
        let field =
            |text: &&str| match text.contains([',', '"', '\n', '\r']) || alone && text.is_empty() {
                true => format!("\"{}\"", text.replace('"', "\"\"")),
                false => (*text).to_owned(),
            };
        texts.iter().map(field).collect::<Vec<_>>().join(",") + "\n"
    };
    let names = columns
        .iter()
        .map(|&column| revision.layout.columns[column].as_str());
    let mut csv = line(names.collect());
    for &row in rows {
        let fields = columns
            .iter()
            .map(|&column| revision.value(row, column).unwrap_or_default());
        csv.push_str(&line(fields.collect()));
    }
    csv
}

/// All rows and columns of a revision.
pub fn all(revision: &Revision) -> Found {
    Found {
        rows: (0..revision.rows.len()).collect(),
        columns: (0..revision.layout.columns.len()).collect(),
    }
}

/// A version of a schema, as answers write it.
pub fn shown((major, minor): Schema) -> String {
    format!("{major}.{minor}")
}

/// What version 2 says of a dataset has to be said of this revision.
pub fn check_metadata(said: &Value, dataset: &Dataset, revision: &Revision) {
    let columns = revision
        .layout
        .columns
        .iter()
        .zip(&revision.kinds)
        .enumerate();
    let columns: Vec<_> = columns
        .map(|(at, (name, kind))| json!({ "name": name, "type": kind.name(), "nullable": revision.has_nulls(at) }))
        .collect();
    assert_eq!(said["name"], dataset.name);
    assert_eq!(said["revision"], revision.number);
    assert_eq!(said["schema"], shown(revision.schema));
    assert_eq!(said["row_count"], revision.rows.len());
    assert_eq!(said["byte_count"], revision.source.len());
    assert_eq!(said["columns"], json!(columns));
    assert_eq!(said["sha256"], revision.sha256());
    let nulls: Vec<&String> = revision.layout.null.iter().collect();
    assert_eq!(said["nulls"], json!(nulls));
}

/// What is exact in a summary has to be right.
fn check_summary(said: &Value, revision: &Revision) {
    for (column, name) in revision.layout.columns.iter().enumerate() {
        let said = &said["columns"][column];
        let values = (0..revision.rows.len()).filter_map(|row| revision.value(row, column));
        let mut values: Vec<&str> = values.collect();
        assert_eq!(said["name"], *name, "{said}");
        assert_eq!(said["type"], revision.kinds[column].name(), "{said}");
        assert_eq!(said["count"], values.len(), "{said}");
        assert_eq!(said["nulls"], revision.rows.len() - values.len(), "{said}");
        values.sort_unstable();
        values.dedup();
        if said["distinct"]["error"] == 0.0 {
            assert_eq!(said["distinct"]["estimate"], values.len(), "{said}");
        }
    }
}

/// The body of an answer, unpacked as it says that it is packed.
pub fn unpacked(answer: &Answer) -> Vec<u8> {
    let coding = answer.headers.get("content-encoding");
    match coding.map(|coding| coding.to_str().unwrap()) {
        None => answer.body.clone(),
        Some("zstd") => zstd::decode_all(&answer.body[..]).unwrap(),
        Some("gzip") => {
            let mut bytes = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&answer.body[..]);
            decoder.read_to_end(&mut bytes).unwrap();
            bytes
        }
        Some("br") => {
            let mut bytes = Vec::new();
            let mut decoder = brotli_decompressor::Decompressor::new(&answer.body[..], 4096);
            decoder.read_to_end(&mut bytes).unwrap();
            bytes
        }
        Some(other) => panic!("{other}"),
    }
}

/// What the headers say of the revision.
pub fn check_headers(answer: &Answer, revision: &Revision) {
    assert_eq!(answer.header("Dataset-Schema"), shown(revision.schema));
    let number = revision.number.to_string();
    assert_eq!(answer.header("Dataset-Revision"), number);
}

/// What an answer has to be.
pub struct Expected<'m> {
    pub dataset: &'m Dataset,
    pub revision: &'m Revision,
    pub found: &'m Found,
    /// Rows of the list that were shown before.
    pub shown: usize,
    /// Revisions that are kept.
    pub keep: i64,
    /// The version that the caller gets without naming one.
    pub default: u32,
}

/// Compares an answer with what it has to be; gives the cursor of what follows.
pub fn check(question: &Question, answer: &Answer, expected: &Expected<'_>) -> Option<String> {
    let &Expected {
        dataset,
        revision,
        found,
        keep,
        default,
        ..
    } = expected;
    let partial = matches!(question.what, What::Source { range: Some(_), .. });
    let status = if partial { 206 } else { 200 };
    assert_eq!(answer.status, status, "{}", answer.text());
    if question.what != What::Revisions {
        check_headers(answer, revision);
    }
    let body = unpacked(answer);
    let json = || serde_json::from_slice::<Value>(&body).unwrap();
    match &question.what {
        What::V1Page { page, per_page } => {
            same(&body, v1_page(dataset, *page, *per_page).as_bytes());
        }
        What::Default { .. } if default == 1 => same(&body, v1_page(dataset, 1, 100).as_bytes()),
        What::V1Csv => same(&body, csv(revision, &found.rows, &found.columns).as_bytes()),
        What::Metadata { .. } | What::Default { .. } => {
            let said = json();
            check_metadata(&said, dataset, revision);
            dataset.said.check(&said["description"]);
        }
        What::Description => dataset.said.check(&json()),
        What::Summary { .. } => check_summary(&json(), revision),
        What::Source { range: None, .. } => same(&body, &revision.source),
        What::Source {
            range: Some((from, to)),
            ..
        } => {
            let end = revision.source.len().min(to + 1);
            same(&body, &revision.source[*from..end]);
            let range = format!("bytes {from}-{}/{}", end - 1, revision.source.len());
            assert_eq!(answer.header("Content-Range"), range);
        }
        What::Revisions => {
            let said = json();
            let listed = said["data"].as_array().unwrap().iter();
            let listed = listed.map(|one| (one["revision"].clone(), one["schema"].clone()));
            let expected = dataset.kept(keep);
            let expected = expected.map(|kept| (json!(kept.number), json!(shown(kept.schema))));
            assert_eq!(listed.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
        What::Names => {}
        What::Rows(rows) => return check_rows(rows, answer, &body, expected),
    }
    None
}

fn check_rows(
    rows: &Rows,
    answer: &Answer,
    body: &[u8],
    expected: &Expected<'_>,
) -> Option<String> {
    let &Expected {
        revision, found, ..
    } = expected;
    let begin = expected.shown.min(found.rows.len());
    let end = begin
        .saturating_add(rows.limit.unwrap_or(usize::MAX))
        .min(found.rows.len());
    let wanted = &found.rows[begin..end];
    let next = next_of(answer);
    assert_eq!(
        next.is_some(),
        end < found.rows.len(),
        "{} rows, {} of them shown",
        found.rows.len(),
        end
    );
    match rows.format {
        Format::Ndjson => same(body, ndjson(revision, wanted, &found.columns).as_bytes()),
        Format::Csv => same(body, csv(revision, wanted, &found.columns).as_bytes()),
        Format::Json => {
            let mut page = v2_page(revision, wanted, &found.columns);
            page.push_str(&serde_json::to_string(&next).unwrap());
            page.push('}');
            same(body, page.as_bytes());
        }
    }
    next
}

/// The cursor in the link to the next page.
fn next_of(answer: &Answer) -> Option<String> {
    let links = answer
        .headers
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap());
    let next = links
        .filter(|link| link.contains("rel=\"next\""))
        .find_map(|link| link.split_once("cursor="))?;
    let end = next.1.find(['&', '>']).unwrap();
    Some(next.1[..end].to_owned())
}

/// Says where two bodies begin to differ.
#[track_caller]
fn same(body: &[u8], expected: &[u8]) {
    if body == expected {
        return;
    }
    let at = body
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    let from = at.saturating_sub(60);
    let part = |bytes: &[u8]| {
        String::from_utf8_lossy(&bytes[from.min(bytes.len())..bytes.len().min(at + 140)])
            .into_owned()
    };
    panic!(
        "at byte {at} it is not what the model says:\n{:?}\ninstead of\n{:?}\n({} bytes instead of {})",
        part(body),
        part(expected),
        body.len(),
        expected.len()
    );
}
