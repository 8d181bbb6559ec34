//! Two OpenAPI 3.1 documents compared, from the point of view of clients that were written by the first.
//!
//! A new status of success breaks who waits for another one. A new refusal (4xx, 5xx) does not where the operation could be
//! refused in that class before, because a client takes a status that it does not know for x00 of its class (RFC 9110 §15).
//! 206 and 304 come only to who asks for them by a header.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::changes::{Change, Direction, Site};
use super::resolve::{ANNOTATIONS, resolved};
use super::schema;

const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];
const ASKED_FOR: [&str; 2] = ["206", "304"];

/// What is otherwise in the document `after`.
pub fn compare(before: &Value, after: &Value) -> Vec<Change> {
    let (before, after) = otherwise(before, after);
    let (before, after) = (resolved(&before), resolved(&after));
    let mut found = Vec::new();
    let handled = ["components", "info", "paths", "security", "tags"];
    unjudged("the document", &before, &after, &handled, &mut found);
    unjudged(
        "the document's info",
        &before["info"],
        &after["info"],
        &["license", "version", "x-media-types", "x-state"],
        &mut found,
    );
    names(
        "the media types of the version",
        &before["info"]["x-media-types"],
        &after["info"]["x-media-types"],
        &mut found,
    );
    security(
        "the document",
        &before["security"],
        &after["security"],
        &mut found,
    );
    let schemes = |document: &Value| document["components"]["securitySchemes"].clone();
    unjudged(
        "the way to say who calls,",
        &schemes(&before),
        &schemes(&after),
        &[],
        &mut found,
    );
    let paths = "paths";
    for path in keys(&before[paths], &after[paths]) {
        item(
            &path,
            &before[paths][&path],
            &after[paths][&path],
            &mut found,
        );
    }
    found
}

/// Both documents without the operations that are the same in them, which need not be looked at.
fn otherwise(before: &Value, after: &Value) -> (Value, Value) {
    let (mut left, mut right) = (before.clone(), after.clone());
    if before["components"] == after["components"] {
        for path in keys(&before["paths"], &after["paths"]) {
            let items = (left["paths"].get_mut(&path), right["paths"].get_mut(&path));
            let (Some(Value::Object(left)), Some(Value::Object(right))) = items else {
                continue;
            };
            left.retain(|name, operation| {
                let same = right.get(name) == Some(&*operation);
                same.then(|| right.remove(name)).is_none()
            });
        }
    }
    (left, right)
}

fn keys(one: &Value, other: &Value) -> BTreeSet<String> {
    let of = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let members = of(one).into_iter().chain(of(other));
    members.map(|(name, _)| name).collect()
}

/// Whatever is not `handled` elsewhere, and no text, must be as it was.
fn unjudged(place: &str, before: &Value, after: &Value, handled: &[&str], to: &mut Vec<Change>) {
    for key in keys(before, after) {
        let passed = handled.contains(&&*key) || ANNOTATIONS.contains(&&*key);
        if !passed && before.get(&key) != after.get(&key) {
            to.push(Change::unjudged(place, &format!("`{key}`")));
        }
    }
}

fn names(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    let of = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (before, after) = (of(before), of(after));
    for gone in before.iter().filter(|name| !after.contains(name)) {
        to.push(Change::breaking(
            place,
            format!("{gone} is gone: clients that use it break"),
        ));
    }
    for new in after.iter().filter(|name| !before.contains(name)) {
        to.push(Change::additive(place, format!("{new} is new")));
    }
}

fn security(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    names(&format!("{place} security"), before, after, to);
}

fn item(path: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    unjudged(path, before, after, &METHODS, to);
    for method in METHODS {
        let place = format!("{} {path}", method.to_uppercase());
        match (before.get(method), after.get(method)) {
            (None, None) => {}
            (Some(_), None) => to.push(Change::breaking(
                &place,
                "the operation is gone: clients that call it break",
            )),
            (None, Some(_)) => to.push(Change::additive(&place, "the operation is new")),
            (Some(before), Some(after)) => operation(&place, before, after, to),
        }
    }
}

fn operation(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    let handled = [
        "operationId",
        "parameters",
        "requestBody",
        "responses",
        "security",
        "tags",
    ];
    unjudged(place, before, after, &handled, to);
    let id = |operation: &Value| operation["operationId"].to_string();
    if id(before) != id(after) {
        let what = format!(
            "the operation was called {} and is called {}: clients that are generated from the document break",
            id(before),
            id(after)
        );
        to.push(Change::breaking(place, what));
    }
    if before.get("security") != after.get("security") {
        security(place, &before["security"], &after["security"], to);
    }
    parameters(place, &before["parameters"], &after["parameters"], to);
    body(
        place,
        before.get("requestBody"),
        after.get("requestBody"),
        to,
    );
    responses(place, &before["responses"], &after["responses"], to);
}

