use std::sync::Arc;

use super::{Aggregate, Function, Groups, Key, Output, Period, Plan, Refusal, Source};
use crate::ColumnType::{self, Boolean, Date, Datetime, Integer, Number, String as Text};

fn plan(keys: Vec<Key>, functions: &[(Function, ColumnType)]) -> Arc<Plan> {
    let aggregates: Vec<_> = functions
        .iter()
        .map(|&(function, kind)| Aggregate {
            function,
            column: Some(9),
            kind,
        })
        .collect();
    let of_keys = (0..keys.len()).map(Source::Key);
    let sources = of_keys.chain((0..aggregates.len()).map(Source::Aggregate));
    let outputs = sources.map(|source| Output {
        name: String::new(),
        kind: Text,
        source,
    });
    let outputs = outputs.collect();
    Arc::new(Plan::new(keys, aggregates, outputs, Vec::new()))
}

fn rows(groups: &Groups) -> Vec<Vec<Option<String>>> {
    let mut rows: Vec<_> = (0..groups.len())
        .map(|group| {
            let mut row = Vec::new();
            groups.row(group, |cell| row.push(cell.map(str::to_owned)));
            row
        })
        .collect();
    rows.sort();
    rows
}

/// The result of a function, with the values added at once and one by one to tables that are merged.
fn result(function: Function, kind: ColumnType, values: &[&str]) -> Option<String> {
    let plan = plan(Vec::new(), &[(function, kind)]);
    let table = || Groups::new(&plan, 10, usize::MAX);
    let mut whole = table();
    whole.complete();
    for value in values {
        let group = whole.group(&[]).unwrap();
        whole.add(group, 0, Some(value), 1).unwrap();
    }
    let mut merged = table();
    merged.complete();
    for value in values.iter().rev() {
        let mut part = table();
        let group = part.group(&[]).unwrap();
        part.add(group, 0, Some(value), 1).unwrap();
        part.add(group, 0, None, 5).unwrap();
        merged.merge(part).unwrap();
    }
    assert_eq!(rows(&whole), rows(&merged));
    rows(&whole).remove(0).remove(0)
}

#[test]
fn sums_are_exact_whatever_the_numbers_are() {
    for (values, sum) in [
        (&["1", "2.5", "-0.5"][..], "3"),
        (&["0.1", "0.2"], "0.3"),
        (&["1.50", "1.50"], "3"),
        (&["9223372036854775807"; 5], "46116860184273879035"),
        (
            &["99999999999999999999999999999999999999999999", "1"],
            "100000000000000000000000000000000000000000000",
        ),
        (
            &["1e30", "1e-30"],
            "1000000000000000000000000000000.000000000000000000000000000001",
        ),
        (&["1e30", "-1e30", "7"], "7"),
        (
            &["-1e30", "1e-30"],
            "-999999999999999999999999999999.999999999999999999999999999999",
        ),
        (
            &["170141183460469231731687303715884105727", "0.5"],
            "170141183460469231731687303715884105727.5",
        ),
        (&["0", "-0", "0.000"], "0"),
        (&["123456789.000000001", "-123456789"], "0.000000001"),
        (&["1e400"], "1e400"),
    ] {
        assert_eq!(result(Function::Sum, Number, values).as_deref(), Some(sum));
    }
    assert_eq!(result(Function::Sum, Number, &[]), None);
}

#[test]
fn a_value_may_be_added_many_times_at_once() {
    let plan = plan(
        Vec::new(),
        &[
            (Function::Sum, Number),
            (Function::Count, Number),
            (Function::Median, Number),
            (Function::Distinct, Number),
        ],
    );
    let mut groups = Groups::new(&plan, 1, usize::MAX);
    let group = groups.group(&[]).unwrap();
    for (value, times) in [("123456789012345678.5", u64::MAX / 4), ("1", 3)] {
        for at in 0..4 {
            groups.add(group, at, Some(value), times).unwrap();
        }
    }
    let long = 1_234_567_890_123_456_785_i128 * i128::from(u64::MAX / 4) + 30;
    let (whole, tenth) = (long / 10, long % 10);
    let sum = match tenth {
        0 => whole.to_string(),
        _ => format!("{whole}.{tenth}"),
    };
    let count = (u64::MAX / 4 + 3).to_string();
    let row = rows(&groups).remove(0);
    let row: Vec<_> = row.iter().flatten().map(String::as_str).collect();
    assert_eq!(row, [&sum, &count, "1.2345678901234568e17", "2"]);
}

