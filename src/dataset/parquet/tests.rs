//! Files that are read back by the crate's own reader.

use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field as Read;
use sha2::{Digest, Sha256};

use super::*;
use crate::{BlockText, Column, ColumnType, Dialect, Formats, Layout};

use super::limits::GROUP_BYTES;
use super::number::{Needed, unscaled};

/// A column: its name and type.
type Head<'a> = (&'a str, ColumnType);

fn survey(columns: &[Head<'_>]) -> Survey {
    let names = columns.iter().map(|(name, _)| (*name).to_owned());
    let layout = Layout {
        delimiter: b',',
        header: false,
        stated: vec![None; columns.len()],
        columns: names.collect(),
        nulls: vec!["NA".to_owned()],
        units: Vec::new(),
        dialect: Dialect::default(),
        formats: Formats::default(),
    };
    let shown = columns.iter().enumerate().map(|(place, (name, kind))| {
        let column = Column {
            name: (*name).to_owned(),
            kind: *kind,
            nullable: true,
            unit: (place == 0).then(|| "m/s".to_owned()),
            respelled: false,
        };
        ShownColumn::new(&column, place)
    });
    Survey::new(shown.collect(), Arc::new(layout))
}

/// The file of these texts, each a block.
fn file(columns: &[Head<'_>], texts: &[&str]) -> Vec<u8> {
    let mut survey = survey(columns);
    let blocks = texts.iter();
    let blocks = blocks.map(|text| BlockText::new((*text).to_owned(), columns.len()));
    let blocks: Vec<_> = blocks.collect();
    for block in &blocks {
        survey.look(block, 0);
    }
    let mut file = ParquetFile::new(survey).unwrap();
    let mut bytes = Vec::new();
    for block in &blocks {
        file.add(block, 0).unwrap();
        bytes.extend(file.take());
    }
    bytes.extend(file.finish().unwrap());
    bytes
}

fn reader(bytes: Vec<u8>) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(Bytes::from(bytes)).unwrap()
}

/// The values of the only column of a file, as the crate shows them.
fn read(kind: ColumnType, values: &[&str]) -> Vec<String> {
    let text = values.iter().map(|value| format!("{value}\n"));
    let bytes = file(&[("a", kind)], &[&text.collect::<String>()]);
    let reader = reader(bytes);
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let (_, value) = row.get_column_iter().next().unwrap();
        match value {
            Read::TimestampMicros(micros) => format!("{micros} us"),
            Read::Long(number) => format!("{number} long"),
            Read::Date(days) => format!("{days} days"),
            value => value.to_string(),
        }
    })
    .collect()
}

