//! The ways a CSV can be sent, and that a refusal leaves nothing behind.

mod encodings;
mod json;
mod limits;
mod multipart;
mod parts;
mod together;

use crate::client::{Answer, Call};
use crate::server::Server;
use ureq::http::StatusCode;

/// Turns a call into a form with the boundary `XX`.
fn form(call: Call, body: impl AsRef<[u8]>) -> Call {
    let call = call.header("Content-Type", "multipart/form-data; boundary=XX");
    call.body(body)
}

/// A file part of such a form.
fn part(filename: &str, csv: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\
         Content-Type: text/csv\r\n\r\n{csv}\r\n"
    )
}

/// The end of such a form.
const END: &str = "--XX--\r\n";

/// The names of the datasets that a v1 answer says were made.
#[track_caller]
fn made(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let datasets = body["datasets"].as_array().unwrap();
    datasets
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_csv_may_be_labelled_with_the_media_type_of_a_version() {
    let server = Server::start();
    let labelled = |call: Call| {
        call.header("Content-Type", "application/vnd.flash.v2+csv")
            .body("id\n1\n")
    };
    let answer = labelled(server.post("/datasets?name=posted"))
        .send()
        .created();
    assert_eq!(answer.header("api-version-source"), "content-type");
    labelled(server.put("/datasets/put")).send().created();
}

#[test]
fn white_space_around_the_parameters_of_a_content_type_is_allowed() {
    let server = Server::start();
    let call = server.put("/datasets/spaced").v2();
    let call = call.header("Content-Type", "text/csv ; charset=windows-1252;");
    call.body(b"name\nZ\xfcrich\n").send().created();
    let rows = server.get("/datasets/spaced/rows").v2().send().ok().json();
    assert_eq!(rows["data"][0]["name"], "Zürich");
}

#[test]
fn two_content_types_are_refused() {
    let server = Server::start();
    let call = server.put("/datasets/twice").v2().csv("id\n1\n");
    let answer = call
        .header("Content-Type", "text/csv; charset=utf-16")
        .send();
    let problem = answer.expect(StatusCode::BAD_REQUEST).json();
    assert_eq!(
        problem["error"],
        "the request has the header Content-Type more than once; send it once"
    );
}