#[test]
fn averages_are_exact_sums_divided_and_rounded_once() {
    for (values, average) in [
        (&["1", "2"][..], "1.5"),
        (&["1", "1", "2"], "1.3333333333333333"),
        (&["0.1", "0.2", "0.3"], "0.2"),
        (&["1e308", "1e308"], "1e308"),
        (&["1e400", "1e400"], "1e400"),
        (
            &["9007199254740993", "9007199254740993"],
            "9007199254740992.0",
        ),
        (
            &["9007199254740993.0000000000000000000000000000001"],
            "9007199254740994.0",
        ),
        (&["-5", "5"], "0"),
        (&["-1", "0", "0"], "-0.3333333333333333"),
        (&["2e-5000"], "0"),
    ] {
        let found = result(Function::Avg, Number, values).unwrap();
        assert_eq!(found, average.trim_end_matches(".0"), "{values:?}");
    }
    assert_eq!(result(Function::Avg, Integer, &[]), None);
}

#[test]
fn the_median_is_in_the_middle() {
    for (values, median) in [
        (&["3", "1", "2"][..], "2"),
        (&["3", "1", "2", "10"], "2.5"),
        (&["-7"], "-7"),
        (&["-1.5", "-1.5", "8", "-9"], "-1.5"),
        (&["1e999", "1e999"], "1.7976931348623157e308"),
    ] {
        let found = result(Function::Median, Number, values);
        assert_eq!(found.as_deref(), Some(median), "{values:?}");
    }
    assert_eq!(result(Function::Median, Integer, &[]), None);
}

#[test]
fn the_least_and_the_greatest_value_are_shown_as_they_are_written() {
    for (kind, values, least, greatest) in [
        (Number, &["10", "9.50", "9.5", "1e1"][..], "9.5", "10"),
        (
            Number,
            &["12345678901234567890.1", "12345678901234567890.2"],
            "12345678901234567890.1",
            "12345678901234567890.2",
        ),
        (Integer, &["-5", "10", "9"], "-5", "10"),
        (Text, &["b", "a", "aa"], "a", "b"),
        (Boolean, &["true", "false"], "false", "true"),
        (
            Date,
            &["2026-01-02", "2025-12-31"],
            "2025-12-31",
            "2026-01-02",
        ),
        (
            Datetime,
            &["2026-01-01T00:00:00+01:00", "2025-12-31T22:30:00Z"],
            "2025-12-31T22:30:00Z",
            "2026-01-01T00:00:00+01:00",
        ),
    ] {
        assert_eq!(result(Function::Min, kind, values).as_deref(), Some(least));
        assert_eq!(
            result(Function::Max, kind, values).as_deref(),
            Some(greatest)
        );
    }
    assert_eq!(result(Function::Max, Text, &[]), None);
}

#[test]
fn different_values_are_counted_however_they_are_written() {
    let long = "x".repeat(1000);
    let longer = format!("{long}y");
    for (kind, values, count) in [
        (Number, &["1", "1.0", "10e-1", "2"][..], "2"),
        (
            Text,
            &[
                "1",
                "1.0",
                "",
                "a long text of many letters",
                "a long text of many letters!",
            ],
            "5",
        ),
        (Text, &[&long, &longer, &long], "2"),
        (
            Datetime,
            &[
                "2026-01-01T00:00:00Z",
                "2026-01-01T01:00:00.000+01:00",
                "2026-01-01T00:00:00.5Z",
            ],
            "2",
        ),
    ] {
        assert_eq!(
            result(Function::Distinct, kind, values).as_deref(),
            Some(count)
        );
    }
    assert_eq!(result(Function::Distinct, Text, &[]).as_deref(), Some("0"));
}

