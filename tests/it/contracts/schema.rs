//! Two schemas compared, keyword by keyword (JSON Schema 2020-12). A keyword that is not known here is never passed over:
//! where it is otherwise, any client may break.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::changes::{Change, Direction, Site};
use super::objects;
use super::resolve::ANNOTATIONS;

const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];
/// Bounds: the keyword, and whether more of it allows less.
const BOUNDS: [(&str, bool); 10] = [
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("minLength", true),
    ("minItems", true),
    ("minProperties", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("maxLength", false),
    ("maxItems", false),
    ("maxProperties", false),
];
/// What is allowed, in words that can't be compared: having one allows less than having none.
const LIMITS: [&str; 6] = [
    "pattern",
    "format",
    "multipleOf",
    "uniqueItems",
    "contentMediaType",
    "contentEncoding",
];
/// What is compared elsewhere in this module and in [`objects`].
const KNOWN: [&str; 11] = [
    "additionalProperties",
    "anyOf",
    "const",
    "default",
    "enum",
    "items",
    "oneOf",
    "patternProperties",
    "properties",
    "required",
    "type",
];

/// What is otherwise.
pub fn compare(site: &Site, before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    if before == after {
        return found;
    }
    let (Some(before), Some(after)) = (members(before), members(after)) else {
        return vec![Change::unjudged(&site.place, &site.name())];
    };
    if is_alternative_of(site, &before, &after) {
        let what = format!("{} has more alternatives now", site.name());
        return vec![site.limit(false, &what)];
    }
    types(site, &before, &after, &mut found);
    values(site, &before, &after, &mut found);
    bounds(site, &before, &after, &mut found);
    limits(site, &before, &after, &mut found);
    default(site, &before, &after, &mut found);
    items(site, &before, &after, &mut found);
    for keyword in ["oneOf", "anyOf"] {
        alternatives(keyword, site, &before, &after, &mut found);
    }
    objects::compare(site, &before, &after, &mut found);
    unknown(site, &before, &after, &mut found);
    found
}

/// Whether what was sent is one of several alternatives now.
fn is_alternative_of(site: &Site, before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let others = |schema: &Map<String, Value>| {
        let keywords = schema.keys().map(String::as_str);
        keywords
            .filter(|keyword| !ANNOTATIONS.contains(keyword))
            .count()
    };
    let Some(Value::Array(alternatives)) = after.get("anyOf").filter(|_| others(after) == 1) else {
        return false;
    };
    let before = Value::Object(before.clone());
    let takes = |alternative: &Value| compare(site, &before, alternative).is_empty();
    before.get("anyOf").is_none() && alternatives.iter().any(takes)
}

/// A schema's keywords; `true` has none, and allows everything.
fn members(schema: &Value) -> Option<Map<String, Value>> {
    match schema {
        Value::Object(members) => Some(members.clone()),
        Value::Bool(true) => Some(Map::new()),
        _ => None,
    }
}

fn types(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let (old, new) = (types_of(before), types_of(after));
    let name = site.name();
    let (was, is) = (listed(&old), listed(&new));
    let gone = listed(&old.difference(&new).copied().collect());
    let more = listed(&new.difference(&old).copied().collect());
    let verb = match site.direction {
        Direction::Request => "may be sent as",
        Direction::Response => "may be",
    };
    if !gone.is_empty() {
        let what = format!("{name} was {was} and is {is}, so it is never {gone} now");
        to.push(site.limit(true, &what));
    }
    if !more.is_empty() {
        let what = format!("{name} was {was} and {verb} {more} now");
        to.push(site.limit(false, &what));
    }
}

fn types_of(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let mut types: BTreeSet<&str> = match schema.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::from(TYPES),
    };
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

fn listed(types: &BTreeSet<&str>) -> String {
    if types.len() == TYPES.len() {
        return "anything".to_owned();
    }
    let hidden = |name: &&&str| **name == "integer" && types.contains("number");
    let names: Vec<_> = types.iter().filter(|name| !hidden(name)).copied().collect();
    names.join(" or ")
}

fn values(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let name = site.name();
    match (values_of(before), values_of(after)) {
        (None, None) => {}
        (Some(_), None) => {
            let what = format!("{name} may have any value now, and had one of a list");
            to.push(site.limit(false, &what));
        }
        (None, Some(new)) => {
            let what = format!("{name} has one of {} now", in_json(&new));
            to.push(site.limit(true, &what));
        }
        (Some(old), Some(new)) => {
            let of = |these: &[Value], those: &[Value]| -> Vec<Value> {
                let gone = these.iter().filter(|value| !those.contains(value));
                gone.cloned().collect()
            };
            let (gone, more) = (of(&old, &new), of(&new, &old));
            if !gone.is_empty() {
                let what = format!("{name} is never {} now", in_json(&gone));
                to.push(site.limit(true, &what));
            }
            if !more.is_empty() {
                let what = format!("{name} may be {} now", in_json(&more));
                to.push(site.limit(false, &what));
            }
        }
    }
}

fn values_of(schema: &Map<String, Value>) -> Option<Vec<Value>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.clone()),
        (_, Some(value)) => Some(vec![value.clone()]),
        _ => None,
    }
}

