//! The header `Accept`.

use serde_json::Value;

use super::{served, server};
use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};

#[test]
fn who_names_no_version_gets_the_first_one() {
    let server = server();
    for accept in [
        None,
        Some(""),
        Some("*/*"),
        Some("application/*"),
        Some("application/json"),
        Some("application/vnd.flash+json"),
        Some("text/html, application/json;q=0.9, */*;q=0.8"),
    ] {
        let mut call = server.get("/datasets/people");
        if let Some(accept) = accept {
            call = call.accept(accept);
        }
        let answer = call.send().ok();
        assert_eq!(served(&answer), 1, "{accept:?}");
        assert_eq!(answer.header("API-Version-Source"), "default", "{accept:?}");
    }
}

#[test]
fn a_version_that_is_named_is_served() {
    let server = server();
    for (accept, version) in [(V1, 1), (V2, 2)] {
        let answer = server.get("/datasets/people").accept(accept).send().ok();
        assert_eq!(served(&answer), version, "{accept}");
        assert_eq!(answer.header("API-Version-Source"), "accept", "{accept}");
    }
}

#[test]
fn the_highest_quality_wins_then_the_more_specific_range_then_the_order() {
    let server = server();
    for (accept, version) in [
        (
            "application/vnd.flash.v9+json, application/vnd.flash.v2+json;q=0.5",
            2,
        ),
        (
            "application/vnd.flash.v1+json;q=0.5, application/vnd.flash.v2+json;q=0.9",
            2,
        ),
        (
            "application/vnd.flash.v1+json;q=0.9, application/vnd.flash.v2+json;q=0.8",
            1,
        ),
        (
            "application/vnd.flash.v1+json;q=0.001, application/vnd.flash.v2+json;q=0.002",
            2,
        ),
        (
            "application/vnd.flash.v1+json, application/vnd.flash.v2+json",
            1,
        ),
        (
            "application/vnd.flash.v2+json, application/vnd.flash.v1+json",
            2,
        ),
        ("*/*, application/vnd.flash.v2+json", 2),
        ("application/*, application/vnd.flash.v2+json", 2),
        ("*/*, application/vnd.flash.v2+json;q=0.9", 1),
        ("application/vnd.flash.v2+json;q=0.3, */*;q=0.1", 2),
        ("image/png, application/vnd.flash.v2+json;q=0.1", 2),
    ] {
        let answer = server.get("/datasets/people").accept(accept).send().ok();
        assert_eq!(served(&answer), version, "{accept}");
    }
}

#[test]
fn a_quality_of_zero_excludes() {
    let server = server();
    let answer = server
        .get("/datasets/people")
        .accept("application/vnd.flash.v2+json;q=0, application/vnd.flash.v1+json;q=0.1")
        .send()
        .ok();
    assert_eq!(served(&answer), 1);
    let excluded = "application/vnd.flash.v1+json;q=0, */*;q=0.5";
    let answer = server.get("/datasets/people").accept(excluded).send();
    assert_ne!(answer.header("Content-Type"), V1);
    for accept in [
        "application/vnd.flash.v2+json;q=0",
        "*/*;q=0",
        "application/json;q=0.000",
    ] {
        let answer = server.get("/datasets/people").accept(accept).send();
        assert_eq!(answer.status, 406, "{accept}");
    }
}

#[test]
fn case_white_space_empty_elements_quoting_and_other_parameters_do_not_matter() {
    let server = server();
    for accept in [
        "APPLICATION/VND.FLASH.V2+JSON",
        "application/VND.flash.v2+JSON;Q=0.4",
        "  application/vnd.flash.v2+json  ;  q=1.0  ",
        ",, application/vnd.flash.v2+json ,, ,",
        "application/vnd.flash.v2+json;charset=utf-8",
        "application/vnd.flash.v2+json;profile=\"a,b;q=0\";q=1.000",
        "application/vnd.flash.v2+json;note=\"say \\\"hi, all\\\"\", */*;q=0.1",
        "image/png;x=\"application/vnd.flash.v1+json, y\", application/vnd.flash.v2+json;q=0.2",
        "\tapplication/vnd.flash.v2+json\t",
    ] {
        let answer = server.get("/datasets/people").accept(accept).send();
        assert_eq!(answer.status, 200, "{accept}: {}", answer.text());
        assert_eq!(served(&answer), 2, "{accept}");
    }
}

#[test]
fn repeated_accept_lines_are_one_list_in_their_order() {
    let server = server();
    for (first, second, version) in [(V2, V1, 2), (V1, V2, 1), ("image/png", V2, 2)] {
        let call = server.get("/datasets/people");
        let answer = call.accept(first).accept(second).send().ok();
        assert_eq!(served(&answer), version, "{first} then {second}");
    }
}

