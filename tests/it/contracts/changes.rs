//! What differs between two documents, in sentences.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::resolve::ANNOTATIONS;

/// Whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A client that worked may work no longer.
    Breaking,
    /// Only who asks for what is new will notice.
    Additive,
}

/// Which way a schema is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Clients send it.
    Request,
    /// Clients read it.
    Response,
}

/// Where in a document something is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The operation, and what of it.
    pub place: String,
    /// The field of the body; nothing for the body itself.
    pub field: String,
    /// Which way it goes.
    pub direction: Direction,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub class: Class,
    pub place: String,
    pub what: String,
}

impl Change {
    pub fn breaking(place: &str, what: impl Into<String>) -> Self {
        Self {
            class: Class::Breaking,
            place: place.to_owned(),
            what: what.into(),
        }
    }

    pub fn additive(place: &str, what: impl Into<String>) -> Self {
        Self {
            class: Class::Additive,
            place: place.to_owned(),
            what: what.into(),
        }
    }

    /// What the comparison does not understand might break anybody.
    pub fn unjudged(place: &str, what: &str) -> Self {
        Self::breaking(
            place,
            format!("{what} is otherwise, which can't be judged: any client may break"),
        )
    }
}

impl Site {
    pub fn new(place: &str, direction: Direction) -> Self {
        Self {
            place: place.to_owned(),
            field: String::new(),
            direction,
        }
    }

    /// The same place, one step further in.
    pub fn within(&self, step: &str) -> Self {
        let dot = if self.field.is_empty() || step.starts_with('[') {
            ""
        } else {
            "."
        };
        Self {
            field: format!("{}{dot}{step}", self.field),
            ..self.clone()
        }
    }

    /// What is there, for a sentence.
    pub fn name(&self) -> String {
        if self.field.is_empty() {
            "the value".to_owned()
        } else {
            format!("the field `{}`", self.field)
        }
    }

    /// A change of what is allowed here. Who sends is broken by less, and who reads by more.
    pub fn limit(&self, narrower: bool, what: &str) -> Change {
        match (self.direction, narrower) {
            (Direction::Request, true) => Change::breaking(
                &self.place,
                format!("{what}: clients that send what was taken before break"),
            ),
            (Direction::Response, false) => Change::breaking(
                &self.place,
                format!("{what}: clients that read only what there was before break"),
            ),
            _ => Change::additive(&self.place, what),
        }
    }
}

/// The names of the members of both.
pub fn keys(one: &Value, other: &Value) -> BTreeSet<String> {
    let of = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let members = of(one).into_iter().chain(of(other));
    members.map(|(name, _)| name).collect()
}

/// Whatever is not `handled` elsewhere, and no text, must be as it was.
pub fn unjudged(
    place: &str,
    before: &Value,
    after: &Value,
    handled: &[&str],
    to: &mut Vec<Change>,
) {
    for key in keys(before, after) {
        let passed = handled.contains(&&*key) || ANNOTATIONS.contains(&&*key);
        if !passed && before.get(&key) != after.get(&key) {
            to.push(Change::unjudged(place, &format!("`{key}`")));
        }
    }
}

/// A sentence for each change of that class. What is the same in several places, as a shape that many operations share, is
/// said once, with all operations that have it.
pub fn sentences(version: &str, changes: &[Change], class: Class) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.class == class) {
        places.entry(&change.what).or_default().push(&change.place);
    }
    let sentence = |(what, places): (&str, Vec<&str>)| {
        let first = places[0];
        let others: BTreeSet<&str> = places.iter().copied().map(operation).collect();
        let others = others.into_iter().filter(|one| *one != operation(first));
        let others: Vec<_> = others.collect();
        match others.is_empty() {
            true => format!("{version} {first}: {what}"),
            false => format!("{version} {first} (also {}): {what}", others.join(", ")),
        }
    };
    places.into_iter().map(sentence).collect()
}

/// Method and path of a place.
fn operation(place: &str) -> &str {
    let end = place.match_indices(' ').nth(1);
    end.map_or(place, |(end, _)| &place[..end])
}