fn parameters(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    let (before, after) = (by_name(before), by_name(after));
    for (name, old) in &before {
        let place = format!("{place} {name}");
        let Some(new) = after.get(name) else {
            to.push(Change::breaking(
                &place,
                "it is gone: clients that send it break",
            ));
            continue;
        };
        unjudged(&place, old, new, &["in", "name", "required", "schema"], to);
        match (needed(old), needed(new)) {
            (false, true) => to.push(Change::breaking(
                &place,
                "it is required now: clients that leave it out break",
            )),
            (true, false) => to.push(Change::additive(&place, "it may be left out now")),
            _ => {}
        }
        let site = Site::new(&place, Direction::Request);
        to.extend(schema::compare(&site, &shape(old), &shape(new)));
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let place = format!("{place} {name}");
        to.push(match needed(new) {
            true => Change::breaking(
                &place,
                "it is new and required: clients that do not know it break",
            ),
            false => Change::additive(&place, "it is new"),
        });
    }
}

/// Parameters by where they are and what they are called; the names of headers have no case.
fn by_name(parameters: &Value) -> Map<String, Value> {
    let all = parameters.as_array().into_iter().flatten();
    let named = all.map(|parameter| {
        let of = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
        let name = match of("in").as_str() {
            "header" => of("name").to_ascii_lowercase(),
            _ => of("name"),
        };
        (
            format!("{} parameter `{name}`", of("in")),
            parameter.clone(),
        )
    });
    named.collect()
}

fn needed(value: &Value) -> bool {
    value["required"].as_bool().unwrap_or(false)
}

/// The schema of something; without one, anything goes.
fn shape(value: &Value) -> Value {
    value.get("schema").cloned().unwrap_or(Value::Bool(true))
}

fn body(place: &str, before: Option<&Value>, after: Option<&Value>, to: &mut Vec<Change>) {
    let place = format!("{place} request body");
    match (before, after) {
        (None, None) => {}
        (Some(_), None) => to.push(Change::breaking(
            &place,
            "it is taken no longer: clients that send it break",
        )),
        (None, Some(new)) if needed(new) => to.push(Change::breaking(
            &place,
            "it is new and required: clients that send none break",
        )),
        (None, Some(_)) => to.push(Change::additive(&place, "it is new")),
        (Some(old), Some(new)) => {
            unjudged(&place, old, new, &["content", "required"], to);
            match (needed(old), needed(new)) {
                (false, true) => to.push(Change::breaking(
                    &place,
                    "it is required now: clients that send none break",
                )),
                (true, false) => to.push(Change::additive(&place, "it may be left out now")),
                _ => {}
            }
            content(&place, Direction::Request, old, new, to);
        }
    }
}

fn content(place: &str, direction: Direction, before: &Value, after: &Value, to: &mut Vec<Change>) {
    let (before, after) = (&before["content"], &after["content"]);
    for name in keys(before, after) {
        let place = format!("{place} {name}");
        match (before.get(&name), after.get(&name)) {
            (Some(old), Some(new)) => {
                unjudged(&place, old, new, &["schema"], to);
                let site = Site::new(&place, direction);
                to.extend(schema::compare(&site, &shape(old), &shape(new)));
            }
            (Some(_), None) => to.push(Change::breaking(
                &place,
                match direction {
                    Direction::Request => {
                        "the media type is taken no longer: clients that send it break"
                    }
                    Direction::Response => "the media type is gone: clients that ask for it break",
                },
            )),
            _ => to.push(Change::additive(&place, "the media type is new")),
        }
    }
}

fn responses(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    for status in keys(before, after) {
        let place = format!("{place} {status}");
        match (before.get(&status), after.get(&status)) {
            (Some(old), Some(new)) => response(&place, old, new, to),
            (Some(_), None) => to.push(Change::breaking(
                &place,
                "the status is gone: clients that wait for it break",
            )),
            _ if may_be_new(&status, before) => {
                to.push(Change::additive(&place, "the status is new"));
            }
            _ => to.push(Change::breaking(
                &place,
                "the status is new: clients that know only those before break",
            )),
        }
    }
}

fn may_be_new(status: &str, before: &Value) -> bool {
    let class = status
        .chars()
        .next()
        .filter(|class| ['4', '5'].contains(class));
    let known = |class: char| {
        keys(before, before)
            .iter()
            .any(|other| other.starts_with(class))
    };
    ASKED_FOR.contains(&status) || (status.parse::<u16>().is_ok() && class.is_some_and(known))
}

fn response(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    unjudged(place, before, after, &["content", "headers"], to);
    content(place, Direction::Response, before, after, to);
    for name in keys(&before["headers"], &after["headers"]) {
        let of = |response: &Value| response["headers"].get(&name).cloned();
        let place = format!("{place} header `{name}`");
        match (of(before), of(after)) {
            (Some(old), Some(new)) => header(&place, &old, &new, to),
            (Some(_), None) => to.push(Change::breaking(
                &place,
                "it is gone: clients that read it break",
            )),
            _ => to.push(Change::additive(&place, "it is new")),
        }
    }
}

fn header(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    unjudged(place, before, after, &["required", "schema"], to);
    match (needed(before), needed(after)) {
        (true, false) => to.push(Change::breaking(
            place,
            "it may be missing now: clients that rely on it break",
        )),
        (false, true) => to.push(Change::additive(place, "it is always there now")),
        _ => {}
    }
    let site = Site::new(place, Direction::Response);
    to.extend(schema::compare(&site, &shape(before), &shape(after)));
}
