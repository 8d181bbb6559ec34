//! `version` and `format` in the URL decide where the headers leave it open, and contradict what names something else.

use super::fixture::{Ask, ask, ask_nothing, check, deprecated, json, page, retired, since_v2};
use crate::versioning::Format::{Csv, Json, Ndjson};

/// What clients send that can't set `Accept`: browsers, spreadsheets, libraries.
const FOREIGN: [&str; 9] = [
    "",
    "*/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "image/png",
    "text/html",
    "application/*",
    "text/*",
    "application/xml, text/plain",
];

#[test]
fn the_url_decides_alone_if_accept_has_wildcards_and_foreign_types_only() {
    for accept in FOREIGN {
        let both = ask(accept).version(2).format(Csv);
        assert_eq!(both.outcome(), "v2 text/csv query", "{accept}");
        let format = ask(accept).format(Ndjson).pinned(3);
        assert_eq!(format.outcome(), "v3 application/x-ndjson pin", "{accept}");
        let version = ask(accept).version(2);
        let expected = match accept {
            "text/*" => "v2 text/csv query",
            _ => "v2 application/vnd.flash.v2+json query",
        };
        assert_eq!(version.outcome(), expected, "{accept}");
    }
    let absent = ask_nothing().version(2).format(Json);
    assert_eq!(absent.outcome(), "v2 application/json query");
}

#[test]
fn the_url_beats_a_pin() {
    let pinned = ask("*/*").pinned(3).version(2);
    assert_eq!(pinned.outcome(), "v2 application/vnd.flash.v2+json query");
}

#[test]
fn accept_chooses_among_what_the_url_leaves_open() {
    check(
        &[
            ("application/json", "v2 application/json query"),
            ("text/csv", "v2 text/csv query"),
            (
                "text/csv;q=0.5, application/json",
                "v2 application/json query",
            ),
            (
                "application/vnd.flash+json",
                "v2 application/vnd.flash.v2+json query",
            ),
            (
                "application/vnd.flash.v2+csv",
                "v2 application/vnd.flash.v2+csv accept",
            ),
            (
                "application/vnd.flash.v1+json, application/vnd.flash.v2+json;q=0.1",
                "v2 application/vnd.flash.v2+json accept",
            ),
            ("application/json;version=2", "v2 application/json accept"),
        ],
        |ask| ask.version(2),
    );
    check(
        &[
            ("text/csv", "v1 text/csv default"),
            ("application/json, text/plain, */*", "v1 text/csv default"),
            ("application/json, text/csv;q=0.1", "v1 text/csv default"),
            (
                "application/vnd.flash.v2+csv",
                "v2 application/vnd.flash.v2+csv accept",
            ),
            (
                "application/vnd.flash.v3+json, application/vnd.flash.v2+csv;q=0.1",
                "v2 application/vnd.flash.v2+csv accept",
            ),
        ],
        |ask| ask.format(Csv),
    );
}

#[test]
fn a_header_that_names_something_else_contradicts_the_url() {
    let refused = |request: Ask, header: &str, in_url: &str| {
        assert_eq!(request.outcome(), format!("400 {header} or {in_url}"));
    };
    for accept in [
        "application/vnd.flash.v1+json",
        "application/vnd.flash.v1+json, */*;q=0.1",
        "application/json;version=3",
        "application/json;version=9",
        "application/vnd.flash.v9+json",
    ] {
        refused(ask(accept).version(2), "Accept", "version=v2");
    }
    for accept in [
        "application/json",
        "application/vnd.flash+json",
        "application/vnd.flash.v2+ndjson",
        "application/json, text/html",
    ] {
        refused(ask(accept).format(Csv), "Accept", "format=csv");
    }
    refused(
        ask("application/vnd.flash.v2+json, application/vnd.flash.v1+csv")
            .version(2)
            .format(Csv),
        "Accept",
        "version=v2&format=csv",
    );
    refused(
        ask("*/*")
            .version(2)
            .content_type("application/vnd.flash.v1+csv"),
        "Content-Type",
        "version=v2",
    );
    let same = ask("*/*")
        .version(2)
        .content_type("application/vnd.flash.v2+csv");
    assert_eq!(same.outcome(), "v2 application/vnd.flash.v2+json query");
}

#[test]
fn a_range_that_excludes_something_contradicts_nothing() {
    check(
        &[
            (
                "application/vnd.flash.v1+json;q=0, */*",
                "v2 text/csv query",
            ),
            ("application/json;q=0", "v2 text/csv query"),
            ("*/*;q=0", "v2 text/csv query"),
        ],
        |ask| ask.version(2).format(Csv),
    );
}

#[test]
fn a_format_that_the_resource_does_not_have_is_not_acceptable() {
    for accept in ["", "*/*", "image/png", "text/csv"] {
        let asked = ask(accept).of(json).version(2).format(Csv);
        assert_eq!(asked.outcome(), "406 csv", "{accept}");
    }
    let message = ask("").of(json).format(Csv).negotiate().unwrap_err();
    assert!(message.to_string().contains("format=csv"), "{message}");
}

#[test]
fn a_version_that_the_url_alone_names_keeps_what_accept_says_of_formats() {
    check(
        &[("text/csv", "406"), ("application/x-ndjson", "406")],
        |ask| ask.of(json).version(2),
    );
    let page = ask("text/html, */*;q=0.5").of(page).version(2);
    assert_eq!(page.outcome(), "v2 text/html query");
}

#[test]
fn a_version_without_the_resource_answers_itself() {
    let lacking = ask("*/*").of(since_v2).version(1).format(Csv);
    assert_eq!(lacking.outcome(), "v1 text/csv query");
}

#[test]
fn a_version_in_the_url_is_served_as_long_as_it_is_served_at_all() {
    let gone = ask("*/*").version(2).with(2, retired());
    assert_eq!(gone.outcome(), "410 v2");
    let gone = ask("*/*").version(2).format(Csv).with(2, retired());
    assert_eq!(gone.outcome(), "410 v2");
    let ending = ask("*/*").version(2).with(2, deprecated());
    assert_eq!(ending.outcome(), "v2 application/vnd.flash.v2+json query");
    let preview = ask("*/*").version(11);
    assert_eq!(
        preview.outcome(),
        "v11 application/vnd.flash.v11+json query"
    );
}
