//! What RFC 9110 lets a client write, and what therefore must not matter.

use super::fixture::{ask, check};
use crate::versioning::MAX_RANGES;

const V2: &str = "v2 application/vnd.flash.v2+json accept";

#[test]
fn case_does_not_matter_in_types_subtypes_and_parameter_names() {
    check(
        &[
            ("APPLICATION/VND.FLASH.V2+JSON", V2),
            ("Application/Vnd.Flash.v2+Json", V2),
            (
                "application/vnd.flash.v1+json;Q=0.1, application/vnd.flash.v2+json;q=0.2",
                V2,
            ),
            ("Application/JSON", "v1 application/json default"),
            ("TEXT/Csv", "v1 text/csv default"),
            (
                "APPLICATION/VND.FLASH+JSON",
                "v1 application/vnd.flash.v1+json default",
            ),
            ("Application/X-NDJSON", "406"),
        ],
        |ask| ask,
    );
    assert_eq!(
        ask("TEXT/*;q=0.5, APPLICATION/*;Q=0").outcome(),
        "v1 text/csv default"
    );
}

#[test]
fn white_space_around_commas_and_semicolons_does_not_matter() {
    check(
        &[
            (" application/vnd.flash.v2+json ", V2),
            ("\tapplication/vnd.flash.v2+json\t;\tq=1\t", V2),
            ("text/csv ; q=0.5 ,application/vnd.flash.v2+json", V2),
            (
                "text/csv;q=0.5\t,\tapplication/vnd.flash.v2+json  ;  q=0.6",
                V2,
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn empty_elements_and_empty_parameters_do_not_matter() {
    check(
        &[
            (",application/vnd.flash.v2+json", V2),
            ("application/vnd.flash.v2+json,", V2),
            (
                ", ,\t, application/vnd.flash.v2+json ,, ,text/csv;q=0.1,,",
                V2,
            ),
            ("application/vnd.flash.v2+json;", V2),
            ("application/vnd.flash.v2+json ; ", V2),
            (
                "application/vnd.flash.v2+json;;;q=0.5; ;, text/csv;q=0.4;",
                V2,
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn repeated_lines_are_one_list_in_their_order() {
    let v3 = "application/vnd.flash.v3+json";
    let v2 = "application/vnd.flash.v2+json";
    assert_eq!(
        ask(v3).accept(v2).outcome(),
        ask(format!("{v3}, {v2}")).outcome()
    );
    assert_eq!(ask(v2).accept(v3).outcome(), V2);
    assert_eq!(ask("image/png").accept("").accept(v2).outcome(), V2);
    assert_eq!(
        ask(format!("{v2};q=0.2"))
            .accept("text/csv;q=0.1")
            .outcome(),
        V2
    );
    assert_eq!(
        ask("text/csv;x=\"a")
            .accept(format!("b\";q=0.5, {v2}"))
            .outcome(),
        V2
    );
}

#[test]
fn parameters_other_than_q_neither_help_nor_hinder() {
    check(
        &[
            ("application/vnd.flash.v2+json;charset=utf-8", V2),
            ("application/vnd.flash.v2+json;version=3", V2),
            (
                "application/vnd.flash.v2+json;q=0.5;level=1, text/csv;q=0.4;level=2",
                V2,
            ),
            (
                "application/vnd.flash.v2+json;a=1;b=2;q=0.5;c=3, text/csv;q=0.4",
                V2,
            ),
            (
                "application/json;profile=\"x\";v=b3",
                "v1 application/json default",
            ),
            (
                "*/*;charset=utf-8;level=1, application/vnd.flash.v2+json",
                V2,
            ),
            ("application/vnd.flash.v2+json;qq=0;xq=0", V2),
            ("application/vnd.flash.v2+json;a=1;a=2", V2),
        ],
        |ask| ask,
    );
}

#[test]
fn a_quoted_string_may_hold_separators_quotes_and_any_byte_but_controls() {
    check(
        &[
            (
                "application/vnd.flash.v2+json;x=\"a,b;c=d;q=0\", text/csv;q=0.5",
                V2,
            ),
            ("application/vnd.flash.v2+json;x=\"\";q=1", V2),
            (
                "application/vnd.flash.v2+json;x=\"\\\"\";y=\"\\\\\", text/csv;q=0.5",
                V2,
            ),
            (
                "text/csv;x=\"\\\", application/vnd.flash.v9+json;q=0, \\\"\";q=0.1, application/vnd.flash.v2+json",
                V2,
            ),
            (
                "application/vnd.flash.v2+json;x=\"\ttab and space \\a\\\t\"",
                V2,
            ),
            ("application/vnd.flash.v2+json;x=\"größe ☃\"", V2),
        ],
        |ask| ask,
    );
    let latin_1 = b"application/vnd.flash.v2+json;x=\"gr\xf6\xdfe\x80\xff\\\xff\";q=0.5";
    assert_eq!(ask(latin_1).outcome(), V2);
}

#[test]
fn every_spelling_of_a_quality_counts_as_its_number() {
    let ladder = [
        "0", "0.", "0.0", "0.00", "0.000", "0.001", "0.01", "0.1", "0.999", "1", "1.", "1.000",
    ];
    let value = |quality: &str| quality.parse::<f64>().unwrap();
    for lower in ladder {
        for upper in ladder {
            let accept = format!(
                "application/vnd.flash.v3+json;q={lower}, application/vnd.flash.v2+json;q={upper}"
            );
            let expected = match (value(lower), value(upper)) {
                (0.0, 0.0) => "406",
                (lower, upper) if lower >= upper => "v3 application/vnd.flash.v3+json accept",
                _ => V2,
            };
            assert_eq!(ask(&accept).outcome(), expected, "Accept: {accept}");
        }
    }
}

#[test]
fn a_name_that_is_nearly_a_version_is_a_type_that_nothing_matches() {
    for name in [
        "v0",
        "v01",
        "v001",
        "v+1",
        "v-1",
        "v",
        "v1.0",
        "v1.",
        "1",
        ".v1",
        "vv1",
        "v1x",
        "v 1",
        "v１",
        "v4294967296",
        "v99999999999999999999999999",
        "version1",
    ] {
        let accept = format!("application/vnd.flash.{name}+json, text/html");
        let outcome = ask(&accept).outcome();
        if name.is_ascii() && !name.contains(' ') {
            assert_eq!(outcome, "406", "Accept: {accept}");
        } else {
            assert!(outcome.starts_with("400"), "Accept: {accept}: {outcome}");
        }
    }
}

#[test]
fn a_type_of_another_family_is_a_type_that_nothing_matches() {
    for name in [
        "application/vnd.flash.v2",
        "application/vnd.flash.v2+xml",
        "application/vnd.flash.v2+json+json",
        "application/vnd.flash.v2+json-seq",
        "application/vnd.flash.v2json",
        "application/vnd.flash",
        "application/vnd.flash+csv",
        "application/vnd.flashy.v2+json",
        "application/vnd.flash2+json",
        "application/xvnd.flash.v2+json",
        "text/vnd.flash.v2+json",
        "application/vnd.github.v2+json",
        "xapplication/json",
        "application/jsonx",
        "text/json",
        "image/*",
        "a*/b",
        "application/j*",
        "image/png",
    ] {
        assert_eq!(ask(name).outcome(), "406", "Accept: {name}");
    }
}

#[test]
fn a_version_matches_as_a_number_and_not_as_the_beginning_of_one() {
    check(
        &[
            (
                "application/vnd.flash.v11+json",
                "v11 application/vnd.flash.v11+json accept",
            ),
            ("application/vnd.flash.v111+json", "406"),
            ("application/vnd.flash.v10+json", "406"),
            (
                "application/vnd.flash.v12+json, application/vnd.flash.v2+json;q=0.1",
                V2,
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn as_many_ranges_as_the_limit_are_read_and_empty_elements_are_not_counted() {
    let foreign = "image/png, ,".repeat(MAX_RANGES - 1);
    assert_eq!(
        ask(format!("{foreign}application/vnd.flash.v2+json,,,")).outcome(),
        V2
    );
}

#[test]
fn a_rung_counts_wherever_it_stands_in_a_ladder_of_any_length() {
    for rungs in 1..=20 {
        for place in 0..rungs {
            let ladder: Vec<&str> = (0..rungs)
                .map(|rung| match rung == place {
                    true => "application/vnd.flash.v2+json",
                    false => "application/vnd.flash.v9+json",
                })
                .collect();
            assert_eq!(
                ask(ladder.join(", ")).outcome(),
                V2,
                "rung {place} of {rungs}"
            );
            let before_v3 = ladder[place..].join(", ").replace("v9", "v3");
            assert_eq!(ask(before_v3).outcome(), V2, "rung {place} of {rungs}");
        }
    }
}
