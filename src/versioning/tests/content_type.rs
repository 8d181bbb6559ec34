//! `Content-Type` may name the version too, and decides where `Accept` names none.

use super::fixture::{Ask, ask, ask_nothing, check, preview, retired};

#[test]
fn the_version_that_content_type_names_is_the_default_of_this_request() {
    let vendor = "v2 application/vnd.flash.v2+json content-type";
    let request = |ask: Ask| ask.content_type("application/vnd.flash.v2+json");
    check(
        &[
            ("", vendor),
            ("*/*", vendor),
            ("application/*", vendor),
            ("application/vnd.flash+json", vendor),
            ("application/json", "v2 application/json content-type"),
            ("text/csv", "v2 text/csv content-type"),
            (
                "application/x-ndjson",
                "v2 application/x-ndjson content-type",
            ),
            ("image/png", "406"),
        ],
        request,
    );
    assert_eq!(request(ask_nothing()).outcome(), vendor);
    assert_eq!(request(ask("*/*").pinned(3)).outcome(), vendor);
}

#[test]
fn every_vendor_name_names_its_version_however_it_is_written() {
    for value in [
        "application/vnd.flash.v2+json",
        "application/vnd.flash.v2+csv",
        "application/vnd.flash.v2+ndjson",
        "APPLICATION/VND.FLASH.V2+JSON",
        " application/vnd.flash.v2+json ",
        "application/vnd.flash.v2+json;charset=utf-8",
        "application/vnd.flash.v2+json ; charset=\"utf-8\"",
        "application/vnd.flash.v2+csv;\theader=absent;",
        "application/vnd.flash.v2+json;q=high",
        "application/vnd.flash.v2+json;x=\"a\\\"b\"",
    ] {
        let outcome = ask_nothing().content_type(value).outcome();
        assert_eq!(
            outcome, "v2 application/vnd.flash.v2+json content-type",
            "Content-Type: {value}"
        );
    }
}

#[test]
fn any_other_media_type_names_no_version() {
    for value in [
        "application/json",
        "text/csv",
        "text/csv; charset=utf-8",
        "text/csv ;header=absent",
        "multipart/form-data; boundary=\"a,b;c\"",
        "application/vnd.flash+json",
        "application/vnd.flash.v01+json",
        "application/vnd.flash.v0+json",
        "application/vnd.flash.v2+xml",
        "application/vnd.github.v2+json",
        "application/x-www-form-urlencoded",
        "application/octet-stream;x=\"\"",
    ] {
        let outcome = ask_nothing().content_type(value).outcome();
        assert_eq!(
            outcome, "v1 application/vnd.flash.v1+json default",
            "Content-Type: {value}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf_8_may_stand_in_a_quoted_string() {
    let outcome = ask_nothing()
        .content_type(b"application/vnd.flash.v2+json;name=\"gr\xf6\xdfe\"")
        .outcome();
    assert_eq!(outcome, "v2 application/vnd.flash.v2+json content-type");
}

#[test]
fn the_two_headers_must_agree_where_both_name_a_version() {
    check(
        &[
            (
                "application/vnd.flash.v2+json",
                "v2 application/vnd.flash.v2+json accept",
            ),
            (
                "application/vnd.flash.v2+csv",
                "v2 application/vnd.flash.v2+csv accept",
            ),
            ("application/vnd.flash.v1+json", "400 v1 or v2"),
            (
                "application/vnd.flash.v3+json;q=0.5, */*;q=0.4",
                "400 v3 or v2",
            ),
            (
                "application/vnd.flash.v3+json;q=0.5, */*;q=0.6",
                "v2 application/vnd.flash.v2+json content-type",
            ),
            (
                "application/vnd.flash.v9+json, application/vnd.flash.v2+json;q=0.1",
                "v2 application/vnd.flash.v2+json accept",
            ),
        ],
        |ask| ask.content_type("application/vnd.flash.v2+json"),
    );
}

#[test]
fn a_version_that_does_not_exist_is_refused() {
    for accept in ["*/*", "", "application/vnd.flash.v2+json", "image/png"] {
        let request = ask(accept).content_type("application/vnd.flash.v9+json");
        assert_eq!(request.outcome(), "415 v9", "Accept: {accept}");
    }
}

#[test]
fn naming_a_preview_or_a_retired_version_counts_as_naming_it() {
    let v11 = ask_nothing()
        .content_type("application/vnd.flash.v11+json")
        .with(11, preview());
    assert_eq!(
        v11.outcome(),
        "v11 application/vnd.flash.v11+json content-type"
    );
    let v2 = ask("*/*")
        .content_type("application/vnd.flash.v2+json")
        .with(2, retired());
    assert_eq!(v2.outcome(), "410 v2");
}

#[test]
fn a_malformed_accept_is_told_before_a_malformed_content_type() {
    assert_eq!(ask("foo").content_type("bar").outcome(), "400 foo@1 Type");
}
