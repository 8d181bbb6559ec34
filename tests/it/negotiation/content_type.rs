//! A version that the request's own `Content-Type` names.

use serde_json::json;

use crate::client::{V1, V2, V2_RELEASE, exchange};
use crate::server::Server;

#[test]
fn the_content_type_decides_when_accept_names_no_version() {
    let server = Server::start();
    let body = |name: &str| json!([{"name": name, "csv": "a\n1\n"}]).to_string();
    for (at, accept) in [
        None,
        Some("*/*"),
        Some("application/json"),
        Some("application/vnd.flash+json"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut call = server.post("/datasets").header("Content-Type", V2);
        if let Some(accept) = accept {
            call = call.accept(accept);
        }
        let answer = call.body(body(&format!("set-{at}"))).send().created();
        assert_eq!(answer.header("API-Version"), V2_RELEASE, "{accept:?}");
        assert_eq!(
            answer.header("API-Version-Source"),
            "content-type",
            "{accept:?}"
        );
        assert!(answer.json()["data"].is_array(), "{}", answer.text());
    }
}

#[test]
fn accept_and_content_type_may_name_the_same_version() {
    let server = Server::start();
    let body = json!([{"name": "one", "csv": "a\n1\n"}]).to_string();
    let call = server.post("/datasets").v2().header("Content-Type", V2);
    let answer = call.body(body).send().created();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
}

#[test]
fn accept_and_content_type_that_name_different_versions_are_400_and_nothing_is_stored() {
    let server = Server::start();
    let body = json!([{"name": "one", "csv": "a\n1\n"}]).to_string();
    for (accept, content_type) in [(V1, V2), (V2, V1)] {
        let call = server.post("/datasets").accept(accept);
        let call = call.header("Content-Type", content_type).body(&body);
        call.send()
            .refused(400, &["v1", "v2", "Accept", "Content-Type"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_content_type_of_an_unknown_version_is_415() {
    let server = Server::start();
    let call = server
        .post("/datasets")
        .header("Content-Type", "application/vnd.flash.v9+json");
    call.body("[]").send().refused(415, &["v9"]);
}

#[test]
fn a_content_type_that_cannot_be_read_is_400() {
    let server = Server::start();
    for content_type in ["csv", "text/", "text/csv; charset=\"open"] {
        let call = server
            .post("/datasets?name=one")
            .header("Content-Type", content_type);
        let answer = call.body("a\n1\n").send();
        assert_eq!(answer.status, 400, "{content_type}: {}", answer.text());
        answer.refused(400, &["Content-Type"]);
    }
}

#[test]
fn a_body_type_that_no_operation_reads_is_415_and_says_which_ones_are() {
    let server = Server::start();
    for content_type in [
        "application/xml",
        "application/x-www-form-urlencoded",
        "text/markdown",
    ] {
        for call in [
            server.post("/datasets?name=one"),
            server.put("/datasets/one").v2(),
        ] {
            let answer = call
                .header("Content-Type", content_type)
                .body("a\n1\n")
                .send();
            assert_eq!(answer.status, 415, "{content_type}");
            answer.refused(415, &["text/csv"]);
        }
    }
    server
        .post("/datasets?name=one")
        .body("a\n1\n")
        .send()
        .refused(415, &["text/csv"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_refusal_before_the_body_was_read_says_that_the_connection_ends() {
    let server = Server::start();
    for (path, status) in [
        ("/datasets", 400),
        ("/nothing", 404),
        ("/datasets?name=A", 400),
    ] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: flash\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\n"
        );
        let answer = exchange(server.address, &request).to_lowercase();
        assert!(
            answer.starts_with(&format!("http/1.1 {status}")),
            "{answer}"
        );
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[test]
fn a_client_goes_on_over_its_connection_after_a_refused_upload() {
    let server = Server::start();
    for _ in 0..20 {
        server
            .post("/datasets?name=A")
            .csv("a\n1\n")
            .send()
            .refused(400, &[]);
        server.get("/datasets").send().ok();
    }
}
