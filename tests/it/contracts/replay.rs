//! Exchanges on a fresh server, step by step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::exchange::{Recorded, Step, Theme};
use super::folder::Contract;
use super::matching;
use crate::client::Answer;
use crate::server::{Builder, Server};

/// The moment of every exchange: what is announced of versions since then is not in it.
const MOMENT: &str = "2026-11-22T12:00:00Z";
/// What is said of a step that was not recorded.
pub const UNRECORDED: &str = "no answer is recorded; tests/contracts/README.md says how to do that";
/// The headers that matter to clients.
const HEADERS: [&str; 20] = [
    "accept-ranges",
    "allow",
    "api-version",
    "api-version-source",
    "content-disposition",
    "content-range",
    "content-type",
    "dataset-revision",
    "dataset-schema",
    "deprecation",
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "retry-after",
    "sunset",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-request-id",
];

/// A theme that is being run.
pub struct Run {
    server: Server,
    /// What earlier steps have kept, and the keys of the clients.
    pub kept: BTreeMap<String, String>,
}

/// A sentence for each answer of a theme that is not as it was recorded.
pub fn differences(contract: &Contract, name: &str) -> Vec<String> {
    let theme = &contract.themes[name];
    let mut run = Run::of(theme);
    let mut found = Vec::new();
    for step in &theme.steps {
        let place = format!("{} {name}, {}", contract.name, title(step));
        match (run.send(step), &step.response) {
            (Err(error), _) => return [found, vec![format!("{place}: {error}")]].concat(),
            // One sentence is enough for all of them.
            (Ok(_), None)
                if found
                    .iter()
                    .any(|other: &String| other.ends_with(UNRECORDED)) => {}
            (Ok(_), None) => found.push(format!("{place}: {UNRECORDED}")),
            (Ok(actual), Some(recorded)) => {
                let expected = run.filled(recorded);
                let sentences = matching::differences(&expected, &actual);
                found.extend(
                    sentences
                        .iter()
                        .map(|sentence| format!("{place}: {sentence}")),
                );
            }
        }
    }
    found
}

/// What a step is called in a sentence.
pub fn title(step: &Step) -> String {
    let request = &step.request;
    format!("{} {} ({})", request.method, request.path, step.name)
}

impl Run {
    pub fn of(theme: &Theme) -> Self {
        let mut builder = Builder::new();
        builder.stand_at(MOMENT.parse::<Timestamp>().unwrap());
        let server = builder.start();
        let keys = theme.clients.iter();
        let kept = keys.map(|name| (name.clone(), server.register(name)));
        Self {
            kept: kept.collect(),
            server,
        }
    }

    /// The answer to a step's request; what is to be kept of it is kept.
    pub fn send(&mut self, step: &Step) -> Result<Recorded, String> {
        let request = &step.request;
        let mut call = self.server.call(&request.method, &self.fill(&request.path));
        for (name, value) in &request.headers {
            call = call.header(name, &self.fill(value));
        }
        if let Some(json) = &request.json {
            call = call.body(self.fill_all(json).to_string());
        }
        if let Some(text) = &request.text {
            call = call.body(self.fill(text));
        }
        let answer = told(&call.send());
        for (name, place) in &step.keep {
            let text = match place.starts_with('/') {
                true => answer
                    .json
                    .as_ref()
                    .and_then(|json| json.pointer(place)?.as_str()),
                false => answer.headers.get(place).map(String::as_str),
            };
            let text = text.filter(|text| !text.is_empty());
            let text = text.ok_or_else(|| format!("there is no text at {place} to be kept"))?;
            self.kept.insert(name.clone(), text.to_owned());
        }
        Ok(answer)
    }

    /// A recorded answer with what this run has kept.
    fn filled(&self, recorded: &Recorded) -> Recorded {
        let headers = recorded.headers.iter();
        Recorded {
            status: recorded.status,
            headers: headers
                .map(|(name, value)| (name.clone(), self.fill(value)))
                .collect(),
            json: recorded.json.as_ref().map(|json| self.fill_all(json)),
            text: recorded.text.as_ref().map(|text| self.fill(text)),
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.kept {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    fn fill_all(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill(text).into(),
            Value::Array(items) => items.iter().map(|item| self.fill_all(item)).collect(),
            Value::Object(members) => {
                let filled = members.iter();
                filled
                    .map(|(name, member)| (name.clone(), self.fill_all(member)))
                    .collect()
            }
            _ => value.clone(),
        }
    }
}

/// What of an answer matters.
fn told(answer: &Answer) -> Recorded {
    let headers = HEADERS.iter().filter_map(|name| {
        let values = answer.headers.get_all(*name).iter();
        let values: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
        (!values.is_empty()).then(|| ((*name).to_owned(), values.join(", ")))
    });
    let headers: BTreeMap<_, _> = headers.collect();
    let is_json = headers
        .get("content-type")
        .is_some_and(|name| name.ends_with("/json") || name.ends_with("+json"));
    let (json, text) = match (answer.body.is_empty(), is_json) {
        (true, _) => (None, None),
        (false, true) => (Some(answer.json()), None),
        (false, false) => (None, Some(answer.text())),
    };
    Recorded {
        status: answer.status,
        headers,
        json,
        text,
    }
}
