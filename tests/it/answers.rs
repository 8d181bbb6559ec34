//! Whole answers that are remembered for who asks the same again: what was asked for twice goes out as it did, and only
//! as long as it would be answered like that anew.

use flash::dataset::DatasetName;
use flash::settings::Anonymous;
use serde_json::json;

use crate::client::{Answer, V1, V2};
use crate::clients::Keyed;
use crate::server::{Builder, Server};

const ROWS: &str = "/datasets/people/rows?limit=2";

fn csv(mark: &str) -> String {
    let rows = (1..=200).map(|n| format!("{n},{mark}\n"));
    std::iter::once("n,mark\n".to_owned()).chain(rows).collect()
}

fn server() -> Server {
    let server = Server::start();
    server.store("people", csv("old"));
    server
}

/// Gives the dataset another revision.
#[track_caller]
fn change(server: &Server, mark: &str) {
    let put = server.put("/datasets/people").v2();
    put.csv(csv(mark)).send().ok();
}

/// Asks until the answer is one that was remembered.
#[track_caller]
fn asked_again(ask: impl Fn() -> Answer) -> Answer {
    (0..4).for_each(|_| drop(ask()));
    ask()
}

/// Everything of an answer that is not of the request alone.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().unwrap();
        (name.to_string(), value.to_owned())
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status, headers, answer.body.clone())
}

#[test]
fn an_answer_that_is_remembered_is_the_one_that_was_made() {
    let server = server();
    let key = server.register("shop");
    let bytes = || server.services.cache.stats().bytes;
    let mut remembered = 0;
    let accepts = ["", "*/*", "application/json", V1, V2, "text/html"];
    for path in ["/datasets/people", ROWS, "/datasets/people/rows?n=gt.5"] {
        for (accept, coding) in accepts
            .into_iter()
            .flat_map(|accept| ["", "gzip", "zstd;q=0.5, br"].map(|coding| (accept, coding)))
        {
            for key in [None, Some(&key)] {
                let ask = || {
                    let mut call = server.get(path).accept(accept);
                    if !coding.is_empty() {
                        call = call.header("Accept-Encoding", coding);
                    }
                    match key {
                        Some(key) => call.with_key(key).send(),
                        None => call.send(),
                    }
                };
                let before = bytes();
                let made = told(&ask());
                for _ in 0..3 {
                    assert_eq!(told(&ask()), made, "{path} {accept} {coding} {key:?}");
                }
                remembered += usize::from(bytes() > before);
            }
        }
    }
    // Rows alone would be remembered for each path and version, six times.
    assert!(
        !server.knows("people") || remembered > 20,
        "{remembered} answers were remembered"
    );
}

#[test]
fn what_is_asked_for_twice_is_kept_within_the_bound_of_the_cache() {
    let server = server();
    let bytes = || server.services.cache.stats().bytes;
    let ask = || server.get(ROWS).v2().send().ok();
    let before = ask();
    let made = bytes();
    ask();
    let kept = bytes();
    // Another server may change what is in PostgreSQL, so there nothing is answered without asking it.
    if server.knows("people") {
        assert!(kept >= made + before.body.len() as u64, "{made} {kept}");
    }
    let misses = server.services.cache.stats().misses;
    for _ in 0..5 {
        ask();
    }
    assert_eq!(bytes(), kept);
    assert_eq!(server.services.cache.stats().misses, misses);
}

impl Server {
    fn knows(&self, name: &str) -> bool {
        let name = DatasetName::new(name).unwrap();
        self.services.store.known(&name).is_some()
    }
}

#[test]
fn the_answer_after_a_commit_or_a_removal_tells_of_it() {
    let server = server();
    let ask = || server.get(ROWS).v2().send();
    let first = |answer: &Answer| answer.json()["data"][0]["mark"].clone();
    for mark in ["new", "newer", "newest"] {
        let before = asked_again(ask).ok();
        change(&server, mark);
        let after = ask().ok();
        assert_eq!(first(&after), json!(mark));
        assert_ne!(after.header("ETag"), before.header("ETag"));
    }
    asked_again(ask).ok();
    server.delete("/datasets/people").send();
    ask().refused(404, &["people"]);
    server.store("people", csv("again"));
    assert_eq!(first(&ask().ok()), json!("again"));
}

#[test]
fn an_older_revision_is_answered_as_long_as_it_is_kept() {
    let server = Server::with(|settings| settings.store.keep_revisions = 2);
    server.store("people", csv("1"));
    change(&server, "2");
    let ask = || server.get("/datasets/people/rows?revision=1").v2().send();
    asked_again(ask).ok();
    change(&server, "3");
    server.until(|_| ask().status == 410);
}

