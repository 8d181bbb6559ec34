//! "Try it": sends a request of the reference, and shows what came back. Only operations that read can be tried.

use super::document::{Operation, Parameter};
use crate::pages::inner::Answer;
use crate::pages::json::Json;
use crate::pages::snippets;
use crate::pages::text::{path_part, query, with_query};
use crate::pages::visit::Visit;

/// The most bytes of an answer that are read.
const ANSWER: usize = 64 << 10;
/// The lines of it that are shown.
const LINES: usize = 200;
/// The field that is there when the form was sent.
const SENT: &str = "try";
const MORE: &str = "more";
const ACCEPT: &str = "accept";
/// What is in a media type that names a version.
const NAMES_VERSION: &str = "vnd.flash.v";
/// Before the names of parameters, so that they are never those of the form's own fields.
const PATH: &str = "path.";
const QUERY: &str = "query.";

/// The form, and what came back.
pub(super) struct Tried<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// Whether more parameters than those can be sent, and which were.
    pub(super) more: Option<String>,
    pub(super) accepts: Vec<&'a str>,
    pub(super) accept: &'a str,
    pub(super) curl: String,
    pub(super) exchange: Option<Exchange>,
}

/// A field for a parameter.
pub(super) struct Field<'a> {
    pub(super) field: String,
    pub(super) name: &'a str,
    pub(super) value: String,
    pub(super) choices: Vec<String>,
    pub(super) example: String,
    pub(super) is_required: bool,
}

/// A request and its answer.
pub(super) struct Exchange {
    pub(super) request: String,
    pub(super) head: String,
    pub(super) body: String,
    /// Whether the answer goes on.
    pub(super) is_cut: bool,
}

impl<'a> Tried<'a> {
    /// The form for an operation, filled in as it was sent. `place` is its method and path. `None`: it doesn't read.
    pub(super) async fn of(visit: &Visit, place: &str, operation: &'a Operation) -> Option<Self> {
        let path = place.strip_prefix("GET ")?;
        let shown = |parameter: &&Parameter| {
            let in_url = ["path", "query"].contains(&&*parameter.place);
            in_url && !parameter.is_open() && !parameter.is_version() && parameter.name != "format"
        };
        let fields: Vec<Field<'a>> = operation
            .parameters
            .iter()
            .filter(shown)
            .map(|parameter| Field::of(visit, parameter))
            .collect();
        let is_open = operation
            .parameters
            .iter()
            .any(|one| one.place == "query" && one.is_open());
        let more = visit.parameter(MORE).unwrap_or_default();
        let success = operation.answers.get("200");
        let types = success.into_iter().flat_map(|answer| answer.content.keys());
        let types: Vec<&str> = types.map(String::as_str).collect();
        // The others are those of the caller's default version.
        let own = |one: &&str| one.contains(NAMES_VERSION);
        let types = match types.iter().any(own) {
            true => types.into_iter().filter(own).collect(),
            false => types,
        };
        let wanted = visit.parameter(ACCEPT).unwrap_or_default();
        let chosen = types.iter().find(|one| **one == wanted);
        let preferred = || types.iter().find(|one| one.ends_with("json"));
        let accept = chosen
            .or_else(preferred)
            .or(types.first())
            .copied()
            .unwrap_or("*/*");
        let target = target(path, &fields, &more);
        let exchange = match visit.parameter(SENT) {
            Some(_) => Some(exchange(visit, &target, accept).await),
            None => None,
        };
        Some(Self {
            curl: snippets::curl(
                &format!("{}{target}", visit.origin()),
                accept,
                visit.has_key(),
            ),
            accepts: types,
            accept,
            more: is_open.then_some(more),
            fields,
            exchange,
        })
    }
}

impl<'a> Field<'a> {
    fn of(visit: &Visit, parameter: &'a Parameter) -> Self {
        let prefix = if parameter.place == "path" {
            PATH
        } else {
            QUERY
        };
        let field = format!("{prefix}{}", parameter.name);
        Self {
            value: visit.parameter(&field).unwrap_or_default(),
            field,
            name: &parameter.name,
            choices: parameter.choices(),
            example: parameter.example(),
            is_required: parameter.is_required,
        }
    }
}

/// The path and query of the request that the form describes.
fn target(path: &str, fields: &[Field<'_>], more: &str) -> String {
    let mut path = path.to_owned();
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for field in fields {
        if field.field.starts_with(PATH) {
            let value = match &*field.value {
                "" => &field.example,
                value => value,
            };
            path = path.replace(&format!("{{{}}}", field.name), &path_part(value));
        } else if !field.value.is_empty() {
            pairs.push((field.name, &field.value));
        }
    }
    let more: Vec<(String, String)> =
        form_urlencoded::parse(more.trim_start_matches('?').as_bytes())
            .into_owned()
            .collect();
    let more = more.iter().map(|(name, value)| (&**name, &**value));
    with_query(&path, &query(pairs.into_iter().chain(more)))
}

async fn exchange(visit: &Visit, target: &str, accept: &str) -> Exchange {
    let answer = visit.api.get_as(accept, target, ANSWER).await;
    let mut head = answer.status.to_string();
    for (name, value) in &answer.headers {
        head += &format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    let mut lines = lines(&answer);
    let is_cut = answer.is_cut || lines.len() > LINES;
    lines.truncate(LINES);
    Exchange {
        request: format!("GET {target}\nAccept: {accept}"),
        head,
        body: lines.join("\n"),
        is_cut,
    }
}

/// The body on lines: JSON with a value on each, anything else as it is.
fn lines(answer: &Answer) -> Vec<String> {
    match Json::read(&answer.body) {
        Some(json) => json.lines(),
        None => {
            let text = String::from_utf8_lossy(&answer.body);
            text.lines().map(str::to_owned).collect()
        }
    }
}
