//! Rows in version 2: pages, cursors, formats, and one revision a reader.

mod cursors;
mod formats;
mod large;
mod ranges;
mod together;

use std::fmt::Write as _;

use serde_json::Value;

use crate::client::Answer;
use crate::server::Server;

/// A CSV with the columns `n` (1, 2, 3, …) and `mark`, the same in every row.
fn numbered(count: usize, mark: &str) -> String {
    let mut csv = "n,mark\n".to_owned();
    for n in 1..=count {
        writeln!(csv, "{n},{mark}").unwrap();
    }
    csv
}

/// A page of rows.
#[track_caller]
fn page(server: &Server, path: &str) -> Value {
    server.get(path).v2().send().ok().json()
}

/// The numbers in the column `n` of a page.
#[track_caller]
fn numbers(page: &Value) -> Vec<u64> {
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row["n"].as_u64().unwrap()).collect()
}

/// Where the header `Link` says that the list goes on.
pub fn next_link(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().unwrap();
    let (target, parameters) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(parameters.trim_start_matches([';', ' ']), "rel=\"next\"");
    Some(target.to_owned())
}