#[test]
fn a_conditional_request_for_what_is_remembered_is_judged_by_its_conditions() {
    let server = server();
    let ask = || server.get(ROWS).v2();
    let tag = asked_again(|| ask().send()).header("ETag").to_owned();
    let with = |name: &str, tag: &str| ask().header(name, tag).send().status;
    assert_eq!(with("If-None-Match", &tag), 304);
    assert_eq!(with("If-None-Match", "\"other\""), 200);
    assert_eq!(with("If-Match", "\"other\""), 412);
    let doubled = ask().header("Accept", V1).send();
    assert_eq!(doubled.status, 200);
    let named = ask().header("Content-Type", "application/vnd.flash.v9+json");
    assert_ne!(named.send().status, 200);
}

#[test]
fn a_head_has_the_headers_of_the_answer_that_is_remembered_and_no_body() {
    let server = server();
    for (path, accept) in [
        ("/datasets/people", V1),
        (ROWS, V2),
        ("/datasets/people", V2),
    ] {
        for coding in ["identity", "gzip", "zstd"] {
            let call = |method: &str| {
                let call = server.call(method, path).accept(accept);
                call.header("Accept-Encoding", coding).send()
            };
            let (status, mut headers, _) = told(&asked_again(|| call("GET")));
            let (of_head, mut head, body) = told(&call("HEAD"));
            assert_eq!((of_head, body), (status, Vec::new()));
            // How long it is in a coding is known only to those who make it.
            for headers in [&mut headers, &mut head] {
                headers.retain(|(name, _)| coding == "identity" || name != "content-length");
            }
            assert_eq!(head, headers, "{path} {accept} {coding}");
            assert_eq!(told(&call("GET")).0, status);
        }
    }
}

#[test]
fn a_range_and_a_condition_are_judged_whatever_was_remembered() {
    let server = server();
    let source = || server.get("/datasets/people/source").v2();
    let whole = asked_again(|| source().send()).ok();
    let packed = source().header("Accept-Encoding", "gzip").send().ok();
    let (tag, packed_tag) = (whole.header("ETag"), packed.header("ETag"));
    assert_ne!(tag, packed_tag);
    for coding in ["identity", "gzip"] {
        let range = || {
            let call = source().header("Accept-Encoding", coding);
            call.header("Range", "bytes=2-5")
        };
        let part = range().send();
        assert_eq!((part.status, &part.body[..]), (206, &whole.body[2..6]));
        assert_eq!(part.header("ETag"), tag);
        assert!(!part.headers.contains_key("content-encoding"));
        assert_eq!(range().header("If-Range", tag).send().status, 206);
        // A part of the packed bytes can't be gone on with by a part of the others.
        let other = range().header("If-Range", packed_tag).send();
        assert_eq!(other.status, 200);
        assert_eq!(range().header("If-None-Match", tag).send().status, 304);
        let known = range().header("If-None-Match", packed_tag).send();
        assert_eq!((known.status, known.body.len()), (304, 0));
        assert_eq!(range().header("If-Match", "\"x\"").send().status, 412);
    }
}

#[test]
fn who_was_granted_a_version_for_longer_has_answers_of_its_own() {
    let at = |time: &str| time.parse::<jiff::Timestamp>().unwrap();
    let mut builder = Builder::new();
    let clock = builder.stand_at(at("2027-06-01T00:00:00Z"));
    builder.settings.lifecycle =
        crate::lifecycle::flags(&["--deprecate", "v1=2027-01-01", "--retire", "v1=2027-07-01"]);
    let server = builder.start();
    server.store("people", csv("old"));
    let (shop, other) = (server.register("shop"), server.register("other"));
    let until = at("2027-09-01T00:00:00Z");
    server.admin().extend("shop", 1, Some(until)).unwrap();
    let ask = |key: &str| {
        let call = server.get("/datasets/people").accept(V1);
        call.with_key(key).send()
    };
    let sunsets = [
        (&other, "Thu, 01 Jul 2027 00:00:00 GMT"),
        (&shop, "Wed, 01 Sep 2027 00:00:00 GMT"),
        (&other, "Thu, 01 Jul 2027 00:00:00 GMT"),
    ];
    for (key, sunset) in sunsets {
        let answer = asked_again(|| ask(key)).ok();
        assert_eq!(answer.header("Sunset"), sunset);
    }
    clock.set(at("2027-07-02T00:00:00Z"));
    asked_again(|| ask(&shop)).ok();
    asked_again(|| ask(&other)).refused(410, &["retired"]);
    server.admin().extend("shop", 1, None).unwrap();
    server.services.clients.forget();
    asked_again(|| ask(&shop)).refused(410, &["retired"]);
}

