//! How the source of a dataset is read, and its CSV, in the parameters of an upload.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::intake::MediaType;
use crate::dataset::ColumnType;
use crate::store::Dataset;

/// Parameters of an upload, by name. A parameter that may be repeated has a list of values.
type Parameters = BTreeMap<String, Value>;

/// How to upload the dataset once more so that it has the same rows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reading {
    /// The parameters with which the source is read.
    #[schema(value_type = Object)]
    source: Parameters,
    /// The parameters with which the CSV of version 2 is read.
    #[schema(value_type = Object)]
    csv: Parameters,
}

impl Reading {
    pub(super) fn of(dataset: &Dataset) -> Self {
        Self {
            source: source(dataset),
            csv: csv(dataset),
        }
    }
}

fn source(dataset: &Dataset) -> Parameters {
    let layout = &dataset.layout;
    let mut parameters = Parameters::new();
    let mut state = |name: &str, value: Value| parameters.insert(name.to_owned(), value);
    let delimiter = match layout.delimiter {
        b'\t' => "tab".to_owned(),
        delimiter => char::from(delimiter).to_string(),
    };
    state("delimiter", delimiter.into());
    state(
        "header",
        if layout.header { "present" } else { "absent" }.into(),
    );
    let media_type = MediaType::read(dataset.content_type.as_bytes()).ok();
    let charset = media_type
        .as_ref()
        .and_then(|media_type| media_type.parameter("charset"));
    state("charset", charset.unwrap_or("utf-8").into());
    for (name, value) in layout.dialect.parameters() {
        if dataset.transcoded && value != "auto" {
            state(name, value.into());
        }
    }
    // Once rows were appended, the source is the text that is stored.
    for (name, value) in layout.dialect.taken_back() {
        if !dataset.transcoded && name != "delimiter" {
            state(name, value.into());
        }
    }
    if layout.dialect.keeps_null_bytes() {
        state("null_bytes", "keep".into());
    }
    if !layout.nulls.is_empty() {
        state("null", json!(layout.nulls));
    }
    for (name, value) in layout.formats.parameters() {
        state(name, value.into());
    }
    for (name, stated) in layout.columns.iter().zip(&layout.stated) {
        if let Some(kind) = stated {
            state(&format!("type.{name}"), kind.as_str().into());
        }
    }
    parameters
}

fn csv(dataset: &Dataset) -> Parameters {
    let layout = &dataset.layout;
    let plain = layout.formats.is_plain();
    let columns = dataset.columns.iter().zip(&layout.stated);
    // Version 2 writes values in their canonical form, so a text may look like a value of another type.
    let told = columns.filter(|(column, stated)| {
        stated.is_some()
            || column.kind == ColumnType::String && (!plain || !layout.nulls.is_empty())
    });
    let types =
        told.map(|(column, _)| (format!("type.{}", column.name), column.kind.as_str().into()));
    let mut parameters: Parameters = types.collect();
    let mut state = |name: &str, value: &str| parameters.insert(name.to_owned(), value.into());
    // What stays with the dataset doesn't hold for its CSV.
    for (name, value) in layout.dialect.taken_back() {
        state(name, value);
    }
    for (name, _) in layout.formats.parameters() {
        state(name, if name == "decimal" { "." } else { "none" });
    }
    state("delimiter", ",");
    if layout.dialect.keeps_null_bytes() {
        state("null_bytes", "keep");
    }
    parameters
}
