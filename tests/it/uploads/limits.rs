//! How much is taken, and what a refusal leaves behind.

use serde_json::json;

use super::{END, form, part};
use crate::client::exchange;
use crate::server::Server;

/// A server that takes 1,000 bytes a body, 500 of JSON.
fn small() -> Server {
    Server::with(|settings| {
        settings.limits.max_body = 1000;
        settings.limits.max_json_body = 500;
        settings.limits.max_record = 200;
    })
}

/// A CSV of exactly so many bytes.
fn csv_of(length: usize) -> String {
    let mut csv = "a\n".to_owned();
    while csv.len() + 10 <= length {
        csv.push_str("123456789\n");
    }
    csv.push_str(&"1".repeat(length - csv.len()));
    csv
}

#[test]
fn a_body_as_long_as_the_limit_is_taken_and_one_byte_more_is_413() {
    let server = small();
    server
        .put("/datasets/one")
        .v2()
        .csv(csv_of(1000))
        .send()
        .created();
    let call = server.put("/datasets/two").v2().csv(csv_of(1001));
    call.send().refused(413, &["--max-body", "1000"]);
    let call = server.post("/datasets?name=two").csv(csv_of(1001));
    call.send().refused(413, &["--max-body", "1000"]);
    assert_eq!(server.names(), ["one"]);
}

#[test]
fn a_body_without_a_stated_length_is_limited_too() {
    let server = small();
    let request = |length: usize| {
        let csv = csv_of(length);
        let (first, second) = csv.split_at(400);
        format!(
            "POST /datasets?name=set-{length} HTTP/1.1\r\nHost: flash\r\nContent-Type: text/csv\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
             {:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
            first.len(),
            second.len()
        )
    };
    let answer = exchange(server.address, &request(1000));
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let answer = exchange(server.address, &request(1001));
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(server.names(), ["set-1000"]);
}

#[test]
fn a_list_longer_than_its_limit_is_413() {
    let server = small();
    let list = json!([{"name": "one", "csv": csv_of(600)}]);
    server
        .post("/datasets")
        .json(&list)
        .send()
        .refused(413, &["--max-json-body", "500"]);
    let list = json!([{"name": "one", "csv": csv_of(300)}]);
    server.post("/datasets").json(&list).send().created();
}

#[test]
fn a_form_longer_than_the_limit_is_413_as_a_whole() {
    let server = small();
    let body = part("one.csv", &csv_of(400)) + &part("two.csv", &csv_of(600)) + END;
    form(server.post("/datasets"), body)
        .send()
        .refused(413, &["--max-body", "1000"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn whatever_is_refused_leaves_nothing_behind() {
    let server = small();
    server.store("kept", "a\n1\n");
    let before = server.dataset("kept");
    let csv = "text/csv";
    for (path, content_type, body, status) in [
        ("/datasets", csv, "a\n1\n", 400),
        ("/datasets?name=A", csv, "a\n1\n", 400),
        ("/datasets?name=new&colour=red", csv, "a\n1\n", 400),
        ("/datasets?name=new&delimiter=123456789", csv, "a\n1\n", 400),
        ("/datasets?name=new&type.a=money", csv, "a\n1\n", 400),
        ("/datasets?name=kept", csv, "a\n2\n", 409),
        ("/datasets?name=new", "image/png", "a\n1\n", 415),
        (
            "/datasets?name=new",
            "text/csv; charset=windows-1252; charset=",
            "a\n1\n",
            400,
        ),
        ("/datasets?name=new", csv, "", 422),
        ("/datasets?name=new", csv, "a,b\n1\n", 422),
        ("/datasets?name=new", csv, "a\n\"1\n", 422),
        ("/datasets?name=new&type.a=date", csv, "a\n1\n", 422),
        ("/datasets?name=new", csv, &csv_of(1001), 413),
        (
            "/datasets",
            "application/json",
            "[{\"name\": \"new\"}]",
            400,
        ),
        (
            "/datasets",
            "multipart/form-data; boundary=XX",
            &part("new.csv", "a\n1\n"),
            400,
        ),
    ] {
        let call = server.post(path).header("Content-Type", content_type);
        let answer = call.body(body).send();
        assert_eq!(answer.status, status, "{path} {body:?}: {}", answer.text());
        assert_eq!(server.names(), ["kept"], "{path} {body:?}");
    }
    assert_eq!(server.dataset("kept"), before);
    server
        .post("/datasets?name=new")
        .csv("a\n1\n")
        .send()
        .created();
}
