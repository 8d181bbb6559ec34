//! A 406 suggests the nearest thing that is served.

use super::fixture::{Ask, ask, json, page, preview, retired, rows, since_v2};

fn check(table: &[(&str, Option<&str>)], request: impl Fn(Ask) -> Ask) {
    for (accept, expected) in table {
        let suggestion = request(ask(accept)).suggestion();
        assert_eq!(suggestion.as_deref(), *expected, "Accept: {accept}");
    }
}

#[test]
fn for_a_version_that_does_not_exist_the_newest_is_suggested() {
    check(
        &[
            (
                "application/vnd.flash.v9+json",
                Some("application/vnd.flash.v3+json"),
            ),
            (
                "application/vnd.flash.v9+csv",
                Some("application/vnd.flash.v3+csv"),
            ),
            (
                "application/vnd.flash.v0+json",
                Some("application/vnd.flash.v3+json"),
            ),
            (
                "application/vnd.flash.v+json",
                Some("application/vnd.flash.v3+json"),
            ),
        ],
        |ask| ask.of(rows),
    );
}

#[test]
fn for_a_version_without_the_format_one_that_has_it_else_another_format_is_suggested() {
    check(
        &[
            (
                "application/vnd.flash.v1+ndjson",
                Some("application/vnd.flash.v3+ndjson"),
            ),
            (
                "application/vnd.flash.v2+xml",
                Some("application/vnd.flash.v2+json"),
            ),
            (
                "application/vnd.flash.v2",
                Some("application/vnd.flash.v2+json"),
            ),
            (
                "application/x-ndjson",
                Some("application/vnd.flash.v3+ndjson"),
            ),
        ],
        |ask| ask.of(rows),
    );
    check(
        &[(
            "application/vnd.flash.v2+csv",
            Some("application/vnd.flash.v2+json"),
        )],
        |ask| ask.of(json),
    );
}

#[test]
fn for_a_name_that_leaves_the_version_open_the_default_is_suggested() {
    let csv = [(
        "application/vnd.flash+csv",
        Some("application/vnd.flash.v1+csv"),
    )];
    check(&csv, |ask| ask.of(rows));
    let ndjson = [(
        "application/vnd.flash+ndjson",
        Some("application/vnd.flash.v3+ndjson"),
    )];
    check(&ndjson, |ask| ask.of(rows));
    let pinned = [(
        "application/vnd.flash+ndjson",
        Some("application/vnd.flash.v2+ndjson"),
    )];
    check(&pinned, |ask| ask.of(rows).pinned(2));
}

#[test]
fn for_another_spelling_of_a_format_the_plain_name_is_suggested() {
    check(
        &[
            ("text/json", Some("application/json")),
            ("application/csv", Some("text/csv")),
            ("application/hal+json", Some("application/json")),
            ("application/vnd.flashy.v9+json", Some("application/json")),
            ("application/JSONL", Some("application/vnd.flash.v3+ndjson")),
            ("application/vnd.github.v3+json", Some("application/json")),
        ],
        |ask| ask.of(rows),
    );
    check(&[("application/xhtml+html", Some("text/html"))], |ask| {
        ask.of(page)
    });
}

#[test]
fn for_something_else_altogether_nothing_is_suggested() {
    check(
        &[("image/png", None), ("text/plain", None), ("image/*", None)],
        |ask| ask.of(rows),
    );
    check(&[("text/csv", None), ("text/html", None)], |ask| {
        ask.of(json)
    });
    check(&[("application/vnd.flash.v9+xml", None)], |ask| {
        ask.of(|_| &[])
    });
}

#[test]
fn the_range_that_is_wanted_most_decides() {
    check(
        &[
            (
                "text/json;q=0.2, application/vnd.flash.v9+csv;q=0.3",
                Some("application/vnd.flash.v3+csv"),
            ),
            ("image/png, text/json;q=0.1", Some("application/json")),
            ("text/json, application/csv", Some("application/json")),
        ],
        |ask| ask.of(rows),
    );
}

#[test]
fn what_is_excluded_retired_or_a_preview_is_not_suggested() {
    check(
        &[
            (
                "application/vnd.flash.v9+json, application/vnd.flash.v3+json;q=0",
                None,
            ),
            ("application/vnd.flash.v9+json;q=0", None),
            ("application/json;q=0", None),
        ],
        |ask| ask.of(rows),
    );
    let v9 = [(
        "application/vnd.flash.v9+json",
        Some("application/vnd.flash.v2+json"),
    )];
    check(&v9, |ask| ask.of(rows).with(3, retired()));
    check(&v9, |ask| ask.of(since_v2).with(3, preview()));
}

#[test]
fn a_page_of_another_version_than_the_default_is_not_suggested_since_its_name_would_get_the_default()
 {
    let v2 = [(
        "application/vnd.flash.v2+csv",
        Some("application/vnd.flash.v3+json"),
    )];
    check(&v2, |ask| ask.of(page).pinned(2).with(2, retired()));
    check(&[("application/xhtml", None)], |ask| {
        ask.of(page).pinned(2).with(2, retired())
    });
    check(&[("application/xhtml", Some("text/html"))], |ask| {
        ask.of(page)
    });
}

#[test]
fn the_message_carries_the_suggestion() {
    let message = |accept: &str| ask(accept).negotiate().unwrap_err().to_string();
    assert_eq!(
        message("application/vnd.flash.v9+json"),
        "Accept allows no version and format of this resource; use application/vnd.flash.v3+json, or leave out Accept"
    );
    assert!(message("image/png").contains("one of the listed media types"));
}
