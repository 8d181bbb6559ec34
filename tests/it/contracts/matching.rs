//! An answer held against the recorded one. What was recorded has to be there and equal; an object may have more members,
//! and a list in a header more elements.

use jiff::Timestamp;
use semver::Version;
use serde_json::Value;

use super::exchange::Recorded;

/// A list that has at least these elements.
pub const INCLUDES: &str = "$includes";
/// Headers that are lists, in which an element more breaks nobody.
const LISTS: [&str; 3] = ["allow", "link", "vary"];

/// What differs from run to run, by what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// It is there.
    Any,
    /// A text that is not empty: a sentence for people, or a text of no meaning.
    Text,
    /// A moment, RFC 3339 in UTC.
    Timestamp,
    /// An entity tag.
    Tag,
    /// A version of the API, `vN`.
    Version,
    /// A semantic version, of that MAJOR if there is one.
    Semver(Option<u64>),
}

impl Pattern {
    /// The pattern that is written so.
    pub fn of(text: &str) -> Option<Self> {
        Some(match text {
            "$any" => Self::Any,
            "$text" => Self::Text,
            "$timestamp" => Self::Timestamp,
            "$tag" => Self::Tag,
            "$version" => Self::Version,
            "$semver" => Self::Semver(None),
            _ => Self::Semver(Some(text.strip_prefix("$semver:")?.parse().ok()?)),
        })
    }

    /// The pattern as it is recorded for a text: MINOR and PATCH move on, and MAJOR does not.
    pub fn recorded(name: &str, text: &str) -> String {
        match (Self::of(name), Version::parse(text)) {
            (Some(Self::Semver(None)), Ok(version)) => format!("{name}:{}", version.major),
            _ => name.to_owned(),
        }
    }

    pub fn fits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _) => true,
            (Self::Text, Value::String(text)) => !text.is_empty(),
            (Self::Timestamp, Value::String(text)) => {
                text.ends_with('Z') && text.parse::<Timestamp>().is_ok()
            }
            (Self::Tag, Value::String(text)) => {
                let opaque = text.strip_prefix("W/").unwrap_or(text);
                opaque.len() > 2 && opaque.starts_with('"') && opaque.ends_with('"')
            }
            (Self::Version, Value::String(text)) => text
                .strip_prefix('v')
                .is_some_and(|number| number.parse::<u32>().is_ok()),
            (Self::Semver(major), Value::String(text)) => Version::parse(text)
                .is_ok_and(|version| major.is_none_or(|major| version.major == major)),
            _ => false,
        }
    }
}

/// A sentence for each place in which an answer is not as it was recorded.
pub fn differences(expected: &Recorded, actual: &Recorded) -> Vec<String> {
    let mut found = Vec::new();
    if expected.status != actual.status {
        found.push(format!(
            "the status was {} and is {}: clients that wait for it break",
            expected.status, actual.status
        ));
        return found;
    }
    for (name, value) in &expected.headers {
        let place = format!("the header `{name}`");
        match actual.headers.get(name) {
            Some(is) if LISTS.contains(&name.as_str()) && Pattern::of(value).is_none() => {
                list(&place, value, is, &mut found);
            }
            Some(is) => compare(
                &place,
                &value.as_str().into(),
                &is.as_str().into(),
                &mut found,
            ),
            None => found.push(gone(&place)),
        }
    }
    compare("the body", &body(expected), &body(actual), &mut found);
    found
}

/// The body as JSON: any other text is a string, and none is null.
fn body(answer: &Recorded) -> Value {
    let text = || answer.text.clone().into();
    answer.json.clone().unwrap_or_else(text)
}

fn list(place: &str, was: &str, is: &str, to: &mut Vec<String>) {
    let elements = |text: &str| -> Vec<String> {
        let elements = text.split(", ");
        elements.map(|element| element.trim().to_owned()).collect()
    };
    let is = elements(is);
    for element in elements(was).iter().filter(|element| !is.contains(element)) {
        to.push(gone(&format!("`{element}` of {place}")));
    }
}

fn compare(place: &str, expected: &Value, actual: &Value, to: &mut Vec<String>) {
    match (expected, actual) {
        (Value::String(text), _) if Pattern::of(text).is_some() => {
            if !Pattern::of(text).is_some_and(|pattern| pattern.fits(actual)) {
                to.push(other(place, expected, actual));
            }
        }
        (Value::Object(members), _) if members.contains_key(INCLUDES) => {
            includes(place, &members[INCLUDES], actual, to);
        }
        (Value::Object(members), Value::Object(is)) => {
            for (name, member) in members {
                let place = format!("{place}.{name}");
                match is.get(name) {
                    Some(is) => compare(&place, member, is, to),
                    None => to.push(gone(&place)),
                }
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (at, (was, is)) in was.iter().zip(is).enumerate() {
                compare(&format!("{place}[{at}]"), was, is, to);
            }
        }
        _ if expected == actual => {}
        _ => to.push(other(place, expected, actual)),
    }
}

fn includes(place: &str, expected: &Value, actual: &Value, to: &mut Vec<String>) {
    let items = actual.as_array().cloned().unwrap_or_default();
    let fits = |wanted: &Value, item: &Value| {
        let mut found = Vec::new();
        compare(place, wanted, item, &mut found);
        found.is_empty()
    };
    for wanted in expected.as_array().into_iter().flatten() {
        if !items.iter().any(|item| fits(wanted, item)) {
            to.push(gone(&format!("{wanted} in {place}")));
        }
    }
}

fn gone(place: &str) -> String {
    format!("{place} is gone: clients that read it break")
}

fn other(place: &str, was: &Value, is: &Value) -> String {
    format!("{place} was {was} and is {is}: clients that read it break")
}
