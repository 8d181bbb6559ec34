//! Two bodies, or the answers of two operations, compared.
//!
//! A new status of success breaks who waits for another one. A new refusal (4xx, 5xx) does not where the operation could be
//! refused in that class before, because a client takes a status that it does not know for x00 of its class (RFC 9110 §15).
//! 206 and 304 come only to who asks for them by a header, and a status with `x-only-with` to who sends that parameter of the query: if the
//! parameter is new, nobody does yet.

use serde_json::Value;

use super::changes::{Change, Direction, Site, keys, unjudged};
use super::schema;

const ASKED_FOR: [&str; 2] = ["206", "304"];

pub fn needed(value: &Value) -> bool {
    value["required"].as_bool().unwrap_or(false)
}

/// The schema of something; without one, anything goes.
pub fn shape(value: &Value) -> Value {
    value.get("schema").cloned().unwrap_or(Value::Bool(true))
}

pub fn body(place: &str, before: Option<&Value>, after: Option<&Value>, to: &mut Vec<Change>) {
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

pub fn responses(place: &str, before: &Value, after: &Value, to: &mut Vec<Change>) {
    let known = &before["parameters"];
    let (before, after) = (&before["responses"], &after["responses"]);
    for status in keys(before, after) {
        let place = format!("{place} {status}");
        match (before.get(&status), after.get(&status)) {
            (Some(old), Some(new)) => response(&place, old, new, to),
            (Some(_), None) => to.push(Change::breaking(
                &place,
                "the status is gone: clients that wait for it break",
            )),
            (_, Some(new)) if may_be_new(&status, before) || is_asked_for(new, known) => {
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

/// Whether a response comes only to who sends a parameter that is not among the known ones.
fn is_asked_for(response: &Value, known: &Value) -> bool {
    let mut known = known.as_array().into_iter().flatten();
    match response["x-only-with"].as_str() {
        Some(parameter) => !known.any(|known| known["in"] == "query" && known["name"] == parameter),
        None => false,
    }
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
