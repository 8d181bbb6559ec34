//! Two OpenAPI 3.1 documents compared, from the point of view of clients that were written by the first.

use serde_json::{Map, Value};

use super::changes::{Change, Direction, Site, keys, unjudged};
use super::messages::{body, needed, responses, shape};
use super::resolve::resolved;
use super::schema;

const METHODS: [&str; 9] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace", "x-query",
];

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
    schemes(&before["components"], &after["components"], &mut found);
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
    match (before, after) {
        (Value::Array(_), Value::Array(_)) => {
            names(&format!("{place} security"), before, after, to);
        }
        _ if before == after => {}
        _ => to.push(Change::unjudged(place, "`security`")),
    }
}

/// The ways to say who calls.
fn schemes(before: &Value, after: &Value, to: &mut Vec<Change>) {
    let (before, after) = (&before["securitySchemes"], &after["securitySchemes"]);
    for name in keys(before, after) {
        let place = format!("the document security scheme `{name}`");
        match (before.get(&name), after.get(&name)) {
            (Some(old), Some(new)) => unjudged(&place, old, new, &[], to),
            (Some(_), None) => to.push(Change::breaking(
                &place,
                "it is gone: clients that use it break",
            )),
            _ => to.push(Change::additive(&place, "it is new")),
        }
    }
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
    security(place, &before["security"], &after["security"], to);
    parameters(place, &before["parameters"], &after["parameters"], to);
    body(
        place,
        before.get("requestBody"),
        after.get("requestBody"),
        to,
    );
    responses(place, before, after, to);
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
        to.push(match needed(new) && !is_given(new) {
            true => Change::breaking(
                &place,
                "it is new and required: clients that do not know it break",
            ),
            false => Change::additive(&place, "it is new"),
        });
    }
}

/// Whether a parameter has one value, which is its default: it changes nothing for who doesn't send it.
fn is_given(parameter: &Value) -> bool {
    let schema = &parameter["schema"];
    schema["enum"] == Value::Array(vec![schema["default"].clone()])
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
