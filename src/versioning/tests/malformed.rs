//! What RFC 9110 does not let a client write is refused, with the part and its place.

use super::fixture::{ask, ask_nothing, check};
use crate::versioning::{Fault, MAX_RANGES, Refusal};

#[test]
fn the_offending_part_is_named_with_its_position() {
    check(
        &[
            ("foo", "400 foo@1 Type"),
            ("*", "400 *@1 Type"),
            ("/json", "400 /json@1 Type"),
            ("application/", "400 application/@1 Type"),
            ("application//json", "400 application//json@1 Type"),
            ("application /json", "400 application /json@1 Type"),
            (";q=1", "400 ;q=1@1 Type"),
            ("text/csv, foo;q=0.5, */*", "400 foo@11 Type"),
            ("text/csv,,  foo", "400 foo@13 Type"),
            ("*/json", "400 */json@1 StarSubtype"),
            ("text/csv, */json;q=0.5", "400 */json@11 StarSubtype"),
            ("a/b c/d", "400 a/b c/d@1 Separator"),
            ("a/b;x=\"y\"z, c/d", "400 x=\"y\"z@5 Separator"),
            ("a/b;q=0.5 x", "400 q=0.5 x@5 Separator"),
            ("a/b=c", "400 a/b=c@1 Separator"),
            ("a/b;level", "400 level@5 Parameter"),
            ("a/b;x=", "400 x=@5 Parameter"),
            ("a/b; x =1", "400 x =1@6 Parameter"),
            ("a/b;x= 1", "400 x= 1@5 Parameter"),
            ("a/b;=1", "400 =1@5 Parameter"),
            ("a/b;x=(1), c/d", "400 x=(1)@5 Parameter"),
            ("a/b;x=\"c", "400 x=\"c@5 OpenQuote"),
            ("a/b;x=\"c, d;e/f", "400 x=\"c, d;e/f@5 OpenQuote"),
            ("a/b;x=\"c\\\"", "400 x=\"c\\\"@5 OpenQuote"),
            ("a/b;x=\"c\\", "400 x=\"c\\@5 OpenQuote"),
            ("a/b;x=\"", "400 x=\"@5 OpenQuote"),
        ],
        |ask| ask,
    );
}

#[test]
fn a_quality_is_a_number_from_0_to_1_with_at_most_three_decimals_written_once() {
    for quality in [
        "high", "1.5", "2", "-1", "+1", "0.1234", "1.0000", "1.001", ".", ".1234", "00", "0,5",
        "01", "0.5.", "0.x", "1e0", "\"0.5\"", "NaN", "0..", "10",
    ] {
        let part = quality.split(',').next().unwrap();
        let outcome = ask(format!("*/*, a/b;q={quality}")).outcome();
        let valid_until_the_comma = part == "0";
        if valid_until_the_comma {
            assert_eq!(outcome, "400 5@14 Type");
        } else {
            assert_eq!(outcome, format!("400 q={part}@10 Quality"));
        }
    }
    check(
        &[
            ("a/b;q=", "400 q=@5 Parameter"),
            ("a/b;q=, c/d", "400 q=@5 Parameter"),
            ("a/b;q", "400 q@5 Parameter"),
            ("a/b;q =1", "400 q =1@5 Parameter"),
            ("a/b;q=0.5;q=0.5", "400 q=0.5@11 RepeatedQuality"),
            ("a/b;q=1; x=y ;Q=0, c/d", "400 Q=0@15 RepeatedQuality"),
        ],
        |ask| ask,
    );
}

#[test]
fn a_control_character_is_refused_anywhere_and_is_not_repeated() {
    check(
        &[
            ("a/b\0", "400 a/b\u{fffd}@1 Character"),
            ("te\u{1b}xt/csv", "400 te\u{fffd}xt/csv@1 Character"),
            ("\u{7f}", "400 \u{fffd}@1 Character"),
            ("*/*, a/b;x=\u{1}", "400 x=\u{fffd}@10 Character"),
            ("a/b;x=\"\r\n\"", "400 x=\"\u{fffd}\u{fffd}\"@5 Character"),
            ("a/b;x=\"\\\0\"", "400 x=\"\\\u{fffd}\"@5 Character"),
        ],
        |ask| ask,
    );
}