#[test]
fn keys_tell_groups_apart_by_value_and_nulls_are_one_group() {
    let text = |kind: ColumnType, period, value: Option<&str>| {
        let key = Key {
            column: 0,
            kind,
            period,
        };
        let plan = plan(vec![key, key], &[(Function::Count, Text)]);
        let mut groups = Groups::new(&plan, 10, usize::MAX);
        let mut bytes = Vec::new();
        key.encode(value, &mut bytes);
        key.encode(Some("2026-12-31"), &mut bytes);
        groups.group(&bytes).unwrap();
        rows(&groups).remove(0).remove(0)
    };
    for (kind, period, value, shown) in [
        (Text, None, "a", "a"),
        (Number, None, "1.0", "1"),
        (Number, None, "-0", "0"),
        (
            Datetime,
            None,
            "2026-01-01T00:30:00.50+01:00",
            "2025-12-31T23:30:00.5Z",
        ),
        (
            Datetime,
            None,
            "2026-01-01t00:30:00z",
            "2026-01-01T00:30:00Z",
        ),
        (
            Datetime,
            None,
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60Z",
        ),
        (Date, Some(Period::Year), "2026-05-09", "2026"),
        (Date, Some(Period::Year), "0026-05-09", "26"),
        (Date, Some(Period::Year), "0000-05-09", "0"),
        (Date, Some(Period::Quarter), "2026-03-31", "2026-Q1"),
        (Date, Some(Period::Quarter), "2026-04-01", "2026-Q2"),
        (Date, Some(Period::Month), "2026-05-09", "2026-05"),
        (Date, Some(Period::Day), "2026-05-09", "2026-05-09"),
        (
            Datetime,
            Some(Period::Year),
            "2026-01-01T00:30:00+01:00",
            "2025",
        ),
        (
            Datetime,
            Some(Period::Month),
            "2026-01-01T00:30:00+01:00",
            "2025-12",
        ),
        (
            Datetime,
            Some(Period::Day),
            "2026-01-01T00:30:00Z",
            "2026-01-01",
        ),
        (
            Datetime,
            Some(Period::Day),
            "2024-03-01T00:30:00+01:00",
            "2024-02-29",
        ),
        (
            Datetime,
            Some(Period::Hour),
            "2026-01-01T00:30:00.5Z",
            "2026-01-01T00:00:00Z",
        ),
        (
            Datetime,
            Some(Period::Hour),
            "2026-01-01t00:30:00z",
            "2026-01-01T00:00:00Z",
        ),
        (
            Datetime,
            Some(Period::Quarter),
            "2026-12-31T23:59:60Z",
            "2026-Q4",
        ),
    ] {
        assert_eq!(
            text(kind, period, Some(value)).as_deref(),
            Some(shown),
            "{value}"
        );
    }
    assert_eq!(text(Text, None, None), None);
}

#[test]
fn more_groups_than_allowed_are_refused_and_a_full_table_says_so() {
    let key = Key {
        column: 0,
        kind: Text,
        period: None,
    };
    let plan = plan(vec![key], &[(Function::Count, Text)]);
    let mut groups = Groups::new(&plan, 2, usize::MAX);
    let encoded = |value: &str| {
        let mut bytes = Vec::new();
        key.encode(Some(value), &mut bytes);
        bytes
    };
    assert_eq!(groups.group(&encoded("a")), Ok(0));
    assert_eq!(groups.group(&encoded("b")), Ok(1));
    assert_eq!(groups.group(&encoded("c")), Err(Refusal::TooManyGroups));
    assert_eq!(groups.group(&encoded("a")), Ok(0));
    let mut small = Groups::new(&plan, 1000, 100);
    let full = (0..1000).find_map(|number| small.group(&encoded(&number.to_string())).err());
    assert_eq!(full, Some(Refusal::Full));
    assert!(small.len() < 10);
    // A table that others are merged into has no allowance: its owner counts its bytes.
    let mut all = Groups::new(&plan, 1000, 0);
    all.merge(small).unwrap();
    assert!(all.bytes() > 100);
}

#[test]
fn sums_of_too_many_digits_are_refused() {
    let plan = plan(Vec::new(), &[(Function::Sum, Number)]);
    let mut groups = Groups::new(&plan, 1, usize::MAX);
    let group = groups.group(&[]).unwrap();
    for value in ["1e5001", "1e-5001", "1e99999999999999999999"] {
        assert_eq!(groups.add(group, 0, Some(value), 1), Err(Refusal::TooLong));
    }
    groups
        .add(group, 0, Some("0e99999999999999999999"), 1)
        .unwrap();
    groups.add(group, 0, Some("1e4999"), 1).unwrap();
    groups.add(group, 0, Some("1e-4999"), 1).unwrap();
    assert!(groups.bytes() > 4000);
}
