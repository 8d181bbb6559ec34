//! The method `QUERY`: queries in a body, as reads.

use flash::settings::Anonymous;
use serde_json::json;

use super::{csv, flights};
use crate::client::{Answer, Call};
use crate::clients::Keyed;
use crate::rows::next_link;
use crate::server::Server;

const FORM: &str = "application/x-www-form-urlencoded";
const ROWS: &str = "/datasets/flights/rows";

fn server() -> Server {
    let server = Server::start();
    let put = server.put("/datasets/flights?null=NA").v2();
    put.csv(csv(&flights(3000))).send().created();
    server
}

fn query(server: &Server, path: &str, body: &str) -> Call {
    server
        .call("QUERY", path)
        .header("Content-Type", FORM)
        .body(body)
}

fn ask(server: &Server, body: &str) -> Answer {
    query(server, ROWS, body).v2().send()
}

#[test]
fn a_query_in_a_body_is_answered_like_the_same_one_in_a_url() {
    let server = server();
    for parameters in [
        "",
        "dest=eq.LAX&limit=7",
        "select=dest,c:count()&delay=gte.60&order=c.desc",
        "or=(dest.eq.SFO,delay.gt.200)&count=exact&limit=3",
        "dest=eq.Z%C3%BCrich%2C+CH&select=n",
    ] {
        let got = server.get(&format!("{ROWS}?{parameters}")).v2().send().ok();
        let queried = ask(&server, parameters).ok();
        assert_eq!(queried.body, got.body, "{parameters}");
        for header in ["Content-Type", "API-Version", "Dataset-Revision", "Vary"] {
            assert_eq!(queried.header(header), got.header(header));
        }
        assert_eq!(queried.header("Accept-Query"), FORM);
        assert_eq!(got.header("Accept-Query"), FORM);
        // The URL that a GET gets the same from.
        let place = queried.header("Content-Location");
        assert_eq!(server.get(place).v2().send().ok().body, got.body, "{place}");
    }
    let file = query(
        &server,
        &format!("{ROWS}?version=v2&format=csv"),
        "dest=eq.LAX",
    )
    .send()
    .ok();
    assert!(file.header("Content-Type").contains("csv"));
    let place = file.header("Content-Location");
    assert_eq!(server.get(place).send().ok().body, file.body, "{place}");
}

#[test]
fn a_query_that_is_too_long_for_a_url_is_answered_page_by_page() {
    let server = server();
    let numbers: Vec<_> = (1..=3000).rev().map(|n| format!("{n}")).collect();
    let body = format!("n=in.({})&select=n&limit=1000", numbers.join(","));
    let body = format!(
        "{body}&or=(n.in.({}))",
        (0..9000)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(",")
    );
    assert!(body.len() > 40_000);
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = ask(&server, &format!("{body}&cursor={cursor}")).ok();
        // A link has no place for the query.
        assert_eq!(next_link(&answer), None);
        assert!(!answer.headers.contains_key("Content-Location"));
        let page = answer.json();
        found.extend(page["data"].as_array().unwrap().iter().map(super::n));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, (1..=3000).collect::<Vec<_>>());
    // A short one has a link to the rest, which a GET follows.
    let answer = ask(&server, "select=n&limit=2").ok();
    let next = server.get(&next_link(&answer).unwrap()).v2().send().ok();
    assert_eq!(next.json()["data"], json!([{"n": 3}, {"n": 4}]));
}

#[test]
fn tags_tell_queries_apart_and_conditions_and_ranges_count_as_for_get() {
    let server = server();
    let first = ask(&server, "dest=eq.LAX").ok();
    let tag = first.header("ETag");
    assert_eq!(ask(&server, "dest=eq.LAX").ok().header("ETag"), tag);
    assert_ne!(ask(&server, "dest=eq.SFO").ok().header("ETag"), tag);
    let again = |body: &str| {
        query(&server, ROWS, body)
            .v2()
            .header("If-None-Match", tag)
            .send()
    };
    assert_eq!(again("dest=eq.LAX").status, 304);
    assert_eq!(again("dest=eq.SFO").status, 200);
    let other = query(&server, ROWS, "dest=eq.SFO")
        .v2()
        .header("If-Match", tag)
        .send();
    assert_eq!(other.status, 412);
    let path = format!("{ROWS}?version=v2&format=csv");
    let whole = query(&server, &path, "dest=eq.LAX").send().ok();
    let part = query(&server, &path, "dest=eq.LAX")
        .header("Range", "bytes=5-24")
        .send();
    assert_eq!(part.status, 206);
    assert_eq!(part.body, &whole.body[5..25]);
}

