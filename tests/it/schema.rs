//! The schema of a dataset as a contract: its versions, reads of a schema that a client knows, writes that are held to it, and who would
//! be broken.

mod allowing;
mod dry_run;
mod guarded;
mod readers;
mod reads;
mod versions;

use serde_json::Value;

use crate::client::Answer;
use crate::server::Server;

/// Replaces a dataset, or makes it.
fn put(server: &Server, name: &str, csv: &str) -> Answer {
    let path = format!("/datasets/{name}");
    server.put(&path).v2().csv(csv).send()
}

/// Appends rows.
fn append(server: &Server, name: &str, csv: &str) -> Answer {
    let path = format!("/datasets/{name}/rows");
    server.post(&path).v2().csv(csv).send()
}

/// The version of the dataset's schema.
#[track_caller]
fn schema(server: &Server, name: &str) -> String {
    server.dataset(name)["schema"].as_str().unwrap().to_owned()
}

/// The kept revisions, the oldest first, each with the version of its schema.
#[track_caller]
fn history(server: &Server, name: &str) -> Vec<(i64, String)> {
    let path = format!("/datasets/{name}/revisions?limit=1000");
    let list = server.get(&path).v2().send().ok().json();
    let one = |revision: &Value| {
        let schema = revision["schema"].as_str().unwrap().to_owned();
        (revision["revision"].as_i64().unwrap(), schema)
    };
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(one)
        .collect()
}

fn revisions(of: &[(i64, &str)]) -> Vec<(i64, String)> {
    of.iter()
        .map(|(number, schema)| (*number, (*schema).to_owned()))
        .collect()
}
