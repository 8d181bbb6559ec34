//! What every answer of a version says of its end, and what no other answer says.

use super::{at, link, links, server};
use crate::client::{Answer, V1, V2};
use crate::server::Server;

const V1_ENDS: [&str; 4] = ["--deprecate", "v1=2027-01-01", "--retire", "v1=2027-07-01"];
const V2_ENDS: [&str; 4] = ["--deprecate", "v2=2027-01-01", "--retire", "v2=2027-07-01"];

/// The links of an answer that are about its version. Others lead to pages and metadata of a dataset.
fn links_of_version(answer: &Answer) -> Vec<String> {
    let of_version = |link: &String| {
        let relations = ["deprecation", "sunset", "successor-version"];
        relations
            .iter()
            .any(|relation| link.contains(&format!("rel=\"{relation}\"")))
    };
    links(answer).into_iter().filter(of_version).collect()
}

/// An answer says nothing of the end of a version.
#[track_caller]
fn says_nothing(answer: &Answer) {
    for name in ["deprecation", "sunset"] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    assert!(links_of_version(answer).is_empty(), "{:?}", links(answer));
}

/// An answer of each kind, of the version that `accept` names.
fn kinds(server: &Server, accept: &str) -> Vec<(u16, Answer)> {
    let call = |method: &str, path: &str| server.call(method, path).accept(accept);
    let tag = call("GET", "/datasets/people").send();
    let tag = tag.header("ETag").to_owned();
    let conditional = call("GET", "/datasets/people").header("If-None-Match", &tag);
    vec![
        (200, call("GET", "/").send()),
        (200, call("GET", "/datasets/people").send()),
        (200, call("HEAD", "/datasets/people").send()),
        (304, conditional.send()),
        (201, call("POST", "/datasets?name=new").csv("a\n1\n").send()),
        (204, call("DELETE", "/datasets/new").send()),
        (204, call("OPTIONS", "/datasets").send()),
        (400, call("GET", "/datasets?colour=red").send()),
        (404, call("GET", "/datasets/nobody").send()),
        (404, call("GET", "/nothing").send()),
        (405, call("PATCH", "/datasets").send()),
        (
            422,
            call("POST", "/datasets?name=new").csv("a,b\n1\n").send(),
        ),
    ]
}

#[test]
fn every_answer_of_a_version_that_ends_says_when_and_where_to_go() {
    let (server, clock) = server(&V1_ENDS, "2026-12-01T00:00:00Z");
    // Before the date as well as after it: the announcement is there as soon as it is made.
    for time in ["2026-12-01T00:00:00Z", "2027-02-01T00:00:00Z"] {
        clock.set(at(time));
        for accept in ["*/*", V1] {
            for (status, answer) in kinds(&server, accept) {
                assert_eq!(answer.status, status, "{}", answer.text());
                assert_eq!(answer.header("Deprecation"), "@1798761600");
                assert_eq!(answer.header("Sunset"), "Thu, 01 Jul 2027 00:00:00 GMT");
                assert_eq!(
                    link(&answer, "deprecation").unwrap(),
                    "</changelog?from=v1&to=v2>; rel=\"deprecation\""
                );
                assert_eq!(
                    link(&answer, "sunset").unwrap(),
                    "</versions>; rel=\"sunset\""
                );
                let successor = link(&answer, "successor-version").unwrap();
                assert!(
                    successor.ends_with(&format!("; type=\"{V2}\"")),
                    "{successor}"
                );
            }
        }
    }
}

#[test]
fn the_410_of_a_retired_version_says_it_too() {
    let (server, _) = server(&V1_ENDS, "2027-07-01T00:00:00Z");
    for accept in ["*/*", V1] {
        let answer = server.get("/datasets/people").accept(accept).send();
        assert_eq!(answer.status, 410);
        assert_eq!(answer.header("Sunset"), "Thu, 01 Jul 2027 00:00:00 GMT");
        assert!(link(&answer, "deprecation").is_some());
        assert!(link(&answer, "successor-version").is_some());
    }
}

