//! The dashboard and the alerts ask for what Flash tells: each metric in a query is one of a real scrape, with the labels
//! that the query has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::metrics::whole;
use crate::process::Program;

/// Whose metrics are looked at; those of the kubelet are not Flash's.
const OURS: [&str; 2] = ["flash_", "process_"];

/// Labels that Prometheus gives to whatever it collects.
const OF_PROMETHEUS: [&str; 2] = ["namespace", "pod"];

fn read(file: &str) -> String {
    let path = format!(
        "{}/manifests/components/monitoring/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    fs::read_to_string(path).unwrap()
}

/// Every text under a key of this name, however deep.
fn texts(value: &Value, wanted: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, wanted, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == wanted => found.push(text.clone()),
                    _ => texts(value, wanted, found),
                }
            }
        }
        _ => {}
    }
}

fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let alerts: Value = serde_saphyr::from_str(&read("alerts.yaml")).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard, "expr", &mut queries);
    texts(&dashboard["templating"], "query", &mut queries);
    texts(&alerts, "expr", &mut queries);
    assert!(
        queries.len() > 30,
        "only {} queries were found",
        queries.len()
    );
    queries
}

/// The metrics in a query, each with the labels by which it is chosen.
fn metrics(query: &str) -> Vec<(&str, Vec<&str>)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(is_part) {
        let from = &rest[start..];
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        if OURS.iter().any(|prefix| word.starts_with(prefix)) {
            let chosen = after
                .strip_prefix('{')
                .and_then(|after| after.split_once('}'));
            let labels = chosen.map_or("", |(labels, _)| labels).split(',');
            let labels = labels.filter_map(|label| Some(label.split_once(['=', '!'])?.0.trim()));
            found.push((word, labels.collect()));
        }
        rest = after;
    }
    found
}

/// The samples of a scrape: each metric with the labels that it has.
fn scraped(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut samples: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let end = line.find(['{', ' ']).unwrap();
        let labels = samples.entry(line[..end].to_owned()).or_default();
        let inside = line[end..]
            .strip_prefix('{')
            .and_then(|rest| rest.rsplit_once('}'));
        let inside = inside.map_or("", |(inside, _)| inside);
        labels.extend(
            inside
                .split("\",")
                .filter_map(|label| Some(label.split_once('=')?.0.to_owned())),
        );
    }
    samples
}

/// What a server tells that has stored something, given it back, and refused something.
fn scrape() -> BTreeMap<String, BTreeSet<String>> {
    let server = Program::serve(&["--retire", "v1=2099-01-01"]);
    server
        .call("PUT", "/datasets/people")
        .v2()
        .csv("id\n1\n")
        .send()
        .created();
    for path in [
        "/datasets/people",
        "/datasets/people/rows",
        "/datasets/nobody",
        "/datasets",
    ] {
        server.call("GET", path).v2().send();
    }
    scraped(&whole(&server))
}

#[test]
fn every_query_is_about_metrics_and_labels_that_flash_has() {
    let samples = scrape();
    let mut asked = BTreeSet::new();
    for query in queries() {
        for (metric, labels) in metrics(&query) {
            let known = samples.get(metric);
            let known = known.unwrap_or_else(|| panic!("{metric} is not told by Flash: {query}"));
            for label in labels {
                let there = known.contains(label) || OF_PROMETHEUS.contains(&label);
                assert!(
                    there,
                    "{metric} has no label {label}, but {known:?}: {query}"
                );
            }
            asked.insert(metric.to_owned());
        }
    }
    assert!(asked.len() > 15, "only {asked:?} are asked for");
}

#[test]
fn whatever_queries_group_by_is_a_label() {
    let labels: BTreeSet<String> = scrape().into_values().flatten().collect();
    for query in queries() {
        for grouped in query.split(" by (").skip(1) {
            let (names, _) = grouped.split_once(')').unwrap();
            for name in names.split(',').map(str::trim) {
                let there = labels.contains(name) || OF_PROMETHEUS.contains(&name);
                assert!(there, "nothing has a label {name}: {query}");
            }
        }
    }
}
