//! The exchanges meet all that a document has: each operation with success and with an error, each media type that is taken
//! and each that is answered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::exchange::{Recorded, Step};
use super::folder::{self, Contract};
use super::renewal;

/// The refusals that clients meet most.
const REFUSALS: [u16; 9] = [304, 400, 401, 404, 405, 406, 409, 412, 422];

/// An exchange of an operation.
struct Met<'c> {
    step: &'c Step,
    answer: &'c Recorded,
}

/// The exchanges of an operation. A path without parameters is none of those that have some.
fn met<'c>(contract: &'c Contract, paths: &Value, method: &str, path: &str) -> Vec<Met<'c>> {
    let steps = contract.themes.values().flat_map(|theme| &theme.steps);
    let called = |step: &&Step| {
        let asked = step.request.path.split('?').next().unwrap_or_default();
        let literal = paths.get(asked).is_some();
        step.request.method.eq_ignore_ascii_case(method)
            && (asked == path || (!literal && leads_to(asked, path)))
    };
    steps
        .filter(called)
        .filter_map(|step| {
            let answer = step.response.as_ref()?;
            Some(Met { step, answer })
        })
        .collect()
}

fn leads_to(asked: &str, path: &str) -> bool {
    let (asked, path) = (asked.split('/'), path.split('/'));
    asked.clone().count() == path.clone().count()
        && asked
            .zip(path)
            .all(|(own, wanted)| own == wanted || wanted.starts_with('{'))
}

fn keys(value: &Value) -> Vec<&str> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

/// A media type without its parameters.
fn plain(text: Option<&String>) -> &str {
    let text = text.map_or("", String::as_str);
    text.split(';').next().unwrap_or_default().trim()
}

/// What of an operation no exchange meets.
fn gaps(contract: &Contract, document: &Value, method: &str, path: &str) -> Vec<String> {
    let operation = &document["paths"][path][method];
    let method = method.trim_start_matches("x-");
    let met = met(contract, &document["paths"], method, path);
    let mut gaps = Vec::new();
    if !met.iter().any(|met| met.answer.status >= 400) {
        gaps.push("it is never refused".to_owned());
    }
    let succeeds = |met: &&Met<'_>| met.answer.status < 300;
    for kind in keys(&operation["requestBody"]["content"]) {
        let sent = |met: &Met<'_>| plain(met.step.request.headers.get("Content-Type")) == kind;
        if !met.iter().filter(succeeds).any(sent) {
            gaps.push(format!("it is never sent {kind}"));
        }
    }
    let responses = &operation["responses"];
    for status in keys(responses)
        .into_iter()
        .filter(|status| status.starts_with(['2', '3']))
    {
        let answers: Vec<_> = met
            .iter()
            .filter(|met| met.answer.status.to_string() == status)
            .collect();
        if answers.is_empty() {
            gaps.push(format!("it never answers {status}"));
        }
        for kind in keys(&responses[status]["content"]) {
            let has = |met: &&Met<'_>| plain(met.answer.headers.get("content-type")) == kind;
            if !answers.iter().copied().any(|met| has(&met)) {
                gaps.push(format!("it never answers {status} as {kind}"));
            }
        }
    }
    gaps
}

#[test]
fn every_operation_is_met_with_success_and_with_an_error_and_in_all_its_media_types() {
    drop(renewal::outcome());
    let mut wrong = Vec::new();
    for name in folder::names(&folder::root()) {
        let contract = Contract::read(&folder::root(), &name);
        let Some(document) = contract.document.clone() else {
            continue;
        };
        for path in keys(&document["paths"]) {
            for method in keys(&document["paths"][path]) {
                let gaps = gaps(&contract, &document, method, path);
                let place = format!("{name} {} {path}", method.to_uppercase());
                wrong.extend(gaps.iter().map(|gap| format!("{place}: {gap}")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "no exchange under tests/contracts shows this:\n{}\n",
        wrong.join("\n")
    );
}

#[test]
fn the_refusals_that_clients_meet_most_are_met_in_every_version() {
    drop(renewal::outcome());
    for name in folder::names(&folder::root()) {
        let contract = Contract::read(&folder::root(), &name);
        let steps = contract.themes.values().flat_map(|theme| &theme.steps);
        let answers = steps.filter_map(|step| step.response.as_ref());
        let statuses: BTreeSet<u16> = answers.map(|answer| answer.status).collect();
        for status in REFUSALS {
            assert!(statuses.contains(&status), "{name} {status}");
        }
    }
}
