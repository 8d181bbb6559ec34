//! Answers as they are written into the files: what differs from run to run is a pattern, or stands for what was kept.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exchange::{Recorded, Step, Theme};
use super::folder::Contract;
use super::matching::{INCLUDES, Pattern};
use super::replay::{self, Run};

/// The contract with the answers that the server gives now. Fails, where another server would give others.
pub fn record(contract: &Contract) -> Result<Contract, Vec<String>> {
    let mut recorded = contract.clone();
    let mut wrong = Vec::new();
    for (name, theme) in &mut recorded.themes {
        let place = format!("{} {name}", contract.name);
        if let Err(error) = record_theme(theme, &contract.patterns) {
            wrong.push(format!("{place}, {error}"));
        }
    }
    if wrong.is_empty() {
        let again = recorded.themes.keys();
        wrong.extend(again.flat_map(|name| replay::differences(&recorded, name)));
        if !wrong.is_empty() {
            wrong.push("this differs from run to run: state a pattern for it".to_owned());
        }
    }
    match wrong.is_empty() {
        true => Ok(recorded),
        false => Err(wrong),
    }
}

fn record_theme(theme: &mut Theme, patterns: &BTreeMap<String, String>) -> Result<(), String> {
    let mut run = Run::of(theme);
    for step in &mut theme.steps {
        let named = |error: String| format!("{}: {error}", replay::title(step));
        let answer = run.send(step).map_err(named)?;
        let patterns = Patterns::of(patterns, step)?;
        step.response = Some(patterns.applied(answer, &run.kept));
    }
    Ok(())
}

/// The patterns that count for a step.
struct Patterns<'p>(BTreeMap<&'p str, &'p str>);

impl<'p> Patterns<'p> {
    fn of(version: &'p BTreeMap<String, String>, step: &'p Step) -> Result<Self, String> {
        let all = version.iter().chain(&step.patterns);
        let all: BTreeMap<_, _> = all.map(|(at, name)| (at.as_str(), name.as_str())).collect();
        match all
            .values()
            .find(|name| **name != INCLUDES && Pattern::of(name).is_none())
        {
            Some(name) => Err(format!("{name} is no pattern")),
            None => Ok(Self(all)),
        }
    }

    fn applied(&self, answer: Recorded, kept: &BTreeMap<String, String>) -> Recorded {
        let header = |(name, value): (String, String)| {
            let value = match (emptied(&value, kept), self.0.get(name.as_str())) {
                (same, Some(pattern)) if same == value => Pattern::recorded(pattern, &value),
                (text, _) => text,
            };
            (name, value)
        };
        Recorded {
            status: answer.status,
            headers: answer.headers.into_iter().map(header).collect(),
            json: answer.json.map(|json| self.apply(&json, "", kept)),
            text: answer.text.map(|text| match self.0.get("") {
                Some(pattern) => (*pattern).to_owned(),
                None => emptied(&text, kept),
            }),
        }
    }

    /// `null` stays what it is, unless the pattern is for anything.
    fn apply(&self, value: &Value, pointer: &str, kept: &BTreeMap<String, String>) -> Value {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let pattern = self
            .0
            .get(pointer)
            .or(self.0.get(name).filter(|_| !name.is_empty()));
        let step = |name: &str| format!("{pointer}/{name}");
        let applied = match value {
            Value::String(text) => emptied(text, kept).into(),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items
                    .map(|(at, item)| self.apply(item, &step(&at.to_string()), kept))
                    .collect()
            }
            Value::Object(members) => {
                let members = members.iter();
                members
                    .map(|(name, member)| (name.clone(), self.apply(member, &step(name), kept)))
                    .collect()
            }
            _ => value.clone(),
        };
        match pattern {
            Some(&INCLUDES) => json!({ INCLUDES: applied }),
            Some(&"$any") => "$any".into(),
            Some(&pattern) if !value.is_null() && applied == *value => {
                Pattern::recorded(pattern, value.as_str().unwrap_or_default()).into()
            }
            _ => applied,
        }
    }
}

/// A text in which what was kept is written by its name.
fn emptied(text: &str, kept: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in kept {
        text = text.replace(value, &format!("{{{name}}}"));
    }
    text
}