#[test]
fn a_non_ascii_character_is_refused_outside_quoted_strings() {
    check(
        &[
            ("téxt/csv", "400 téxt/csv@1 Character"),
            ("text/csv; größe=1", "400 größe=1@11 Character"),
            ("text/csv;x=ö", "400 x=ö@10 Character"),
            ("text/csv\u{a0}", "400 text/csv\u{a0}@1 Character"),
        ],
        |ask| ask,
    );
    assert_eq!(ask(b"\xff/csv").outcome(), "400 \u{fffd}/csv@1 Character");
}

#[test]
fn positions_count_characters_of_the_joined_lines() {
    assert_eq!(ask("text/csv").accept("foo").outcome(), "400 foo@11 Type");
    assert_eq!(ask("").accept("").accept("foo").outcome(), "400 foo@5 Type");
    assert_eq!(ask("a/b;x=\"ö☃\", foo").outcome(), "400 foo@13 Type");
    assert_eq!(ask(b"a/b;x=\"\xf6\xdf\", foo").outcome(), "400 foo@13 Type");
}

#[test]
fn one_malformed_range_spoils_the_field_even_when_another_is_served() {
    check(
        &[
            ("application/vnd.flash.v2+json, foo", "400 foo@32 Type"),
            ("foo;q=0, application/vnd.flash.v2+json", "400 foo@1 Type"),
        ],
        |ask| ask,
    );
}

#[test]
fn more_ranges_than_the_limit_are_refused_by_number() {
    let accept = format!("{}text/csv;q=0.5", "a/b,".repeat(MAX_RANGES));
    assert_eq!(ask(&accept).outcome(), "400 text/csv@4001 TooMany");
    let message = ask(&accept).negotiate().unwrap_err().to_string();
    assert!(message.contains("more than 1000 ranges"), "{message}");
}

#[test]
fn a_long_part_is_shortened() {
    let Err(Refusal::MalformedAccept { part, .. }) = ask("ö".repeat(5000)).negotiate() else {
        panic!("expected 400");
    };
    assert_eq!(part, format!("{}…", "ö".repeat(80)));
}

#[test]
fn the_message_says_what_is_wrong_where_and_what_to_write() {
    let message = ask("*/*, a/b;q=high").negotiate().unwrap_err().to_string();
    let expected = "the Accept header is malformed at character 10, `q=high`: \
                    q is a number from 0 to 1 with at most three decimals, such as q=0.5";
    assert_eq!(message, expected);
}

#[test]
fn content_type_is_refused_in_the_same_words() {
    for (value, expected) in [
        ("", "400 @1 Type"),
        ("foo", "400 foo@1 Type"),
        ("text/", "400 text/@1 Type"),
        ("text/csv; charset", "400 charset@11 Parameter"),
        (
            "text/csv; charset=\"utf-8",
            "400 charset=\"utf-8@11 OpenQuote",
        ),
        ("text/csv; größe=1", "400 größe=1@11 Character"),
        ("text/csv, text/html", "400 text/csv, text/html@1 List"),
        (
            "application/vnd.flash.v2+json,",
            "400 application/vnd.flash.v2+json,@1 List",
        ),
    ] {
        let request = ask_nothing().content_type(value);
        assert_eq!(request.outcome(), expected, "Content-Type: {value}");
        assert!(matches!(
            request.negotiate(),
            Err(Refusal::MalformedContentType { .. })
        ));
    }
}

#[test]
fn every_fault_says_what_to_do_in_lower_case() {
    for fault in [
        Fault::Type,
        Fault::Name,
        Fault::RepeatedParameter,
        Fault::StarSubtype,
        Fault::Parameter,
        Fault::Quality,
        Fault::RepeatedQuality,
        Fault::OpenQuote,
        Fault::Character,
        Fault::Separator,
        Fault::List,
        Fault::TooMany,
    ] {
        let text = fault.to_string();
        assert!(
            text.starts_with(|first: char| first.is_ascii_lowercase()),
            "{text}"
        );
        assert!(!text.ends_with('.'), "{text}");
    }
}
