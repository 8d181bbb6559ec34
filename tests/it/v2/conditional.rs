//! `ETag` and `If-None-Match`.

use std::collections::HashSet;

use crate::client::{Answer, V1, V2};
use crate::server::Server;

const V2_CSV: &str = "application/vnd.flash.v2+csv";
const V2_NDJSON: &str = "application/vnd.flash.v2+ndjson";

/// Everything of a dataset that has a tag.
const TAGGED: [(&str, &str); 7] = [
    ("/datasets/one", V1),
    ("/datasets/one", "text/csv"),
    ("/datasets/one", V2),
    ("/datasets/one/rows", V2),
    ("/datasets/one/rows", V2_CSV),
    ("/datasets/one/rows", V2_NDJSON),
    ("/datasets/one/source", V2),
];

fn server() -> Server {
    let server = Server::start();
    server.store("one", "a\n1\n");
    server
}

fn tag(server: &Server, path: &str, accept: &str) -> String {
    let answer = server.get(path).accept(accept).send().ok();
    answer.header("ETag").to_owned()
}

fn ask(server: &Server, path: &str, accept: &str, condition: &str) -> Answer {
    let call = server.get(path).accept(accept);
    call.header("If-None-Match", condition).send()
}

#[test]
fn who_has_it_already_gets_304_without_a_body() {
    let server = server();
    for (path, accept) in TAGGED {
        let tag = tag(&server, path, accept);
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
        for condition in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"other\", {tag}"),
            format!("\"with, comma\",{tag} , \"last\""),
            "*".to_owned(),
        ] {
            let answer = ask(&server, path, accept, &condition);
            assert_eq!(answer.status, 304, "{path} {accept} {condition}");
            assert_eq!(answer.body, b"", "{path} {accept}");
            assert_eq!(answer.header("ETag"), tag);
        }
        let call = server.call("HEAD", path).accept(accept);
        assert_eq!(
            call.header("If-None-Match", &tag).send().status,
            304,
            "{path}"
        );
    }
}

#[test]
fn who_has_something_else_gets_all_of_it() {
    let server = server();
    for (path, accept) in TAGGED {
        let tag = tag(&server, path, accept);
        for condition in ["\"other\"", "", tag.trim_matches('"'), &format!("{tag}x")] {
            let answer = ask(&server, path, accept, condition);
            assert_eq!(answer.status, 200, "{path} {accept} {condition}");
        }
    }
}

#[test]
fn the_tags_of_versions_and_formats_differ() {
    let server = server();
    let rows = TAGGED.iter().filter(|(path, _)| path.ends_with("/rows"));
    let rows: HashSet<_> = rows
        .map(|(path, accept)| tag(&server, path, accept))
        .collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    let dataset = TAGGED.iter().filter(|(path, _)| path.ends_with("/one"));
    let dataset: HashSet<_> = dataset
        .map(|(path, accept)| tag(&server, path, accept))
        .collect();
    assert_eq!(dataset.len(), 3, "{dataset:?}");
}

#[test]
fn the_tag_changes_with_the_dataset() {
    let server = server();
    let all = || TAGGED.map(|(path, accept)| tag(&server, path, accept));
    let first = all();
    assert_eq!(all(), first);
    server.put("/datasets/one").v2().csv("a\n2\n").send().ok();
    let second = all();
    server.delete("/datasets/one").send();
    server.store("one", "a\n1\n");
    let third = all();
    for (at, (path, accept)) in TAGGED.iter().enumerate() {
        assert_ne!(first[at], second[at], "{path} {accept}: replaced");
        assert_ne!(first[at], third[at], "{path} {accept}: made anew");
        assert_eq!(
            ask(&server, path, accept, &first[at]).status,
            200,
            "{path} {accept}"
        );
    }
}

#[test]
fn a_write_answers_with_the_tag_that_reading_gives() {
    let server = server();
    let answer = server.put("/datasets/one").v2().csv("a\n2\n").send().ok();
    assert_eq!(answer.header("ETag"), tag(&server, "/datasets/one", V2));
}
