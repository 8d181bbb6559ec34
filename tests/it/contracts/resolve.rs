//! A document without references, so that a change of a shape is seen wherever the shape is used.

use serde_json::{Map, Value};

/// What says nothing to a program.
pub const ANNOTATIONS: [&str; 8] = [
    "$comment",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "title",
];

/// The document with each reference replaced by what it leads to. A shape within itself stays a reference there.
pub fn resolved(document: &Value) -> Value {
    let mut members = document.as_object().cloned().unwrap_or_default();
    if let Some(paths) = members.get_mut("paths") {
        *paths = resolve(paths, document, &mut Vec::new());
    }
    Value::Object(members)
}

fn resolve(value: &Value, document: &Value, open: &mut Vec<String>) -> Value {
    match value {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(to) => follow(to, members, document, open),
            None => merge_all(resolve_members(members, document, open)),
        },
        Value::Array(items) => items
            .iter()
            .map(|item| resolve(item, document, open))
            .collect(),
        _ => value.clone(),
    }
}

fn resolve_members(
    members: &Map<String, Value>,
    document: &Value,
    open: &mut Vec<String>,
) -> Map<String, Value> {
    members
        .iter()
        .map(|(name, member)| (name.clone(), resolve(member, document, open)))
        .collect()
}

/// What a reference leads to, together with what is said beside it.
fn follow(
    to: &str,
    members: &Map<String, Value>,
    document: &Value,
    open: &mut Vec<String>,
) -> Value {
    let target = to
        .strip_prefix('#')
        .and_then(|pointer| document.pointer(pointer));
    let (Some(target), false) = (target, open.iter().any(|one| one == to)) else {
        return Value::Object(members.clone());
    };
    open.push(to.to_owned());
    let target = resolve(target, document, open);
    open.pop();
    let mut beside = members.clone();
    beside.retain(|name, _| name != "$ref" && !ANNOTATIONS.contains(&name.as_str()));
    if beside.is_empty() {
        return target;
    }
    let beside = Value::Object(resolve_members(&beside, document, open));
    merge_all(Map::from_iter([(
        "allOf".to_owned(),
        vec![target, beside].into(),
    )]))
}

/// `allOf` as one shape, if its parts do not speak of the same things.
fn merge_all(members: Map<String, Value>) -> Value {
    let Some(Value::Array(parts)) = members.get("allOf") else {
        return Value::Object(members);
    };
    let mut merged = members.clone();
    merged.remove("allOf");
    for part in parts {
        let Value::Object(part) = part else {
            return Value::Object(members);
        };
        if !merge(&mut merged, part) {
            return Value::Object(members);
        }
    }
    Value::Object(merged)
}

fn merge(merged: &mut Map<String, Value>, part: &Map<String, Value>) -> bool {
    part.iter()
        .all(|(name, value)| match (merged.get_mut(name), value) {
            (None, _) => {
                merged.insert(name.clone(), value.clone());
                true
            }
            (Some(Value::Object(own)), Value::Object(more)) if name == "properties" => {
                let before = own.len();
                own.extend(more.clone());
                own.len() == before + more.len()
            }
            (Some(Value::Array(own)), Value::Array(more)) if name == "required" => {
                own.extend(more.iter().cloned());
                true
            }
            (Some(own), _) => own == value || ANNOTATIONS.contains(&name.as_str()),
        })
}