#[test]
fn another_content_type_is_415_and_the_answer_names_the_right_one() {
    let server = server();
    for kind in ["application/json", "text/plain", "application/sql"] {
        let call = server.call("QUERY", ROWS).v2().header("Content-Type", kind);
        let answer = call.body("{}").send().refused(415, &[kind, FORM]);
        assert_eq!(answer.header("Accept-Query"), FORM);
    }
    let bare = server.call("QUERY", ROWS).v2().body("dest=eq.LAX").send();
    bare.refused(415, &["no Content-Type", FORM]);
}

#[test]
fn parameters_in_the_url_and_those_of_the_url_in_the_body_are_400() {
    let server = server();
    let call = query(&server, &format!("{ROWS}?limit=5"), "dest=eq.LAX").v2();
    call.send().refused(400, &["limit", "in the body"]);
    for name in ["version", "format"] {
        ask(&server, &format!("{name}=csv")).refused(400, &[name, "in the URL"]);
    }
    ask(&server, "dest=eq.%FF").refused(400, &["dest", "UTF-8"]);
    query(&server, ROWS, "")
        .v2()
        .body(b"dest=eq.\xff")
        .send()
        .refused(400, &["UTF-8"]);
    ask(&server, "nowhere=eq.5").refused(400, &["no column", "nowhere"]);
    let server = Server::with(|settings| settings.limits.max_query = 100);
    server.store("flights", "n\n1\n");
    ask(&server, &format!("n=in.({})", "1,".repeat(80))).refused(413, &["--max-query", "100"]);
}

#[test]
fn a_query_is_a_read_for_access_preflights_and_foreign_pages() {
    let server = Server::with(|settings| {
        settings.access.anonymous = Some(Anonymous::Read);
        settings.access.cors_origins = vec!["https://app.example".to_owned()];
    });
    let key = server.register("shop");
    let put = server.put("/datasets/flights").v2().with_key(&key);
    put.csv("n\n1\n").send().created();
    let answer = query(&server, ROWS, "n=eq.1")
        .v2()
        .header("Origin", "https://app.example");
    let answer = answer.header("Sec-Fetch-Site", "cross-site").send().ok();
    assert_eq!(
        answer.header("Access-Control-Allow-Origin"),
        "https://app.example"
    );
    let preflight = server
        .call("OPTIONS", ROWS)
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "QUERY")
        .header("Access-Control-Request-Headers", "content-type")
        .send();
    let methods = preflight.header("Access-Control-Allow-Methods");
    assert!(
        methods.split(", ").any(|method| method == "QUERY"),
        "{methods}"
    );
    // A key of a write is of no use here, and does no harm.
    for _ in 0..2 {
        let call = query(&server, ROWS, "n=eq.1")
            .v2()
            .header("Idempotency-Key", "k");
        assert!(
            !call
                .send()
                .ok()
                .headers
                .contains_key("Idempotency-Replayed")
        );
    }
}

#[test]
fn version_1_has_no_query_and_says_what_it_has() {
    let server = server();
    let call = query(&server, "/datasets/flights", "").accept(crate::client::V1);
    let answer = call.send().refused(405, &["QUERY"]);
    assert!(!answer.header("Allow").contains("QUERY"));
    let call = query(&server, "/datasets/flights/source", "").v2();
    let answer = call.send().refused(405, &["QUERY"]);
    assert!(!answer.header("Allow").contains("QUERY"));
    let options = server.call("OPTIONS", ROWS).v2().send();
    assert!(
        options
            .header("Allow")
            .split(", ")
            .any(|method| method == "QUERY")
    );
    assert_eq!(options.header("Accept-Query"), FORM);
}
