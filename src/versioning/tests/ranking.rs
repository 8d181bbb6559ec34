//! The order of RFC 9110 §12.5.1: quality, then specificity, then the order that the client wrote.

use super::fixture::check;

const V1: &str = "v1 application/vnd.flash.v1+json accept";
const V2: &str = "v2 application/vnd.flash.v2+json accept";
const V3: &str = "v3 application/vnd.flash.v3+json accept";
const DEFAULT: &str = "v1 application/vnd.flash.v1+json default";

#[test]
fn a_version_that_is_named_is_served_in_the_format_that_is_named() {
    check(
        &[
            ("application/vnd.flash.v1+json", V1),
            ("application/vnd.flash.v2+json", V2),
            (
                "application/vnd.flash.v2+csv",
                "v2 application/vnd.flash.v2+csv accept",
            ),
            (
                "application/vnd.flash.v2+ndjson",
                "v2 application/vnd.flash.v2+ndjson accept",
            ),
            ("application/vnd.flash.v1+ndjson", "406"),
        ],
        |ask| ask,
    );
}

#[test]
fn the_highest_quality_wins_wherever_it_stands() {
    check(
        &[
            (
                "application/vnd.flash.v1+json;q=0.1, application/vnd.flash.v2+json;q=0.2",
                V2,
            ),
            (
                "application/vnd.flash.v1+json;q=0.999, application/vnd.flash.v2+json",
                V2,
            ),
            (
                "application/vnd.flash.v1+json;q=0.998, application/vnd.flash.v2+json;q=0.999",
                V2,
            ),
            ("application/vnd.flash.v2+json;q=0.5, */*;q=0.4", V2),
            ("application/vnd.flash.v2+json;q=0.5, */*;q=0.6", DEFAULT),
            (
                "application/json;q=0.5, text/csv;q=0.6",
                "v1 text/csv default",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn at_equal_quality_the_more_specific_range_wins() {
    check(
        &[
            ("*/*, application/vnd.flash.v2+json", V2),
            ("application/*, application/vnd.flash.v2+json", V2),
            ("*/*, application/*", DEFAULT),
            ("*/*, text/*", "v1 text/csv default"),
            (
                "text/*, text/csv;q=0.9, application/json",
                "v1 application/json default",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn at_equal_quality_and_specificity_the_first_written_wins() {
    check(
        &[
            (
                "application/vnd.flash.v3+json, application/vnd.flash.v2+json",
                V3,
            ),
            (
                "application/vnd.flash.v2+json, application/vnd.flash.v3+json",
                V2,
            ),
            (
                "application/vnd.flash.v2+json;q=0.5, application/vnd.flash.v3+json;q=0.50",
                V2,
            ),
            ("text/csv, application/json", "v1 text/csv default"),
            ("application/json, text/csv", "v1 application/json default"),
            ("text/*, application/*", "v1 text/csv default"),
            ("application/*, text/*", DEFAULT),
            (
                "application/vnd.flash.v3+csv, application/vnd.flash.v2+json",
                "v3 application/vnd.flash.v3+csv accept",
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn a_candidate_takes_the_quality_of_its_most_specific_range_even_if_that_is_less() {
    check(
        &[
            (
                "application/vnd.flash.v1+json;q=0.1, */*, application/vnd.flash.v2+json;q=0.5",
                "v1 application/vnd.flash.v1+csv default",
            ),
            (
                "application/*;q=0.1, */*;q=0.9, application/vnd.flash.v2+json;q=0.5",
                V2,
            ),
            ("text/*;q=0, text/csv", "v1 text/csv default"),
        ],
        |ask| ask,
    );
}

#[test]
fn of_two_ranges_for_the_same_thing_the_first_counts() {
    check(
        &[
            (
                "application/vnd.flash.v2+json;q=0, application/vnd.flash.v2+json",
                "406",
            ),
            (
                "application/vnd.flash.v2+json, application/vnd.flash.v2+json;q=0",
                V2,
            ),
            (
                "*/*;q=0.2, application/vnd.flash.v2+json;q=0.5, */*;q=0.9",
                V2,
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn a_quality_of_zero_excludes() {
    check(
        &[
            (
                "application/vnd.flash.v1+json;q=0, */*",
                "v1 application/vnd.flash.v1+csv default",
            ),
            (
                "application/vnd.flash.v1+json;q=0.000, application/json",
                "v1 application/json default",
            ),
            ("*/*;q=0", "406"),
            ("application/*;q=0, */*", "406"),
            ("application/*;q=0, application/vnd.flash.v2+json", V2),
            ("*/*;q=0, text/csv", "v1 text/csv default"),
            ("application/vnd.flash.v2+json;q=0", "406"),
            ("application/json;q=0", "406"),
        ],
        |ask| ask,
    );
}

#[test]
fn the_wildcards_never_reach_a_version_that_is_not_the_default() {
    let refusing_all_of_v1 = "application/vnd.flash.v1+json;q=0, application/vnd.flash.v1+csv;q=0";
    check(
        &[
            (&format!("{refusing_all_of_v1}, */*"), "406"),
            (&format!("{refusing_all_of_v1}, application/*"), "406"),
            (
                &format!("{refusing_all_of_v1}, */*, application/vnd.flash.v3+json;q=0.1"),
                V3,
            ),
            (
                &format!(
                    "{refusing_all_of_v1}, application/*, application/vnd.flash.v3+json;q=0.1"
                ),
                V3,
            ),
        ],
        |ask| ask,
    );
}

#[test]
fn the_source_is_accept_only_if_the_range_that_decides_names_the_version() {
    check(
        &[
            ("application/vnd.flash.v1+json, */*", V1),
            (
                "application/vnd.flash.v1+json;q=0.5, application/vnd.flash+json",
                DEFAULT,
            ),
            ("application/vnd.flash.v9+json, */*;q=0.1", DEFAULT),
        ],
        |ask| ask,
    );
}