#[test]
fn the_successor_is_the_same_path_where_the_next_version_has_it() {
    let (server, _) = server(&V1_ENDS, "2027-02-01T00:00:00Z");
    for (path, target) in [
        ("/datasets/people", "/datasets/people"),
        ("/datasets/people/", "/datasets/people/"),
        ("/datasets/people?page=1", "/datasets/people"),
        ("/datasets/pe%22ople", "/datasets/pe%22ople"),
        ("/datasets/people/rows", "/datasets/people/rows"),
        ("/", "/"),
        ("/nothing", "/"),
        ("//example.org/datasets", "/"),
    ] {
        let answer = server.get(path).send();
        let successor = link(&answer, "successor-version").unwrap();
        let expected = format!("<{target}>; rel=\"successor-version\"; type=\"{V2}\"");
        assert_eq!(successor, expected, "{path}");
    }
    let long = format!("/datasets/{}", "x".repeat(2000));
    let answer = server.get(&long).send();
    assert!(
        link(&answer, "successor-version")
            .unwrap()
            .starts_with("</>")
    );
}

#[test]
fn no_other_version_says_any_of_it() {
    let (server, _) = server(&V1_ENDS, "2027-02-01T00:00:00Z");
    for (status, answer) in kinds(&server, V2) {
        assert_eq!(answer.status, status, "{}", answer.text());
        says_nothing(&answer);
    }
    let (plain, _) = super::server(&[], "2027-02-01T00:00:00Z");
    for accept in [V1, V2] {
        for (_, answer) in kinds(&plain, accept) {
            says_nothing(&answer);
        }
    }
}

#[test]
fn a_page_of_the_server_tells_of_the_end_of_the_version_that_it_is_about_and_of_no_other() {
    let (server, _) = server(&V1_ENDS, "2027-02-01T00:00:00Z");
    for (path, accept, is_about_v1) in [
        ("/versions", "*/*", false),
        ("/versions", V1, false),
        ("/changelog?from=v1&to=v2", V1, false),
        ("/openapi.json?version=v2", "*/*", false),
        ("/openapi.json?version=v2", V1, false),
        ("/openapi.json", V2, false),
        ("/openapi.json", "*/*", true),
        ("/openapi.json?version=v1", V2, true),
    ] {
        let call = |method| server.call(method, path).accept(accept);
        let whole = call("GET").send().ok();
        let known = call("GET").header("If-None-Match", whole.header("ETag"));
        let known = known.send();
        assert_eq!(known.status, 304);
        for answer in [whole, call("HEAD").send().ok(), known] {
            for name in ["deprecation", "sunset", "link"] {
                let is_there = answer.headers.contains_key(name);
                assert_eq!(is_there, is_about_v1, "{name} on {path} for {accept}");
            }
        }
        let options = call("OPTIONS").send();
        assert!(!options.headers.contains_key("sunset"), "{path}");
    }
}

#[test]
fn a_deprecation_without_a_retirement_has_no_sunset() {
    let (server, _) = server(&V1_ENDS[..2], "2027-02-01T00:00:00Z");
    let answer = server.get("/datasets").send().ok();
    assert_eq!(answer.header("Deprecation"), "@1798761600");
    assert!(!answer.headers.contains_key("sunset"));
    assert_eq!(link(&answer, "sunset"), None);
}

#[test]
fn the_newest_version_has_no_successor_and_points_to_the_list() {
    let (server, _) = server(&V2_ENDS, "2027-02-01T00:00:00Z");
    for (status, answer) in kinds(&server, V2) {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(
            links_of_version(&answer),
            [
                "</versions>; rel=\"deprecation\"",
                "</versions>; rel=\"sunset\""
            ]
        );
    }
}

#[test]
fn the_link_to_the_next_page_stays_the_first() {
    let (server, _) = server(&V2_ENDS, "2027-02-01T00:00:00Z");
    for path in [
        "/datasets/people/rows?limit=1",
        "/datasets/people/rows?limit=2",
    ] {
        let answer = server.get(path).v2().send().ok();
        let all = links(&answer);
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all[0].ends_with("; rel=\"next\""), "{all:?}");
    }
}

#[test]
fn an_answer_that_is_given_again_says_what_is_announced_now() {
    let flags = ["--deprecate", "v2=2027-01-01", "--promote", "v2"];
    let (server, _) = server(&flags, "2027-02-01T00:00:00Z");
    let send = || {
        let call = server.put("/datasets/again").v2().csv("a\n1\n");
        call.header("Idempotency-Key", "k").send().created()
    };
    let (first, again) = (send(), send());
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    assert_eq!(links(&again), links(&first));
    assert_eq!(again.header("Deprecation"), "@1798761600");
}
