//! What a dataset tells under `reading` gives the same rows, types and nulls once more.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{differs, put};
use crate::server::Server;

const CSV: &str = "application/vnd.flash.v2+csv";

/// What is otherwise when the source of a dataset, and its CSV, are uploaded again as `reading` says.
pub fn faults(server: &Server, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let dataset = server.dataset(name);
    let source = server.get(&format!("/datasets/{name}/source"));
    let source = source.v2().send().ok().body;
    let csv = server.get(&format!("/datasets/{name}/rows"));
    let csv = csv.accept(CSV).send().ok().body;
    let rows = server.rows(name);
    // Uploaded as another dataset, and then over the dataset itself, which keeps what was stated before.
    for (what, body, over) in [
        ("source", &source, false),
        ("csv", &csv, false),
        ("source", &source, true),
        ("csv", &csv, true),
    ] {
        let parameters: BTreeMap<String, Value> =
            serde_json::from_value(dataset["reading"][what].clone()).unwrap();
        let again = match over {
            true => name.to_owned(),
            false => format!("{name}-{what}"),
        };
        let place = format!("{what} to {again} with {parameters:?}");
        let answer = put(server, &again, &parameters, body);
        if ![200, 201].contains(&answer.status) {
            let text = String::from_utf8_lossy(body);
            faults.push(format!("{place}: {text:?}: {}", answer.text()));
            continue;
        }
        let made = answer.json();
        let mut columns = made["columns"].clone();
        let mut wanted = dataset["columns"].clone();
        if !parameters.get("units").is_some_and(|units| units != "0") {
            // A text without units has names and rows.
            for columns in [&mut columns, &mut wanted] {
                for column in columns.as_array_mut().unwrap() {
                    column.as_object_mut().unwrap().remove("unit");
                }
            }
        }
        faults.extend(differs(&place, &columns, &wanted));
        faults.extend(differs(&place, &server.rows(&again), &rows));
    }
    faults
}
