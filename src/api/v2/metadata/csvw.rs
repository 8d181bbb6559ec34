//! Metadata of a dataset's CSV, in the Metadata Vocabulary for Tabular Data (CSV on the Web).

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::description::Schema;
use crate::api::error::Error;
use crate::api::listing;
use crate::api::reply::Body;
use crate::dataset::{Column, ColumnType, Description};
use crate::services::Services;
use crate::store::Dataset;

/// What the name of a column may have as it is (§5.6.1.1): the characters of a variable's name of RFC 6570.
const IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');

/// A column of the table.
#[derive(Serialize)]
struct Member<'a> {
    name: String,
    titles: &'a str,
    datatype: &'static str,
    required: bool,
    #[serde(rename = "dc:description", skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(rename = "schema:unitText", skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
}

/// The metadata, a part of its columns at a time.
pub(super) async fn body(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    description: Description,
) -> Result<Body, Error> {
    let form = listing::Form {
        without_columns: document,
        column,
    };
    listing::one(services, dataset, form, description).await
}

/// The metadata, without columns.
fn document(dataset: &Dataset, description: &Description) -> Vec<u8> {
    let mut document = json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": format!("/datasets/{}/rows?version=v2&format=csv", dataset.name),
    });
    let mut say = |member: &str, text: &Option<String>| {
        if let Some(text) = text {
            document[member] = words(text);
        }
    };
    say("dc:title", &description.title);
    say("dc:description", &description.description);
    say("dc:license", &description.licence);
    say("dc:source", &description.source);
    document["tableSchema"] = json!({ "columns": [] });
    listing::json(&document)
}

/// A text, or a reference if it is a URL.
fn words(text: &str) -> Value {
    let is_url = ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme) && !text.contains(char::is_whitespace));
    match is_url {
        true => json!({ "@id": text }),
        false => text.into(),
    }
}

fn column(column: &Column, description: &Description, out: &mut Vec<u8>) {
    let member = Member {
        name: name(&column.name),
        titles: &column.name,
        datatype: datatype(column.kind),
        required: !column.nullable,
        description: description.of(column),
        unit: description.unit(column),
    };
    // Writing to memory can't fail.
    drop(serde_json::to_writer(out, &member));
}

/// A name for programs. It doesn't begin with an underscore.
fn name(title: &str) -> String {
    let encoded = utf8_percent_encode(title, IN_NAMES).to_string();
    match encoded.strip_prefix('_') {
        Some(rest) => format!("%5F{rest}"),
        None => encoded,
    }
}

fn datatype(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "long",
        // Unlike a decimal, it may have an exponent.
        ColumnType::Number => "double",
        ColumnType::Date => "date",
        ColumnType::Datetime => "dateTimeStamp",
        ColumnType::String => "string",
    }
}

/// The schema of the metadata.
pub(super) fn schema() -> Schema {
    let words = json!({ "type": ["string", "object"] });
    let column = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "The name for programs." },
            "titles": { "type": "string", "description": "The name in the header." },
            "datatype": { "type": "string", "description": "A datatype of XML Schema." },
            "required": { "type": "boolean", "description": "Whether no value is null." },
            "dc:description": { "type": "string" },
            "schema:unitText": { "type": "string" },
        },
        "required": ["name", "titles", "datatype", "required"],
    });
    Schema::written(json!({
        "type": "object",
        "description": "Metadata of a CSV: https://www.w3.org/TR/tabular-metadata/",
        "properties": {
            "@context": { "type": "string" },
            "url": { "type": "string", "description": "The CSV." },
            "dc:title": words,
            "dc:description": words,
            "dc:license": words,
            "dc:source": words,
            "tableSchema": {
                "type": "object",
                "properties": { "columns": { "type": "array", "items": column } },
                "required": ["columns"],
            },
        },
        "required": ["@context", "url", "tableSchema"],
    }))
    .called("CsvMetadata")
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_for_programs_are_those_of_variables() {
        for (title, expected) in [
            ("dep_delay", "dep_delay"),
            ("_id", "%5Fid"),
            ("price (EUR)", "price%20%28EUR%29"),
            ("größe", "gr%C3%B6%C3%9Fe"),
        ] {
            assert_eq!(name(title), expected);
        }
    }
}