#[test]
fn numbers_need_the_digits_that_they_are_written_with() {
    for (text, whole, written, least) in [
        ("0", 0, 0, 0),
        ("-0.00", 0, 2, 0),
        ("12", 2, 0, 0),
        ("1200", 4, 0, 0),
        ("-1.50", 1, 2, 1),
        ("0.05", 0, 2, 2),
        ("1.5e3", 4, 0, 0),
        ("1.5E-3", 0, 4, 4),
        ("150e-1", 2, 1, 0),
        ("1e37", 38, 0, 0),
        ("0e400", 0, 0, 0),
    ] {
        let needed = Needed {
            whole,
            written,
            least,
        };
        assert_eq!(Needed::of(text.as_bytes()), Some(needed), "{text}");
    }
    for text in ["1e38", "1e-39", "1e99999999999999999999", "0.1e2000"] {
        assert_eq!(Needed::of(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn numbers_become_whole_ones_of_their_scale_or_none() {
    for (text, scale, value) in [
        ("1.5", 2, Some(150)),
        ("-1.5", 1, Some(-15)),
        ("1.50", 1, Some(15)),
        ("1.55", 1, None),
        ("0.001", 2, None),
        ("-0.0", 3, Some(0)),
        ("1.5e3", 0, Some(1500)),
        ("1e-3", 3, Some(1)),
        ("1e40", 0, None),
    ] {
        assert_eq!(unscaled(text.as_bytes(), scale), value, "{text}");
    }
}

#[test]
fn a_column_has_the_type_that_holds_all_its_values_or_else_text() {
    use ColumnType::{Boolean, Date, Datetime, Integer, Number, String};
    let wide = "12345678901234567890123456789012345678";
    // The crate writes a point behind a decimal without decimals.
    let whole = "12345678901234567890123456789012345678.";
    for (kind, values, expected) in [
        (
            Boolean,
            &["true", "", "FALSE"][..],
            &["true", "null", "false"][..],
        ),
        (
            Integer,
            &["-9223372036854775808", "NA", "7"],
            &["-9223372036854775808 long", "null", "7 long"],
        ),
        (Number, &["1.5", "-2", "0.25"], &["1.50", "-2.00", "0.25"]),
        (Number, &["1e2", "-0"], &["100.", "0."]),
        (Number, &[wide, "NA"], &[whole, "null"]),
        (
            Number,
            &[wide, "0.5"],
            &["\"12345678901234567890123456789012345678\"", "\"0.5\""],
        ),
        (Number, &["1e400", "1"], &["\"1e400\"", "\"1\""]),
        (Number, &["NA"], &["null"]),
        (Date, &["1969-12-31", "NA"], &["-1 days", "null"]),
        (
            Datetime,
            &["1970-01-01T00:00:01Z", "1969-12-31T23:59:59.5z"],
            &["1000000 us", "-500000 us"],
        ),
        // An offset, a leap second and a tenth decimal would be lost.
        (
            Datetime,
            &["1970-01-01T01:00:00+01:00"],
            &["\"1970-01-01T01:00:00+01:00\""],
        ),
        (
            Datetime,
            &["1990-12-31T23:59:60Z"],
            &["\"1990-12-31T23:59:60Z\""],
        ),
        (
            Datetime,
            &["1970-01-01T00:00:00.0000000001Z"],
            &["\"1970-01-01T00:00:00.0000000001Z\""],
        ),
        // Nanoseconds of these years don't fit.
        (
            Datetime,
            &["0001-01-01T00:00:00Z", "1970-01-01T00:00:00.123456789Z"],
            &[
                "\"0001-01-01T00:00:00Z\"",
                "\"1970-01-01T00:00:00.123456789Z\"",
            ],
        ),
        (
            Datetime,
            &["1970-01-01T00:00:00.123456789Z"],
            &["123456789 long"],
        ),
        (String, &["01", "NA", "é"], &["\"01\"", "null", "\"é\""]),
    ] {
        assert_eq!(read(kind, values), expected, "{values:?}");
    }
}

/// Rows of every type.
fn rows(count: usize) -> String {
    let row = |row: usize| {
        let day = row % 28 + 1;
        format!(
            "{row},{row}.{day:02},2026-02-{day:02},2026-02-{day:02}T00:00:00Z,{},text {row}\n",
            row.is_multiple_of(2)
        )
    };
    (0..count).map(row).collect()
}

const EVERY: &[Head<'_>] = &[
    ("integer", ColumnType::Integer),
    ("number", ColumnType::Number),
    ("date", ColumnType::Date),
    ("datetime", ColumnType::Datetime),
    ("boolean", ColumnType::Boolean),
    ("string", ColumnType::String),
];

#[test]
fn a_file_names_the_types_and_units_of_its_columns() {
    let reader = reader(file(
        EVERY,
        &["1,2,2026-01-01,2026-01-01T00:00:00Z,true,a\n"],
    ));
    let metadata = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    let value = |key: &str| {
        let found = metadata.iter().find(|pair| pair.key == key);
        found.unwrap().value.clone().unwrap()
    };
    assert_eq!(
        value("flash:type"),
        r#"{"integer":"integer","number":"number","date":"date","datetime":"datetime","boolean":"boolean","string":"string"}"#
    );
    assert_eq!(value("flash:unit"), r#"{"integer":"m/s"}"#);
}

#[test]
fn the_bytes_do_not_depend_on_how_the_rows_are_divided_into_blocks() {
    let text = rows(70_000);
    let half = text[..text.len() / 2].rfind('\n').unwrap() + 1;
    let whole = file(EVERY, &[&text]);
    assert!(file(EVERY, &[&text[..half], &text[half..]]) == whole);
    let groups = reader(whole)
        .metadata()
        .row_groups()
        .iter()
        .map(RowGroupMetaData::num_rows)
        .collect::<Vec<_>>();
    assert_eq!(groups, [65_536, 4_464]);
}

#[test]
fn long_values_end_a_row_group_earlier() {
    let long = "x".repeat(GROUP_BYTES / 4);
    let text: String = (0..9).map(|_| format!("{long}\n")).collect();
    let reader = reader(file(&[("a", ColumnType::String)], &[&text]));
    let groups = reader
        .metadata()
        .row_groups()
        .iter()
        .map(RowGroupMetaData::num_rows);
    assert_eq!(groups.collect::<Vec<_>>(), [4, 4, 1]);
}

#[test]
fn a_table_without_rows_is_a_file() {
    let reader = reader(file(EVERY, &[]));
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    assert_eq!(
        reader
            .metadata()
            .file_metadata()
            .schema()
            .get_fields()
            .len(),
        6
    );
}

/// If this fails because other bytes are written on purpose, `WRITTEN_AS` needs another name: files and tags of the old one are out there.
#[test]
fn the_bytes_of_a_file_are_those_that_its_name_stands_for() {
    assert_eq!(WRITTEN_AS, "parquet-1");
    let digest = Sha256::digest(file(EVERY, &[&rows(1000)]));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        digest,
        "1aac717b56887dc88ca19fdb393d153c9ad46d138f0ea80af2b27d1655474ff2"
    );
}