#[test]
fn who_may_not_ask_is_not_told_what_others_were() {
    let server = Server::with(|settings| settings.access.anonymous = Some(Anonymous::None));
    let key = server.register("shop");
    let put = server.put("/datasets/people").v2().with_key(&key);
    put.csv(csv("secret")).send().created();
    let ask = || server.get(ROWS).v2();
    asked_again(|| ask().with_key(&key).send()).ok();
    ask().send().refused(401, &["key"]);
    ask().with_key("flash_wrong").send().refused(401, &["key"]);
    let now = jiff::Timestamp::now();
    server.admin().set_disabled("shop", true, now).unwrap();
    server.services.clients.forget();
    ask().with_key(&key).send().refused(401, &["key"]);
}

#[test]
fn a_client_that_moves_its_pin_gets_the_other_version_at_once() {
    let server = server();
    let key = server.register("shop");
    let ask = || server.get("/datasets/people").with_key(&key).send().ok();
    for (pin, release) in [(1, "1."), (2, "2."), (1, "1.")] {
        let call = server.call("PATCH", "/client").with_key(&key);
        call.json(&json!({ "version": pin })).send().ok();
        let answer = asked_again(ask);
        assert!(answer.header("API-Version").starts_with(release));
        assert_eq!(answer.header("API-Version-Source"), "pin");
    }
    let anonymous = asked_again(|| server.get("/datasets/people").send()).ok();
    assert_eq!(anonymous.header("API-Version-Source"), "default");
}

#[test]
fn time_that_changes_a_version_ends_what_was_remembered_of_it() {
    let at = |time: &str| time.parse::<jiff::Timestamp>().unwrap();
    let mut builder = Builder::new();
    let clock = builder.stand_at(at("2026-12-31T23:59:59Z"));
    builder.settings.lifecycle = crate::lifecycle::flags(&[
        "--deprecate",
        "v1=2027-01-01",
        "--brownout",
        "v1=2027-03-01T00:00:00Z/1h",
        "--retire",
        "v1=2027-07-01",
    ]);
    let server = builder.start();
    server.store("people", csv("old"));
    let ask = || server.get("/datasets/people").accept(V1).send();
    for (time, status) in [
        ("2026-12-31T23:59:59Z", 200),
        ("2027-01-01T00:00:00Z", 200),
        ("2027-02-28T23:59:59Z", 200),
        ("2027-03-01T00:00:00Z", 503),
        ("2027-03-01T01:00:00Z", 200),
        ("2027-06-30T23:59:59Z", 200),
        ("2027-07-01T00:00:00Z", 410),
        // A clock may be set back.
        ("2027-06-30T23:59:59Z", 200),
        ("2027-03-01T00:30:00Z", 503),
    ] {
        clock.set(at(time));
        let first = told(&ask());
        assert_eq!(first.0, status, "{time}");
        assert_eq!(told(&asked_again(ask)), first, "{time}");
    }
}

#[test]
fn requests_are_counted_alike_whether_their_answer_was_remembered_or_not() {
    let server = server();
    let key = server.register("shop");
    for _ in 0..5 {
        server.get(ROWS).v2().with_key(&key).send().ok();
        let call = server.get(ROWS).v2().header("User-Agent", "curl/8.5.0");
        call.send().ok();
    }
    server.hand_usage_over();
    let used = server.admin().usage(None, 0).unwrap();
    let rows = used.iter().filter(|used| used.operation == "list_rows");
    let mut counts: Vec<_> = rows
        .map(|used| (used.client.clone(), used.version, used.requests))
        .collect();
    counts.sort_unstable();
    assert_eq!(counts.len(), 2, "{used:?}");
    assert!(
        counts
            .iter()
            .all(|(_, version, requests)| (*version, *requests) == (2, 5))
    );
}

#[test]
fn an_answer_that_is_remembered_is_not_given_to_a_name_that_the_server_does_not_have() {
    let server = server();
    let ask = |host: &str| {
        let request = format!(
            "GET {ROWS} HTTP/1.1\r\nHost: {host}\r\nAccept: {V2}\r\nConnection: close\r\n\r\n"
        );
        crate::client::exchange(server.address, &request)
    };
    for _ in 0..4 {
        assert!(ask("localhost").starts_with("HTTP/1.1 200"));
    }
    for host in [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
    ] {
        assert!(ask(host).starts_with("HTTP/1.1 421"), "{host}");
    }
}
