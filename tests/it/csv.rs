//! CSVs as they really are: what is taken, what becomes of it, what is refused and with which words.

mod charsets;
mod dialects;
mod formats;
mod headers;
mod hints;
mod kept;
mod mistakes;
mod moments;
mod nulls;
mod parameters;
mod python;
mod stated;
mod types;
mod wild;

use serde_json::Value;

use crate::client::Answer;
use crate::server::Server;

/// Puts a CSV as `text/csv`; `query` is empty or begins with a question mark.
fn put(server: &Server, name: &str, query: &str, csv: impl AsRef<[u8]>) -> Answer {
    server
        .put(&format!("/datasets/{name}{query}"))
        .v2()
        .csv(csv)
        .send()
}

/// The columns of a dataset as `name: type`, with a question mark where a value may be missing.
#[track_caller]
fn columns(dataset: &Value) -> Vec<String> {
    let columns = dataset["columns"].as_array().unwrap();
    columns
        .iter()
        .map(|column| {
            let (name, kind) = (
                column["name"].as_str().unwrap(),
                column["type"].as_str().unwrap(),
            );
            let nullable = if column["nullable"].as_bool().unwrap() {
                "?"
            } else {
                ""
            };
            format!("{name}: {kind}{nullable}")
        })
        .collect()
}
