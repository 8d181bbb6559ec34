//! An OpenAPI document, as far as the reference shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A document.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) info: Info,
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Deserialize)]
pub(super) struct Info {
    pub(super) version: String,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Deserialize)]
struct Components {
    #[serde(default)]
    responses: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    #[serde(rename = "operationId")]
    pub(super) name: String,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub(super) body: Option<Body>,
    #[serde(rename = "responses")]
    pub(super) answers: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: String,
    #[serde(default, rename = "required")]
    pub(super) is_required: bool,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) schema: Schema,
}

/// The schema of a parameter.
#[derive(Default, Deserialize)]
pub(super) struct Schema {
    #[serde(rename = "type")]
    kind: Option<Value>,
    #[serde(default, rename = "enum")]
    allowed: Vec<Value>,
    default: Option<Value>,
    minimum: Option<Value>,
    maximum: Option<Value>,
    #[serde(default)]
    examples: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Body {
    #[serde(default)]
    pub(super) description: String,
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    /// Where it is described, if not here.
    #[serde(rename = "$ref")]
    elsewhere: Option<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
pub(super) struct Media {
    pub(super) example: Option<Box<RawValue>>,
}

impl Document {
    /// All operations with their methods and paths.
    pub(super) fn operations(&self) -> impl Iterator<Item = (String, &Operation)> {
        self.paths.iter().flat_map(|(path, operations)| {
            let operations = operations.iter();
            operations.map(move |(method, operation)| {
                // OpenAPI 3.1 has `QUERY` as the extension `x-query`.
                let method = method.trim_start_matches("x-").to_uppercase();
                (format!("{method} {path}"), operation)
            })
        })
    }

    /// The answer itself, if it is described elsewhere.
    pub(super) fn resolved<'a>(&'a self, answer: &'a Answer) -> &'a Answer {
        let name = answer
            .elsewhere
            .as_deref()
            .and_then(|elsewhere| elsewhere.rsplit('/').next());
        name.and_then(|name| self.components.responses.get(name))
            .unwrap_or(answer)
    }
}

impl Parameter {
    /// Whether it names the version, which a reference of one version does already.
    pub(super) fn is_version(&self) -> bool {
        self.place == "query" && self.name == "version"
    }

    /// Whether it stands for any number of parameters, as filters do.
    pub(super) fn is_open(&self) -> bool {
        self.schema
            .kind
            .as_ref()
            .is_some_and(|kind| kind == "object")
    }

    /// The values to choose from, if there are few.
    pub(super) fn choices(&self) -> Vec<String> {
        self.schema.allowed.iter().map(written).collect()
    }

    /// A value that shows what is meant.
    pub(super) fn example(&self) -> String {
        let shown = self
            .schema
            .examples
            .first()
            .or(self.schema.default.as_ref());
        shown.map(written).unwrap_or_default()
    }
}

impl Schema {
    /// Its values in words.
    pub(super) fn values(&self) -> String {
        let mut words = Vec::new();
        match self.allowed.as_slice() {
            [] => words.extend(
                self.kind
                    .as_ref()
                    .filter(|kind| *kind != "object")
                    .map(written),
            ),
            allowed => words.push(allowed.iter().map(written).collect::<Vec<_>>().join(" or ")),
        }
        match (&self.minimum, &self.maximum) {
            (Some(least), Some(most)) => words.push(format!("{least} to {most}")),
            (Some(least), None) => words.push(format!("at least {least}")),
            _ => {}
        }
        words.extend(
            self.default
                .as_ref()
                .map(|default| format!("default {}", written(default))),
        );
        words.join(", ")
    }
}

/// A value without the quotes of JSON.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(written).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    }
}

/// A part of a description.
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) is_code: bool,
}

/// The parts of a description: what is between backticks is code.
pub(super) fn prose(text: &str) -> Vec<Part<'_>> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(place, text)| Part {
            text,
            is_code: place % 2 == 1,
        })
        .filter(|part| !part.text.is_empty())
        .collect()
}
