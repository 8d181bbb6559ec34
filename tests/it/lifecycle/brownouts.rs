//! Brownouts: short refusals that are announced, begin and end to the second, and change nothing around them.

use super::{at, link, server};
use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};

const FLAGS: [&str; 6] = [
    "--deprecate",
    "v1=2027-01-01",
    "--retire",
    "v1=2027-07-01",
    "--brownout",
    "v1=2027-05-01T09:00Z/15m,2027-05-08T09:00Z/1h",
];

#[test]
fn a_deprecated_version_is_refused_in_each_window_and_served_around_it() {
    let (server, clock) = server(&FLAGS, "2027-05-01T08:59:59Z");
    for (time, retry) in [
        ("2027-05-01T08:59:59.999999Z", None),
        ("2027-05-01T09:00:00Z", Some("900")),
        ("2027-05-01T09:14:58.5Z", Some("2")),
        ("2027-05-01T09:14:59.999Z", Some("1")),
        ("2027-05-01T09:15:00Z", None),
        ("2027-05-08T08:59:59Z", None),
        ("2027-05-08T09:00:00Z", Some("3600")),
        ("2027-05-08T09:59:59Z", Some("1")),
        ("2027-05-08T10:00:00Z", None),
    ] {
        clock.set(at(time));
        for accept in ["*/*", "application/json", V1, "text/csv"] {
            let answer = server.get("/datasets/people").accept(accept).send();
            let Some(retry) = retry else {
                answer.ok();
                continue;
            };
            assert_eq!(answer.status, 503, "{accept} at {time}");
            assert_eq!(answer.header("Retry-After"), retry, "{time}");
            assert_eq!(answer.header("API-Version"), V1_RELEASE);
            assert_eq!(answer.header("Sunset"), "Thu, 01 Jul 2027 00:00:00 GMT");
            assert!(link(&answer, "successor-version").is_some());
        }
        server.get("/datasets/people").v2().send().ok();
    }
}

#[test]
fn a_brownout_says_what_it_is_and_what_to_do_and_writes_nothing() {
    let (server, _) = server(&FLAGS, "2027-05-01T09:01:00Z");
    for call in [
        server.get("/datasets/people"),
        server.call("OPTIONS", "/datasets"),
        server.delete("/datasets/people"),
        server.post("/datasets?name=new").csv("a\n1\n"),
    ] {
        let answer = call.send();
        if answer.body.is_empty() {
            assert_eq!(answer.status, 503);
            continue;
        }
        answer.refused(
            503,
            &[
                "v1 is going to be retired at 2027-07-01T00:00:00Z",
                "announced brownout until 2027-05-01T09:15:00Z",
                V2,
                "/changelog?from=v1&to=v2",
            ],
        );
    }
    assert_eq!(server.names(), ["people"]);
}

#[test]
fn a_brownout_of_v2_is_a_problem_of_its_own_kind() {
    let flags = [
        "--retire",
        "v2=2027-07-01",
        "--brownout",
        "v2=2027-05-01/1h",
    ];
    let (server, clock) = server(&flags, "2027-04-01T00:00:00Z");
    clock.set(at("2027-05-01T00:00:00Z"));
    let answer = server.get("/datasets").v2().send();
    let answer = answer.refused(503, &["v2 is going to be retired", "GET /versions"]);
    assert_eq!(answer.header("Content-Type"), "application/problem+json");
    assert_eq!(answer.header("Retry-After"), "3600");
    assert_eq!(answer.json()["type"], "urn:flash:problem:version-brownout");
    server.get("/datasets").send().ok();
}

#[test]
fn who_names_another_version_as_well_gets_that_one_as_after_the_retirement() {
    let (server, _) = server(&FLAGS, "2027-05-01T09:01:00Z");
    let ladder = format!("{V1}, {V2};q=0.1");
    let answer = server.get("/datasets/people").accept(&ladder).send().ok();
    assert_eq!(answer.header("API-Version"), V2_RELEASE);
}

#[test]
fn a_server_that_starts_within_a_brownout_has_it() {
    let flags = [
        "--retire",
        "v1=2027-07-01",
        "--brownout",
        "v1=2027-05-01T09:00Z/15m",
        "--brownout",
        "v1=2027-04-01T09:00Z/15m",
    ];
    let (server, clock) = server(&flags, "2027-05-01T09:01:00Z");
    let answer = server.get("/datasets").send();
    assert_eq!((answer.status, answer.header("Retry-After")), (503, "840"));
    clock.set(at("2027-05-01T09:15:00Z"));
    server.get("/datasets").send().ok();
}

#[test]
fn what_is_announced_can_be_read_off_the_catalogue() {
    let (server, _) = server(&FLAGS, "2027-02-01T00:00:00Z");
    let v1 = server
        .services
        .catalogue
        .get("v1".parse().unwrap())
        .unwrap();
    assert_eq!(v1.lifecycle.deprecated, Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(v1.lifecycle.retired, Some(at("2027-07-01T00:00:00Z")));
    let windows = serde_json::to_value(&v1.lifecycle.brownouts).unwrap();
    assert_eq!(
        windows,
        serde_json::json!([
            {"start": "2027-05-01T09:00:00Z", "end": "2027-05-01T09:15:00Z"},
            {"start": "2027-05-08T09:00:00Z", "end": "2027-05-08T10:00:00Z"},
        ])
    );
}
