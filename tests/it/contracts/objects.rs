//! The fields of two object schemas compared. A client passes over fields that it does not know (docs/api.md), so a field
//! more in a response breaks nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::changes::{Change, Direction, Site};
use super::schema;

type Schemas<'s> = BTreeMap<&'s str, &'s Value>;

pub fn compare(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    properties(site, before, after, to);
    required(site, before, after, to);
    others(site, before, after, to);
    patterns(site, before, after, to);
}

fn schemas<'s>(schema: &'s Map<String, Value>, keyword: &str) -> Schemas<'s> {
    let members = schema.get(keyword).and_then(Value::as_object);
    let members = members.into_iter().flatten();
    members
        .map(|(name, schema)| (name.as_str(), schema))
        .collect()
}

fn required_of(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn properties(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let (old, new) = (schemas(before, "properties"), schemas(after, "properties"));
    for (name, schema) in &old {
        match new.get(name) {
            Some(other) => to.extend(schema::compare(&site.within(name), schema, other)),
            None => to.push(gone(site, name, schema, &old, &new)),
        }
    }
    let must = required_of(after);
    for (name, schema) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        let at = site.within(name);
        // Where any field could be, this one could be.
        if let Some(any) = before
            .get("additionalProperties")
            .filter(|any| any.is_object())
        {
            to.extend(schema::compare(&at, any, schema));
        }
        let field = at.name();
        to.push(match site.direction {
            Direction::Request if must.contains(name) => Change::breaking(
                &site.place,
                format!("{field} is new and must be sent: clients that do not know it break"),
            ),
            _ => Change::additive(&site.place, format!("{field} is new")),
        });
    }
}

fn gone(site: &Site, name: &str, schema: &Value, old: &Schemas<'_>, new: &Schemas<'_>) -> Change {
    let verb = match site.direction {
        Direction::Request => "send",
        Direction::Response => "read",
    };
    let twin = new
        .iter()
        .find(|(other, shape)| **shape == schema && !old.contains_key(*other));
    let renamed = twin.map_or(String::new(), |(other, _)| {
        format!(", or is called `{other}` now")
    });
    let field = site.within(name).name();
    Change::breaking(
        &site.place,
        format!("{field} is gone{renamed}: clients that {verb} it break"),
    )
}

/// Of the fields that were there and still are.
fn required(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let (old, new) = (required_of(before), required_of(after));
    let (had, has) = (schemas(before, "properties"), schemas(after, "properties"));
    let field = |name: &str| site.within(name).name();
    for name in old.difference(&new) {
        if has.contains_key(name) || !had.contains_key(name) {
            to.push(match site.direction {
                Direction::Request => {
                    Change::additive(&site.place, format!("{} may be left out now", field(name)))
                }
                Direction::Response => Change::breaking(
                    &site.place,
                    format!(
                        "{} may be missing now: clients that rely on it break",
                        field(name)
                    ),
                ),
            });
        }
    }
    for name in new.difference(&old) {
        if had.contains_key(name) || !has.contains_key(name) {
            to.push(match site.direction {
                Direction::Request => Change::breaking(
                    &site.place,
                    format!(
                        "{} must be sent now: clients that leave it out break",
                        field(name)
                    ),
                ),
                Direction::Response => {
                    Change::additive(&site.place, format!("{} is always there now", field(name)))
                }
            });
        }
    }
}

/// `additionalProperties`: absent and `true` say nothing, and that promises nothing to who reads.
fn others(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let any = Value::Bool(true);
    let of = |schema: &Map<String, Value>| {
        let others = schema.get("additionalProperties");
        others.unwrap_or(&any).clone()
    };
    let (old, new) = (of(before), of(after));
    let fields = format!("further fields of {}", site.name());
    match (&old, &new) {
        _ if old == new => {}
        (Value::Object(_), Value::Object(_)) => {
            to.extend(schema::compare(&site.within("*"), &old, &new));
        }
        (_, Value::Bool(false)) if site.direction == Direction::Request || old.is_object() => {
            let verb = match site.direction {
                Direction::Request => "send",
                Direction::Response => "read",
            };
            let what = format!("{fields} are not there any more: clients that {verb} some break");
            to.push(Change::breaking(&site.place, what));
        }
        (Value::Object(_), _) => {
            let what = format!("{fields} may be anything now");
            to.push(site.limit(false, &what));
        }
        (Value::Bool(true), Value::Object(_)) => {
            let what = format!("{fields} have a shape now");
            to.push(site.limit(true, &what));
        }
        _ => to.push(Change::additive(
            &site.place,
            format!("{fields} may be there, or not, now"),
        )),
    }
}

fn patterns(
    site: &Site,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    to: &mut Vec<Change>,
) {
    let keyword = "patternProperties";
    let (old, new) = (schemas(before, keyword), schemas(after, keyword));
    let fields = |name: &str| format!("fields of {} that match `{name}`", site.name());
    for (name, schema) in &old {
        match new.get(name) {
            Some(other) => to.extend(schema::compare(&site.within(name), schema, other)),
            None => to.push(Change::unjudged(&site.place, &fields(name))),
        }
    }
    let closed = before.get("additionalProperties") == Some(&Value::Bool(false));
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        to.push(match closed {
            true => Change::additive(&site.place, format!("{} are new", fields(name))),
            false => Change::unjudged(&site.place, &fields(name)),
        });
    }
}
