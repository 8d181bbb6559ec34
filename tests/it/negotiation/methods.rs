//! Paths and methods that a version has, and what is said of those it has not.

use super::server;
use crate::client::{Answer, V1, V1_RELEASE, V2};

#[track_caller]
fn allowed(answer: &Answer) -> Vec<&str> {
    let mut methods: Vec<_> = answer.header("Allow").split(',').map(str::trim).collect();
    methods.sort_unstable();
    methods
}

#[test]
fn options_lists_what_the_version_has_at_the_path() {
    let server = server();
    for (path, accept, methods) in [
        ("/datasets", V1, &["GET", "HEAD", "OPTIONS", "POST"][..]),
        ("/datasets", V2, &["GET", "HEAD", "OPTIONS", "POST"]),
        (
            "/datasets/people",
            V1,
            &["DELETE", "GET", "HEAD", "OPTIONS"],
        ),
        (
            "/datasets/people",
            V2,
            &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"],
        ),
        ("/datasets/people/source", V2, &["GET", "HEAD", "OPTIONS"]),
    ] {
        let answer = server.call("OPTIONS", path).accept(accept).send();
        assert!([200, 204].contains(&answer.status), "{path} {accept}");
        assert_eq!(allowed(&answer), methods, "{path} {accept}");
    }
}

#[test]
fn a_method_that_the_version_lacks_is_405_with_allow_and_names_the_version_that_has_it() {
    let server = server();
    let call = server.put("/datasets/people").accept(V1).csv("a\n1\n");
    let answer = call.send().refused(405, &["PUT", "v2"]);
    assert_eq!(allowed(&answer), ["DELETE", "GET", "HEAD", "OPTIONS"]);
    assert_eq!(answer.header("API-Version"), V1_RELEASE);
}

#[test]
fn a_method_that_no_version_has_is_405_with_allow() {
    let server = server();
    for (method, path) in [
        ("PATCH", "/datasets"),
        ("DELETE", "/datasets"),
        ("POST", "/datasets/people"),
        ("DELETE", "/"),
        ("BREW", "/datasets"),
        ("TRACE", "/datasets"),
    ] {
        for accept in [V1, V2] {
            let answer = server.call(method, path).accept(accept).send();
            assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
            assert!(allowed(&answer).contains(&"GET"), "{method} {path}");
            answer.refused(405, &[method]);
        }
    }
}

#[test]
fn a_path_that_the_version_lacks_is_404_and_names_the_version_that_has_it() {
    let server = server();
    for path in ["/datasets/people/rows", "/datasets/people/source"] {
        for accept in ["*/*", "application/json", V1, "text/csv"] {
            let answer = server.get(path).accept(accept).send();
            assert_eq!(answer.status, 404, "{path} {accept}: {}", answer.text());
            let answer = answer.refused(404, &["v2"]);
            assert_eq!(answer.header("API-Version"), V1_RELEASE, "{path} {accept}");
        }
    }
}

#[test]
fn a_path_that_no_version_has_is_404() {
    let server = server();
    for path in [
        "/nothing",
        "/v2/datasets",
        "/datasets/people/columns",
        "/datasets/people/rows/1",
        "/Datasets",
        "//datasets",
    ] {
        for accept in [V1, V2] {
            let answer = server.get(path).accept(accept).send();
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
            answer.refused(404, &[]);
        }
    }
}

#[test]
fn a_dataset_that_is_not_there_is_404_and_named() {
    let server = server();
    for (accept, path) in [
        (V1, "/datasets/nobody"),
        (V2, "/datasets/nobody"),
        (V2, "/datasets/nobody/rows"),
        (V2, "/datasets/nobody/source"),
        (V1, "/datasets/NOBODY"),
        (V2, "/datasets/no%20body"),
        (V2, "/datasets/%ff%00"),
        (V2, "/datasets/..%2fpeople"),
    ] {
        let answer = server.get(path).accept(accept).send();
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        answer.refused(404, &[]);
    }
    for accept in [V1, V2] {
        let answer = server.delete("/datasets/nobody").accept(accept).send();
        answer.refused(404, &["nobody"]);
    }
}

#[test]
fn the_root_says_what_this_is_in_each_version() {
    let server = server();
    for accept in [V1, V2] {
        let root = server.get("/").accept(accept).send().ok();
        assert_eq!(root.header("Content-Type"), accept);
        let text = root.text();
        assert!(text.contains("/datasets"), "{text}");
    }
}
