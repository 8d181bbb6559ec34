use super::*;
use crate::{
    cell::{Cells, Nulls},
    counts::Counts,
    span::tokenize,
};

fn column(values: &[&str], nulls: &[&str], stated: Option<ColumnType>) -> Result<ZoneMap, Unfit> {
    column_as(values, nulls, stated, &Formats::default())
}

fn column_as(
    values: &[&str],
    nulls: &[&str],
    stated: Option<ColumnType>,
    formats: &Formats,
) -> Result<ZoneMap, Unfit> {
    let text: String = values.iter().map(|value| format!("{value}\n")).collect();
    let nulls: Vec<String> = nulls.iter().map(ToString::to_string).collect();
    let (spans, wrong) = tokenize(text.as_bytes(), 0, b',', 1, usize::MAX);
    assert_eq!(wrong, None);
    let nulls = Nulls::new(&nulls);
    let cells = Cells::new(text.as_bytes(), spans.column(0), &nulls);
    let mut counts = Counts::new(spans.rows());
    let texts = counts.of(text.as_bytes(), cells);
    infer(texts, stated, formats)
}

fn bounds(values: &[&str]) -> Bounds {
    column(values, &[], None).unwrap().bounds
}

fn text(min: &str, max: &str) -> Bounds {
    Bounds::Text {
        min: min.into(),
        max: max.into(),
    }
}

#[test]
fn bounds_are_those_of_the_narrowest_type() {
    assert_eq!(
        bounds(&["3", "-1", "", "2"]),
        Bounds::Integer { min: -1, max: 3 }
    );
    assert_eq!(
        bounds(&["3", "-1", "2.5"]),
        Bounds::Number {
            min: -1.0,
            max: 3.0
        }
    );
    assert_eq!(bounds(&["2.5", "3"]), Bounds::Number { min: 2.5, max: 3.0 });
    assert_eq!(
        bounds(&["9223372036854775808"]),
        Bounds::Number {
            min: 2f64.powi(63),
            max: 2f64.powi(63)
        }
    );
    assert_eq!(
        bounds(&["true", "false"]),
        Bounds::Boolean {
            min: false,
            max: true
        }
    );
    assert_eq!(
        bounds(&["true"]),
        Bounds::Boolean {
            min: true,
            max: true
        }
    );
    assert_eq!(
        bounds(&["1970-01-03", "1970-01-02"]),
        Bounds::Date { min: 1, max: 2 }
    );
    assert_eq!(
        bounds(&["1970-01-01T00:00:01.5Z", "1970-01-01T00:00:01.2Z"]),
        Bounds::Instant { min: 1, max: 2 }
    );
    assert_eq!(bounds(&["", "\"\""]), Bounds::None);
    assert_eq!(bounds(&[]), Bounds::None);
}

#[test]
fn values_of_several_types_are_bounded_as_texts() {
    assert_eq!(bounds(&["3", "x", "10"]), text("10", "x"));
    assert_eq!(bounds(&["true", "1"]), text("1", "true"));
    assert_eq!(
        bounds(&["2024-01-01", "2024-01-01T00:00:00Z"]),
        text("2024-01-01", "2024-01-01T00:00:00Z")
    );
    assert_eq!(bounds(&["10", "NA", "9"]), text("10", "NA"));
    assert_eq!(bounds(&["b", "a", "c", "\"a\"", "c"]), text("a", "c"));
}

#[test]
fn text_bounds_are_those_of_the_unquoted_texts() {
    assert_eq!(bounds(&["\"\"\"\"", "a", "\"b\"\"\""]), text("\"", "b\""));
    assert_eq!(bounds(&["a", "\"a\"\"\"", "a!"]), text("a", "a\""));
}

#[test]
fn long_texts_are_cut_so_that_the_bounds_still_hold() {
    let long = "x".repeat(1000);
    let cut = "x".repeat(31) + "y";
    assert_eq!(bounds(&[&long]), text(&long[..32], &cut));
    assert_eq!(bounds(&[&long[..32]]), text(&long[..32], &long[..32]));
    assert_eq!(
        bounds(&[&long, &long[..32], &long[..33]]),
        text(&long[..32], &cut)
    );
    assert_eq!(
        bounds(&[&long[..8], &long[..9], &long[..7]]),
        text(&long[..7], &long[..9])
    );
    let quotes = format!("\"{}\"", "\"\"".repeat(40));
    assert_eq!(
        bounds(&[&quotes]),
        text(&"\"".repeat(32), &("\"".repeat(31) + "#"))
    );
}

