//! Who names no version gets the default, and is told why.

use super::fixture::{Ask, ask, ask_nothing, check, page, rows};
use crate::versioning::Format::{Csv, Html, Json};

const V1: &str = "v1 application/vnd.flash.v1+json default";

#[test]
fn who_sends_no_accept_gets_the_first_version_as_vendor_json() {
    assert_eq!(ask_nothing().outcome(), V1);
}

#[test]
fn an_accept_of_nothing_is_an_absent_one() {
    for accept in ["", " ", "\t", ",", " , ,\t,", ",,,,,,,,"] {
        assert_eq!(ask(accept).outcome(), V1, "Accept: {accept:?}");
    }
    assert_eq!(ask("").accept("").accept(" ").outcome(), V1);
}

#[test]
fn a_range_without_a_version_gets_the_default_version() {
    check(
        &[
            ("*/*", V1),
            ("application/*", V1),
            ("application/vnd.flash+json", V1),
            ("application/json", "v1 application/json default"),
            ("text/csv", "v1 text/csv default"),
            ("text/*", "v1 text/csv default"),
        ],
        |ask| ask.of(rows),
    );
}

#[test]
fn a_pinned_client_gets_its_pin_wherever_another_would_get_the_first() {
    let pinned = |ask: Ask| ask.pinned(2);
    let vendor = "v2 application/vnd.flash.v2+json pin";
    check(
        &[
            ("", vendor),
            ("*/*", vendor),
            ("application/*", vendor),
            ("application/vnd.flash+json", vendor),
            ("application/json", "v2 application/json pin"),
            ("text/csv", "v2 text/csv pin"),
            ("application/x-ndjson", "v2 application/x-ndjson pin"),
        ],
        pinned,
    );
    assert_eq!(pinned(ask_nothing()).outcome(), vendor);
}

#[test]
fn a_pinned_client_that_names_a_version_gets_that_one() {
    check(
        &[
            (
                "application/vnd.flash.v1+json",
                "v1 application/vnd.flash.v1+json accept",
            ),
            (
                "application/vnd.flash.v3+csv",
                "v3 application/vnd.flash.v3+csv accept",
            ),
            (
                "application/vnd.flash.v2+json",
                "v2 application/vnd.flash.v2+json accept",
            ),
        ],
        |ask| ask.pinned(2),
    );
}

#[test]
fn the_plain_name_is_sent_only_to_who_asked_for_exactly_that() {
    check(
        &[
            ("application/json, */*;q=0.1", "v1 application/json default"),
            ("application/json;q=0.1, */*", V1),
            ("application/json;q=0, */*", V1),
            ("application/vnd.flash+json, application/json", V1),
            (
                "application/json, application/vnd.flash+json",
                "v1 application/json default",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn a_format_that_the_default_version_lacks_is_not_taken_from_another() {
    assert_eq!(ask("application/x-ndjson").of(rows).outcome(), "406");
    let v2 = ask("application/x-ndjson").of(rows).pinned(2).outcome();
    assert_eq!(v2, "v2 application/x-ndjson pin");
}

#[test]
fn a_browser_gets_the_page_and_a_program_json() {
    let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,\
                    image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";
    check(
        &[
            (chromium, "v1 text/html default"),
            ("text/*", "v1 text/html default"),
            (
                "text/html;q=0.4, application/json;q=0.5",
                "v1 application/json default",
            ),
            ("*/*", V1),
            ("", V1),
            ("application/*", V1),
            (
                "application/vnd.flash.v1+json;q=0, */*",
                "v1 text/html default",
            ),
            ("text/html;q=0, */*", V1),
            ("text/html;q=0, text/*", "406"),
            ("application/vnd.flash.v1+html", "406"),
        ],
        |ask| ask.of(page),
    );
    assert_eq!(ask(chromium).of(rows).outcome(), V1);
    assert_eq!(
        ask(chromium).of(page).pinned(3).outcome(),
        "v3 text/html pin"
    );
}

#[test]
fn without_json_who_asks_for_nothing_gets_what_the_server_prefers() {
    let vendor = "v1 application/vnd.flash.v1+csv default";
    assert_eq!(ask_nothing().of(|_| &[Csv]).outcome(), vendor);
    assert_eq!(ask_nothing().of(|_| &[Csv, Json]).outcome(), V1);
    assert_eq!(
        ask_nothing().of(|_| &[Html]).outcome(),
        "v1 text/html default"
    );
}

#[test]
fn a_wildcard_takes_the_format_that_the_server_prefers_and_the_page_last() {
    let csv = "v1 application/vnd.flash.v1+csv default";
    assert_eq!(ask("*/*").of(|_| &[Csv, Json]).outcome(), csv);
    assert_eq!(ask("*/*").of(|_| &[Html, Csv, Json]).outcome(), csv);
    assert_eq!(
        ask("text/*").of(|_| &[Html, Csv]).outcome(),
        "v1 text/csv default"
    );
    assert_eq!(ask("*/*").of(|_| &[Html]).outcome(), "v1 text/html default");
}
