//! `Idempotency-Key`: a write that is sent again is not done again.

use jiff::{SignedDuration, Timestamp};

use crate::client::{Answer, Call, begin};
use crate::database::Place;
use crate::server::{Builder, Server};

trait Keyed {
    fn key(self, key: &str) -> Self;
}

impl Keyed for Call {
    fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }
}

fn append(server: &Server, key: &str, csv: &str) -> Answer {
    let call = server.post("/datasets/log/rows").v2();
    call.key(key).csv(csv).send()
}

fn revision(server: &Server) -> i64 {
    server.dataset("log")["revision"].as_i64().unwrap()
}

#[test]
fn the_same_request_gets_the_first_answer_and_is_done_once() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    let first = append(&server, "\"k-1\"", "n\n2\n").ok();
    let again = append(&server, "\"k-1\"", "n\n2\n").ok();
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("ETag"), again.header("ETag"));
    assert_eq!(first.header("Content-Type"), again.header("Content-Type"));
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert!(first.headers.get("Idempotency-Replayed").is_none());
    // A key means the same without its quotes.
    append(&server, "k-1", "n\n2\n").ok();
    assert_eq!(revision(&server), 2);
    append(&server, "k-2", "n\n2\n").ok();
    assert_eq!(revision(&server), 3);
}

#[test]
fn every_write_of_both_versions_may_be_sent_again() {
    let server = Server::start();
    let create = |key: &str| {
        server
            .post("/datasets?name=a")
            .key(key)
            .csv("n\n1\n")
            .send()
    };
    let first = create("c1").created();
    let again = create("c1").created();
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("Location"), "/datasets/a");
    create("c2").refused(409, &["a"]);

    let create = || {
        server
            .post("/datasets?name=b")
            .v2()
            .key("c3")
            .csv("n\n1\n")
            .send()
    };
    assert_eq!(create().created().body, create().created().body);
    let put = || {
        server
            .put("/datasets/c")
            .v2()
            .key("p1")
            .csv("n\n1\n")
            .send()
    };
    assert_eq!(put().created().body, put().created().body);
    assert_eq!(server.dataset("c")["revision"], 1);

    for version in [
        "application/vnd.flash.v1+json",
        "application/vnd.flash.v2+json",
    ] {
        server
            .post("/datasets?name=d")
            .csv("n\n1\n")
            .send()
            .created();
        let delete = || {
            server
                .delete("/datasets/d")
                .accept(version)
                .key(version)
                .send()
        };
        assert_eq!(delete().status, 204);
        assert_eq!(delete().status, 204);
        server
            .delete("/datasets/d")
            .accept(version)
            .send()
            .refused(404, &["d"]);
    }
    let form = || {
        let body = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"m.csv\"\r\n\r\nn\n1\n\r\n--x--\r\n";
        let call = server.post("/datasets").key("m1");
        call.header("Content-Type", "multipart/form-data; boundary=x")
            .body(body)
            .send()
    };
    assert_eq!(form().created().body, form().created().body);
    let list = || {
        server
            .post("/datasets")
            .key("j1")
            .json(&serde_json::json!([{"name": "j", "csv": "n\n1\n"}]))
    };
    assert_eq!(list().send().created().body, list().send().created().body);
}

#[test]
fn another_request_with_a_used_key_is_refused_and_not_done() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    append(&server, "k", "n\n2\n").ok();
    append(&server, "k", "n\n3\n").refused(422, &["another request"]);
    let elsewhere = server
        .put("/datasets/log")
        .v2()
        .key("k")
        .csv("n\n2\n")
        .send();
    elsewhere.refused(422, &["another request"]);
    let otherwise = server
        .post("/datasets/log/rows?x=1")
        .v2()
        .key("k")
        .csv("n\n2\n");
    otherwise.send().refused(422, &["another request"]);
    assert_eq!(revision(&server), 2);
}

#[test]
fn a_request_whose_twin_is_in_flight_is_told_so() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    let path = "/datasets/log/rows";
    let twin = begin(
        server.address,
        "POST",
        path,
        "Idempotency-Key: k\r\n",
        "n\n2\n",
    );
    append(&server, "k", "n\n2\n").refused(409, &["in flight"]);
    let answer = twin.finish();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    append(&server, "k", "n\n2\n").ok();
    assert_eq!(revision(&server), 2);
}

#[test]
fn a_refusal_is_given_again_too_but_a_request_that_broke_off_leaves_its_key_free() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    append(&server, "bad", "m\n2\n").refused(422, &["header"]);
    append(&server, "bad", "m\n2\n").refused(422, &["header"]);
    append(&server, "bad", "n\n2\n").refused(422, &["another request"]);
    let broken = begin(
        server.address,
        "POST",
        "/datasets/log/rows",
        "Idempotency-Key: k\r\n",
        "n\n2\n",
    );
    drop(broken);
    server.until(|server| append(server, "k", "n\n2\n").status == 200);
    assert_eq!(revision(&server), 2);
}

#[test]
fn a_key_stays_with_its_request_whatever_the_clocks_of_servers_say() {
    let mut builder = Builder::new();
    let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let clock = builder.stand_at(noon);
    let server = builder.start();
    server.store("log", "n\n1\n");
    let key = "Idempotency-Key: k\r\n";
    let twin = begin(server.address, "POST", "/datasets/log/rows", key, "n\n2\n");
    clock.set(noon + SignedDuration::from_hours(48));
    append(&server, "k", "n\n2\n").refused(409, &["in flight"]);
    if Place::is_shared() {
        for hours in [-48, 48] {
            let mut other = Builder::at(server.place.clone());
            other.stand_at(noon + SignedDuration::from_hours(hours));
            let other = other.start();
            append(&other, "k", "n\n2\n").refused(409, &["in flight"]);
        }
    }
    let answer = twin.finish();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    append(&server, "k", "n\n2\n").ok();
    assert_eq!(revision(&server), 2);
}

#[test]
fn an_answer_is_kept_for_24_hours() {
    let mut builder = Builder::new();
    let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let clock = builder.stand_at(noon);
    let server = builder.start();
    server.store("log", "n\n1\n");
    let first = append(&server, "k", "n\n2\n").ok();
    server
        .place
        .let_pass(SignedDuration::from_hours(23), &clock);
    assert_eq!(append(&server, "k", "n\n2\n").ok().body, first.body);
    server.place.let_pass(SignedDuration::from_hours(2), &clock);
    append(&server, "k", "n\n2\n").ok();
    assert_eq!(revision(&server), 3);
}

#[test]
fn an_answer_outlives_a_restart() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    let first = append(&server, "k", "n\n2\n").ok();
    let server = server.restart();
    assert_eq!(append(&server, "k", "n\n2\n").ok().body, first.body);
    assert_eq!(revision(&server), 2);
}

#[test]
fn a_key_that_can_be_none_is_refused() {
    let server = Server::start();
    server.store("log", "n\n1\n");
    for key in ["", "\"\"", "\"open", "with space", &"x".repeat(256)] {
        append(&server, key, "n\n2\n").refused(400, &["Idempotency-Key"]);
    }
    let twice = server
        .post("/datasets/log/rows")
        .v2()
        .key("a")
        .key("b")
        .csv("n\n2\n");
    twice.send().refused(400, &["Idempotency-Key", "once"]);
    assert_eq!(revision(&server), 1);
    server.get("/datasets/log").v2().key("a").send().ok();
}