#[test]
fn texts_with_zero_bytes_are_told_from_shorter_ones() {
    assert_eq!(bounds(&["a\0", "a", "a\0\0"]), text("a", "a\0\0"));
    assert_eq!(
        bounds(&["abcdefg\u{3}", "abcdefg"]),
        text("abcdefg", "abcdefg\u{3}")
    );
    assert_eq!(
        bounds(&["abcdefg", "abcdefg\u{7}", "abcdefg"]),
        text("abcdefg", "abcdefg\u{7}")
    );
}

#[test]
fn placeholders_are_noted_only_while_they_matter() {
    let kind = |values: &[&str]| {
        let zone_map = column(values, &[], None).unwrap();
        (
            zone_map.kind,
            placeholder::texts(zone_map.placeholders)
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    assert_eq!(
        kind(&["NA", "1", "2.5", "NA"]),
        (Some(ColumnType::Number), "NA".to_owned())
    );
    assert_eq!(
        kind(&["1", "NA", "-"]),
        (Some(ColumnType::Integer), "NA -".to_owned())
    );
    assert_eq!(kind(&["NA", "NA"]), (None, "NA".to_owned()));
    assert_eq!(
        kind(&["1", "NA", "x"]),
        (Some(ColumnType::String), String::new())
    );
    assert_eq!(
        kind(&["NA", "x"]),
        (Some(ColumnType::String), String::new())
    );
}

#[test]
fn stated_nulls_do_not_count_for_type_or_bounds() {
    let zone_map = column(&["-999", "5", "\"-999\"", ""], &["-999"], None).unwrap();
    assert_eq!(
        (zone_map.nulls, zone_map.bounds),
        (3, Bounds::Integer { min: 5, max: 5 })
    );
}

#[test]
fn a_stated_type_must_fit_every_value() {
    let fits = |values: &[&str], stated| {
        column(values, &["NA"], Some(stated)).map(|zone_map| zone_map.bounds)
    };
    assert_eq!(
        fits(&["007", "1", ""], ColumnType::String),
        Ok(text("007", "1"))
    );
    assert_eq!(
        fits(&["1", "NA", "2.5"], ColumnType::Number),
        Ok(Bounds::Number { min: 1.0, max: 2.5 })
    );
    assert_eq!(
        fits(&["1", "2"], ColumnType::Number),
        Ok(Bounds::Integer { min: 1, max: 2 })
    );
    assert_eq!(fits(&["NA", ""], ColumnType::Date), Ok(Bounds::None));
    for (values, stated, start) in [
        (["1", "2.5"], ColumnType::Integer, 2),
        (["1", "x"], ColumnType::Number, 2),
        (["x", "1"], ColumnType::Number, 0),
        (["true", "1"], ColumnType::Boolean, 5),
        (["2024-01-01", "2024-02-30"], ColumnType::Date, 11),
        (["2024-01-01", "x"], ColumnType::Datetime, 0),
        (["1", "null"], ColumnType::Integer, 2),
    ] {
        let unfit = column(&values, &[], Some(stated)).unwrap_err();
        assert_eq!(
            (unfit.span.start(), unfit.stated),
            (start, stated),
            "{values:?}"
        );
    }
}

#[test]
fn bounds_of_times_without_a_zone_hold_whatever_the_rules_of_their_zone_become() {
    let bounds = |zone: &str, value: &str| {
        let formats = Formats {
            zone: zone.parse().ok(),
            ..Formats::default()
        };
        match column_as(&[value], &[], None, &formats).unwrap().bounds {
            Bounds::Instant { min, max } => (min, max),
            other => panic!("{other:?}"),
        }
    };
    let day = 26 * 3600;
    assert_eq!(
        bounds("Europe/Rome", "1970-01-02 01:00"),
        (86_400 - day, 86_400 + day)
    );
    assert_eq!(
        bounds("Europe/Rome", "1970-01-02T00:00:00Z"),
        (86_400, 86_400)
    );
    assert_eq!(bounds("+01:00", "1970-01-02 01:00"), (86_400, 86_400));
}

#[test]
fn integers_in_other_spellings_get_no_bloom_filter() {
    let formats = Formats {
        thousands: "space".parse().ok(),
        ..Formats::default()
    };
    for (values, worth) in [(["1", "9000000"], true), (["1", "9 000 000"], false)] {
        let zone_map = column_as(&values, &[], None, &formats).unwrap();
        assert_eq!(zone_map.is_worth_a_bloom(2), worth);
    }
}
