//! What every response says of the version it was served in.

use ureq::http::HeaderMap;

use super::server;
use crate::client::{Answer, V1, V1_RELEASE, V2, V2_RELEASE};
use crate::server::Server;

/// Requests with their outcome, one for each way a request can end.
fn outcomes(server: &Server) -> Vec<(u16, Answer)> {
    let get = |path: &str, accept: &str| server.get(path).accept(accept).send();
    let tag = get("/datasets/people", V2).header("ETag").to_owned();
    let conditional = |accept: &str, tag: &str| {
        let call = server.get("/datasets/people").accept(accept);
        call.header("If-None-Match", tag).send()
    };
    vec![
        (200, get("/datasets/people", V1)),
        (200, get("/datasets", V2)),
        (
            200,
            get("/datasets/people/rows", "application/vnd.flash.v2+csv"),
        ),
        (200, get("/datasets/people/source", V2)),
        (201, server.post("/datasets?name=one").csv("a\n1\n").send()),
        (201, server.put("/datasets/two").v2().csv("a\n1\n").send()),
        (204, server.delete("/datasets/two").send()),
        (204, server.call("OPTIONS", "/datasets").v2().send()),
        (304, conditional(V2, &tag)),
        (304, conditional(V1, "*")),
        (400, get("/datasets", "foo")),
        (400, get("/datasets?colour=red", V2)),
        (
            401,
            server
                .get("/datasets")
                .header("Authorization", "Bearer flash_no")
                .send(),
        ),
        (404, get("/nothing", V2)),
        (404, get("/datasets/nobody", V1)),
        (404, get("/datasets/people/rows", V1)),
        (405, server.call("PATCH", "/datasets").send()),
        (406, get("/datasets", "image/png")),
        (
            409,
            server.post("/datasets?name=people").csv("a\n1\n").send(),
        ),
        (415, server.post("/datasets?name=two").body("a\n").send()),
        (
            422,
            server
                .post("/datasets?name=two")
                .v2()
                .csv("a,b\n1\n")
                .send(),
        ),
    ]
}

#[test]
fn every_response_says_its_version_why_and_what_it_varies_on() {
    let server = server();
    for (status, answer) in outcomes(&server) {
        assert_eq!(answer.status, status, "{}", answer.text());
        let version = answer.header("API-Version");
        assert!(
            [V1_RELEASE, V2_RELEASE].contains(&version),
            "{status}: {version}"
        );
        let source = answer.header("API-Version-Source");
        assert!(
            ["accept", "default"].contains(&source),
            "{status}: {source}"
        );
        let vary = answer.header("Vary");
        assert_eq!(
            vary, "Accept, Content-Type, Authorization, Accept-Encoding",
            "{status}"
        );
    }
}

#[test]
fn an_error_is_json_whatever_accept_said() {
    let server = server();
    for accept in [
        "text/csv",
        "application/vnd.flash.v1+csv",
        "image/png",
        "foo",
        "*/*;q=0",
    ] {
        let answer = server.get("/datasets/nobody").accept(accept).send();
        assert!((400..500).contains(&answer.status), "{accept}");
        assert!(answer.header("Content-Type").ends_with("json"), "{accept}");
        assert!(answer.json()["error"].is_string(), "{accept}");
    }
    for accept in [
        V2,
        "application/vnd.flash.v2+csv",
        "application/vnd.flash.v2+ndjson",
    ] {
        let answer = server.get("/datasets/nobody/rows").accept(accept).send();
        assert_eq!(
            answer.header("Content-Type"),
            "application/problem+json",
            "{accept}"
        );
        assert_eq!(answer.json()["status"], 404, "{accept}");
    }
}

#[test]
fn the_content_type_names_the_version_unless_plain_json_was_asked_for_exactly() {
    let server = server();
    for (accept, expected) in [
        ("", V1),
        ("*/*", V1),
        ("application/*", V1),
        ("application/vnd.flash+json", V1),
        (V1, V1),
        (V2, V2),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/json;charset=utf-8", "application/json"),
        ("text/html, application/json;q=0.9", "application/json"),
        (
            "application/json;q=0.4, application/vnd.flash.v2+json;q=0.5",
            V2,
        ),
    ] {
        for path in ["/datasets/people", "/datasets", "/"] {
            let answer = server.get(path).accept(accept).send().ok();
            assert_eq!(answer.header("Content-Type"), expected, "{accept} {path}");
        }
    }
}

#[test]
fn an_error_of_v1_comes_under_the_name_its_client_uses() {
    let server = server();
    for (accept, expected) in [
        ("*/*", V1),
        (V1, V1),
        ("application/json", "application/json"),
    ] {
        let answer = server.get("/datasets/nobody").accept(accept).send();
        assert_eq!(answer.header("Content-Type"), expected, "{accept}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = server();
    for (path, accept) in [
        ("/", V1),
        ("/", V2),
        ("/datasets", V1),
        ("/datasets", V2),
        ("/datasets/people", V1),
        ("/datasets/people", "text/csv"),
        ("/datasets/people", V2),
        ("/datasets/people/rows", V2),
        ("/datasets/people/rows", "application/vnd.flash.v2+csv"),
        ("/datasets/people/source", V2),
        ("/datasets/nobody", V1),
        ("/datasets/nobody", V2),
        ("/datasets/people/rows", V1),
        ("/datasets", "image/png"),
    ] {
        let get = server.get(path).accept(accept).send();
        let head = server.call("HEAD", path).accept(accept).send();
        assert_eq!(head.status, get.status, "{path} {accept}");
        assert_eq!(head.body, b"", "{path} {accept}");
        assert_eq!(
            lasting(&head.headers),
            lasting(&get.headers),
            "{path} {accept}"
        );
    }
}

/// The headers that two requests for the same thing must have in common. `Content-Length` may be left out of a HEAD.
fn lasting(headers: &HeaderMap) -> Vec<(String, String)> {
    const PASSING: [&str; 4] = [
        "date",
        "x-request-id",
        "content-length",
        "transfer-encoding",
    ];
    let mut found: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !PASSING.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    found.sort();
    found
}

#[test]
fn the_length_that_head_states_is_that_of_get() {
    let server = server();
    for path in ["/datasets", "/datasets/people", "/datasets/people/source"] {
        let get = server.get(path).v2().send().ok();
        let head = server.call("HEAD", path).v2().send().ok();
        if let Some(length) = head.headers.get("content-length") {
            assert_eq!(
                length.to_str().unwrap(),
                get.body.len().to_string(),
                "{path}"
            );
        }
    }
}