fn in_json(values: &[Value]) -> String {
    let texts: Vec<_> = values.iter().map(Value::to_string).collect();
    texts.join(", ")
}

fn bounds(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    for (keyword, lower) in BOUNDS {
        let (old, new) = (before.get(keyword), after.get(keyword));
        if old == new {
            continue;
        }
        let number = |bound: Option<&Value>| bound.and_then(Value::as_f64);
        let narrower = match (number(old), number(new)) {
            (Some(old), Some(new)) => (new > old) == lower,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        to.push(site.limit(narrower, &moved(site, keyword, old, new)));
    }
}

fn limits(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    for keyword in LIMITS {
        let (old, new) = (before.get(keyword), after.get(keyword));
        if old == new {
            continue;
        }
        let what = moved(site, keyword, old, new);
        // One that is another now allows what was not allowed, and does not what was.
        let narrower = match (old, new) {
            (Some(_), Some(_)) => site.direction == Direction::Request,
            _ => new.is_some(),
        };
        to.push(site.limit(narrower, &what));
    }
}

fn moved(site: &Site, keyword: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    format!(
        "`{keyword}` of {} was {} and is {}",
        site.name(),
        shown(old),
        shown(new)
    )
}

/// What is taken for a value that is not sent.
fn default(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let (old, new) = (before.get("default"), after.get("default"));
    if old != new && site.direction == Direction::Request {
        let what = moved(site, "default", old, new);
        let what = format!("{what}: clients that leave it out get something else");
        to.push(Change::breaking(&site.place, what));
    }
}

fn items(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let any = Value::Bool(true);
    let of = |schema: &Map<String, Value>| schema.get("items").unwrap_or(&any).clone();
    to.extend(compare(&site.within("[]"), &of(before), &of(after)));
}

fn alternatives(
    keyword: &str,
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let (Some(Value::Array(old)), Some(Value::Array(new))) =
        (before.get(keyword), after.get(keyword))
    else {
        if before.get(keyword) != after.get(keyword) {
            to.push(Change::unjudged(
                &site.place,
                &format!("`{keyword}` of {}", site.name()),
            ));
        }
        return;
    };
    let without = |these: &[Value], those: &[Value]| -> Vec<Value> {
        let same = |one: &Value, other: &Value| compare(site, one, other).is_empty();
        let left = these
            .iter()
            .filter(|one| !those.iter().any(|other| same(one, other)));
        left.cloned().collect()
    };
    match (without(old, new).as_slice(), without(new, old).as_slice()) {
        (gone, more) if gone.len() == more.len() => {
            for (one, other) in gone.iter().zip(more) {
                to.extend(compare(site, one, other));
            }
        }
        (gone, more) => {
            if !gone.is_empty() {
                let what = format!("{} has fewer alternatives now", site.name());
                to.push(site.limit(true, &what));
            }
            if !more.is_empty() {
                let what = format!("{} has more alternatives now", site.name());
                to.push(site.limit(false, &what));
            }
        }
    }
}

fn unknown(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let keywords: BTreeSet<&str> = before
        .keys()
        .chain(after.keys())
        .map(String::as_str)
        .collect();
    let understood = |keyword: &str| {
        KNOWN.contains(&keyword)
            || LIMITS.contains(&keyword)
            || ANNOTATIONS.contains(&keyword)
            || BOUNDS.iter().any(|(name, _)| *name == keyword)
    };
    for keyword in keywords.into_iter().filter(|keyword| !understood(keyword)) {
        if before.get(keyword) != after.get(keyword) {
            let what = format!("`{keyword}` of {}", site.name());
            to.push(Change::unjudged(&site.place, &what));
        }
    }
}