#[test]
fn what_nothing_matches_is_406_and_lists_what_the_resource_has_with_each_status() {
    let server = server();
    for accept in [
        "application/vnd.flash.v9+json",
        "application/vnd.flash.v0+json",
        "application/vnd.flash.v02+json",
        "application/vnd.flash.v99999999999999999999999+json",
        "application/vnd.flash.v2.0+json",
        "application/vnd.flash.v2+xml",
        "application/vnd.flash.v2",
        "image/png",
        "text/csvx, application/vnd.other.v2+json",
        "application/x-ndjson",
    ] {
        let answer = server.get("/datasets/people").accept(accept).send();
        assert_eq!(answer.status, 406, "{accept}: {}", answer.text());
        assert_eq!(
            alternatives(&answer.json()),
            [
                "application/vnd.flash.v1+csv",
                "application/vnd.flash.v1+json",
                "application/vnd.flash.v2+json",
            ],
            "{accept}"
        );
    }
    let rows = server.get("/datasets/people/rows").accept("image/png");
    assert_eq!(
        alternatives(&rows.send().refused(406, &[]).json()),
        [
            "application/vnd.flash.v2+csv",
            "application/vnd.flash.v2+json",
            "application/vnd.flash.v2+ndjson",
            "application/vnd.flash.v2+parquet",
        ]
    );
}

/// The vendor types in a 406, in order; each must be said to be stable.
#[track_caller]
fn alternatives(body: &Value) -> Vec<&str> {
    let available = body["available"].as_array().unwrap();
    let mut types = Vec::new();
    for one in available {
        assert_eq!(one["state"], "stable", "{body}");
        types.extend(one["media_type"].as_str());
    }
    types.retain(|name| name.contains("vnd.flash"));
    types.sort_unstable();
    types
}

#[test]
fn an_accept_that_cannot_be_read_is_400_and_names_the_part_and_its_position() {
    let server = server();
    for (accept, part, position) in [
        ("foo", "foo", "1"),
        ("a/b;q=high", "high", ""),
        ("application/json, foo", "foo", "19"),
        ("application/json;q=2", "2", ""),
        ("application/json;q=0.1234", "0.1234", ""),
        ("application/json;q=-1", "-1", ""),
        ("*/json", "*/json", "1"),
        ("application/", "application/", "1"),
        ("text/csv;x=\"open", "\"open", ""),
        (
            "application/vnd.flash.v2+json application/json",
            "application/json",
            "",
        ),
    ] {
        let answer = server.get("/datasets/people").accept(accept).send();
        assert_eq!(answer.status, 400, "{accept}: {}", answer.text());
        let answer = answer.refused(400, &["Accept", part]);
        let sentence = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(
            sentence.contains(&format!("character {position}")),
            "{accept}: {sentence}"
        );
    }
}

#[test]
fn an_unreadable_line_among_readable_ones_is_400() {
    let server = server();
    let call = server.get("/datasets/people").accept(V2).accept("foo");
    call.send().refused(400, &["foo"]);
}

#[test]
fn a_data_format_without_a_version_is_that_of_the_default_version() {
    let server = server();
    let answer = server
        .get("/datasets/people")
        .accept("text/csv")
        .send()
        .ok();
    assert_eq!(answer.header("API-Version"), V1_RELEASE);
    assert_eq!(answer.header("API-Version-Source"), "default");
    assert_eq!(answer.text(), super::PEOPLE);
}

#[test]
fn formats_and_versions_take_part_in_one_contest() {
    let server = server();
    for (path, accept, content_type, version) in [
        (
            "/datasets/people",
            "text/csv, application/json;q=0.9",
            "text/csv",
            V1_RELEASE,
        ),
        (
            "/datasets/people",
            "text/csv;q=0.9, application/json",
            "application/json",
            V1_RELEASE,
        ),
        (
            "/datasets/people",
            "text/csv;q=0.5, application/vnd.flash.v2+json",
            V2,
            V2_RELEASE,
        ),
        (
            "/datasets/people",
            "application/vnd.flash.v1+csv",
            "application/vnd.flash.v1+csv",
            V1_RELEASE,
        ),
        ("/datasets/people", "text/*", "text/csv", V1_RELEASE),
        (
            "/datasets/people/rows",
            "application/vnd.flash.v2+csv",
            "application/vnd.flash.v2+csv",
            V2_RELEASE,
        ),
        (
            "/datasets/people/rows",
            "application/vnd.flash.v2+ndjson",
            "application/vnd.flash.v2+ndjson",
            V2_RELEASE,
        ),
        (
            "/datasets/people/rows",
            "application/vnd.flash.v2+csv;q=0.5, application/vnd.flash.v2+ndjson;q=0.6",
            "application/vnd.flash.v2+ndjson",
            V2_RELEASE,
        ),
    ] {
        let answer = server.get(path).accept(accept).send().ok();
        let found = answer.header("Content-Type");
        let essence = found.split(';').next().unwrap();
        // A range of types may be answered under the vendor's name for the format.
        if accept == "text/*" {
            assert!(
                ["text/csv", "application/vnd.flash.v1+csv"].contains(&essence),
                "{found}"
            );
        } else {
            assert_eq!(essence, content_type, "{accept}");
        }
        assert_eq!(answer.header("API-Version"), version, "{accept}");
    }
}
