//! A version without the resource is chosen all the same, so that its own 404 or 405 answers.

use super::fixture::{ask, ask_nothing, check, retired, since_v2};

#[test]
fn a_default_version_without_the_resource_is_still_the_default() {
    let v1 = "v1 application/vnd.flash.v1+json default";
    check(
        &[
            ("", v1),
            ("*/*", v1),
            ("application/*", v1),
            ("application/vnd.flash+json", v1),
            ("application/json", "v1 application/json default"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", v1),
        ],
        |ask| ask.of(since_v2),
    );
    assert_eq!(ask_nothing().of(since_v2).outcome(), v1);
}

#[test]
fn a_named_version_without_the_resource_is_still_chosen() {
    check(
        &[
            (
                "application/vnd.flash.v1+json",
                "v1 application/vnd.flash.v1+json accept",
            ),
            (
                "application/vnd.flash.v2+json",
                "v2 application/vnd.flash.v2+json accept",
            ),
            (
                "application/vnd.flash.v1+json;q=0.5, application/vnd.flash.v2+json",
                "v2 application/vnd.flash.v2+json accept",
            ),
        ],
        |ask| ask.of(since_v2),
    );
    let pinned = ask("application/vnd.flash.v1+json").pinned(2).of(since_v2);
    assert_eq!(pinned.outcome(), "v1 application/vnd.flash.v1+json accept");
}

#[test]
fn a_data_format_passes_where_some_version_has_it() {
    check(
        &[
            ("text/csv", "v1 text/csv default"),
            (
                "application/vnd.flash.v1+csv",
                "v1 application/vnd.flash.v1+csv accept",
            ),
            ("application/x-ndjson", "406"),
            ("application/vnd.flash.v1+ndjson", "406"),
            ("text/html", "406"),
        ],
        |ask| ask.of(since_v2),
    );
}

#[test]
fn a_path_that_no_version_has_is_negotiated_as_json() {
    check(
        &[
            ("", "v1 application/vnd.flash.v1+json default"),
            (
                "application/vnd.flash.v2+json",
                "v2 application/vnd.flash.v2+json accept",
            ),
            ("text/csv", "406"),
            ("image/png", "406"),
        ],
        |ask| ask.of(|_| &[]),
    );
}

#[test]
fn a_retired_version_without_the_resource_is_gone_first() {
    let outcome = ask("application/vnd.flash.v1+json")
        .of(since_v2)
        .with(1, retired())
        .outcome();
    assert_eq!(outcome, "410 v1");
}
