//! `application/json; version=2`: how Django REST framework and ASP.NET write a version.

use super::fixture::{ask, ask_nothing, check};

#[test]
fn the_parameter_names_the_version_of_a_name_that_leaves_it_open() {
    check(
        &[
            ("application/json; version=2", "v2 application/json accept"),
            ("application/json;version=v2", "v2 application/json accept"),
            ("application/json; Version=V2", "v2 application/json accept"),
            (
                "application/json; version=2.0",
                "v2 application/json accept",
            ),
            (
                "application/json; version=2.7.1",
                "v2 application/json accept",
            ),
            (
                "application/json; version=\"2.0\"",
                "v2 application/json accept",
            ),
            ("application/json; version=1", "v1 application/json accept"),
            ("text/csv; version=2", "v2 text/csv accept"),
            (
                "application/x-ndjson;version=3",
                "v3 application/x-ndjson accept",
            ),
            (
                "application/json; version=11",
                "v11 application/json accept",
            ),
            (
                "application/vnd.flash+json; version=2",
                "v2 application/vnd.flash.v2+json accept",
            ),
            (
                "application/json; indent=4; version=2; q=0.5",
                "v2 application/json accept",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn an_unknown_version_is_not_acceptable_and_the_newest_one_is_suggested() {
    for version in ["9", "0", "02", "latest", "2-beta", "\"\"", "99999999999"] {
        for name in ["application/json", "application/vnd.flash+json"] {
            let asked = ask(format!("{name}; version={version}"));
            assert_eq!(asked.outcome(), "406", "{name} {version}");
            let suggested = asked.suggestion();
            assert_eq!(
                suggested.as_deref(),
                Some("application/vnd.flash.v3+json"),
                "{name} {version}"
            );
        }
    }
    check(
        &[(
            "application/json; version=9, application/json; version=2; q=0.5",
            "v2 application/json accept",
        )],
        |ask| ask,
    );
}

#[test]
fn on_wildcards_and_on_names_with_a_version_the_parameter_has_no_effect() {
    check(
        &[
            ("*/*; version=2", "v1 application/vnd.flash.v1+json default"),
            (
                "application/*; version=2",
                "v1 application/vnd.flash.v1+json default",
            ),
            ("text/*; version=9", "v1 text/csv default"),
            (
                "application/vnd.flash.v2+json;version=3",
                "v2 application/vnd.flash.v2+json accept",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn the_content_type_of_a_body_names_its_version_in_the_same_way() {
    for body in [
        "application/json; version=2",
        "text/csv;version=v2",
        "application/vnd.flash+json; version=2.0",
    ] {
        let outcome = ask_nothing().content_type(body).outcome();
        assert_eq!(
            outcome, "v2 application/vnd.flash.v2+json content-type",
            "{body}"
        );
    }
    let unknown = ask_nothing().content_type("application/json; version=9");
    assert_eq!(unknown.outcome(), "415 v9");
    for (body, value) in [
        ("application/json; version=latest", "latest"),
        ("text/csv; version=0", "0"),
        ("application/vnd.flash+json; version=\"\"", "\"\""),
    ] {
        let unreadable = ask_nothing().content_type(body);
        assert_eq!(unreadable.outcome(), format!("415 {value}"), "{body}");
    }
    let named = ask_nothing().content_type("application/vnd.flash.v2+json; version=latest");
    assert_eq!(
        named.outcome(),
        "v2 application/vnd.flash.v2+json content-type"
    );
    let foreign = ask_nothing().content_type("application/x-protobuf; version=9");
    assert_eq!(
        foreign.outcome(),
        "v1 application/vnd.flash.v1+json default"
    );
    let other = ask("application/json; version=1").content_type("application/json; version=2");
    assert_eq!(other.outcome(), "400 v1 or v2");
}

/// HttpURLConnection of Java 8 to 18 sends this with each request.
#[test]
fn a_star_with_parameters_is_any_type_and_a_weight_needs_no_leading_zero() {
    check(
        &[
            (
                "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
                "v1 application/vnd.flash.v1+json default",
            ),
            ("* ;q=.5", "v1 application/vnd.flash.v1+json default"),
            (
                "application/vnd.flash.v2+json;q=.123, application/vnd.flash.v3+json;q=.12",
                "v2 application/vnd.flash.v2+json accept",
            ),
            ("*", "400 *@1 Type"),
            ("*, */*", "400 *@1 Type"),
            ("*json;q=.2", "400 *json@1 Type"),
        ],
        |ask| ask,
    );
    assert_eq!(
        ask_nothing().content_type("*; q=.2").outcome(),
        "400 *@1 Type"
    );
}
