//! Files as people have them, one of each kind: `tests/data/wild` has each file with what must come out of it.
//!
//! Beside each file is a JSON of the same name with its cases: the parameters of an upload, and the answer that they must give.

pub(super) mod round_trip;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::columns;
use crate::client::Answer;
use crate::server::Server;

/// A file, and what must come out of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wild {
    /// What kind of file it is.
    what: String,
    file: String,
    cases: Vec<Case>,
}

/// What one way to read a file gives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// The parameters of the upload. A list is a parameter that is repeated.
    parameters: BTreeMap<String, Value>,
    status: u16,
    /// What the sentence of a refusal has to name, and its line.
    #[serde(default)]
    says: Vec<String>,
    line: Option<u64>,
    /// The columns as `name: type`, with a question mark where a value may be missing, and their units.
    #[serde(default)]
    columns: Vec<String>,
    units: Option<Vec<Value>>,
    /// All rows, as version 2 has them.
    #[serde(default)]
    rows: Vec<Value>,
    /// What each hint has to name. There may be no others.
    #[serde(default)]
    hints: Vec<String>,
    /// The lines and texts of the rows that are set aside.
    #[serde(default)]
    bad_rows: Vec<Value>,
}

/// Uploads a file with these parameters.
pub(super) fn put(
    server: &Server,
    name: &str,
    parameters: &BTreeMap<String, Value>,
    file: &[u8],
) -> Answer {
    let path = format!("/datasets/{name}?{}", query(parameters));
    server.put(&path).v2().csv(file).send()
}

/// Parameters as a query.
fn query(parameters: &BTreeMap<String, Value>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            query.append_pair(name, value.as_str().unwrap());
        }
    }
    query.finish()
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, wanted: &T) -> Option<String> {
    (found != wanted).then(|| format!("{what}: found {found:?}, wanted {wanted:?}"))
}

impl Case {
    /// What is otherwise than it must be.
    fn faults(&self, server: &Server, name: &str, file: &[u8]) -> Vec<String> {
        let answer = put(server, name, &self.parameters, file);
        if answer.status != self.status {
            return vec![format!("{}: {}", answer.status, answer.text())];
        }
        let answer = answer.json();
        match self.status {
            201 => self.faults_of_dataset(server, name, &answer),
            _ => self.faults_of_refusal(&answer),
        }
    }

    fn faults_of_refusal(&self, problem: &Value) -> Vec<String> {
        let sentence = problem["detail"].as_str().unwrap();
        let lacking = self.says.iter().filter(|word| !sentence.contains(*word));
        let mut faults: Vec<_> = lacking
            .map(|word| format!("{word:?} is not in {sentence:?}"))
            .collect();
        let line = self.line.filter(|line| problem["line"] != *line);
        faults.extend(line.map(|line| format!("line {line} is not the one of {problem}")));
        faults
    }

    fn faults_of_dataset(&self, server: &Server, name: &str, made: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(differs("columns", &columns(made), &self.columns));
        if let Some(wanted) = &self.units {
            let units = made["columns"].as_array().unwrap().iter();
            let units: Vec<_> = units.map(|column| column["unit"].clone()).collect();
            faults.extend(differs("units", &units, wanted));
        }
        faults.extend(differs("rows", &server.rows(name), &json!(self.rows)));
        faults.extend(self.faults_of_hints(&made["hints"]));
        let path = format!("/datasets/{name}/bad-rows");
        let apart = server.get(&path).v2().send().ok().json();
        let apart = apart["data"].as_array().unwrap().iter();
        let apart: Vec<_> = apart
            .map(|row| json!({"line": row["line"], "text": row["text"]}))
            .collect();
        let count = made["bad_rows"]["count"].as_u64().unwrap_or(0);
        faults.extend(differs("number of bad rows", &count, &(apart.len() as u64)));
        faults.extend(differs("bad rows", &apart, &self.bad_rows));
        faults.extend(round_trip::faults(server, name));
        faults
    }

    fn faults_of_hints(&self, hints: &Value) -> Vec<String> {
        let hints = hints.as_array().map(Vec::as_slice).unwrap_or_default();
        let hints: Vec<_> = hints.iter().map(|hint| hint.as_str().unwrap()).collect();
        let lacking = self.hints.iter().filter(|word| {
            let mut hints = hints.iter();
            !hints.any(|hint| hint.contains(*word))
        });
        let mut faults: Vec<_> = lacking
            .map(|word| format!("{word:?} is in no hint: {hints:?}"))
            .collect();
        let others = hints.iter().filter(|hint| {
            let mut words = self.hints.iter();
            !words.any(|word| hint.contains(word))
        });
        faults.extend(others.map(|hint| format!("nobody wants the hint {hint:?}")));
        faults
    }
}

/// All wild files.
fn all() -> Vec<(Wild, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wild");
    let files = fs::read_dir(&folder).unwrap();
    let descriptions = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut all: Vec<_> = descriptions
        .map(|path| {
            let description = fs::read_to_string(&path).unwrap();
            let wild: Wild = serde_json::from_str(&description)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let file = fs::read(folder.join(&wild.file)).unwrap();
            (wild, file)
        })
        .collect();
    all.sort_by(|(one, _), (other, _)| one.file.cmp(&other.file));
    all
}

#[test]
fn each_kind_of_file_is_read_or_refused_as_it_must_be_and_comes_back_the_same() {
    let server = Server::start();
    let mut faults = Vec::new();
    for (at, (wild, file)) in all().iter().enumerate() {
        for (number, case) in wild.cases.iter().enumerate() {
            let found = case.faults(&server, &format!("wild-{at}-{number}"), file);
            let place = format!("{} ({}) {:?}", wild.file, wild.what, case.parameters);
            faults.extend(found.iter().map(|fault| format!("{place}\n    {fault}")));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn what_refuses_a_file_or_hints_names_a_parameter_that_reads_it() {
    let mut faults = Vec::new();
    for (wild, _) in all() {
        let Some(bare) = wild.cases.iter().find(|case| case.parameters.is_empty()) else {
            continue;
        };
        let mut read = wild.cases.iter().filter(|case| case.status == 201);
        let named = |case: &Case| {
            let mut names = case.parameters.keys();
            names.any(|name| {
                let mut said = bare.says.iter().chain(&bare.hints);
                said.any(|words| words.contains(&format!("{name}=")))
            })
        };
        if bare.status == 422 && read.clone().next().is_some() && !read.any(named) {
            faults.push(format!("{}: {:?} names none", wild.file, bare.says));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
