use super::*;
use crate::dataset::{ColumnType, Ingest, Limits, UploadOptions};

fn unfit(text: &str, types: &[(&str, ColumnType)]) -> CsvError {
    let types = types
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), *kind))
        .collect();
    let options = UploadOptions {
        types,
        ..UploadOptions::default()
    };
    let mut ingest = Ingest::new(options, Limits::default()).unwrap();
    let mut out = Vec::new();
    ingest.push(text.as_bytes(), &mut out).unwrap();
    ingest.finish(&mut out).unwrap();
    out[0].analyse().unwrap_err()
}

#[test]
fn the_first_value_of_the_file_that_does_not_fit_is_reported() {
    let types = [("a", ColumnType::Integer), ("b", ColumnType::Boolean)];
    let error = unfit("a,b\n1,true\n2,nope\nx,true\n", &types);
    assert_eq!((error.line, error.column), (Some(3), Some(3)));
    let kind = CsvErrorKind::UnfitValue {
        name: "b".into(),
        stated: ColumnType::Boolean,
        value: "nope".into(),
    };
    assert_eq!(error.kind, kind);
}

#[test]
fn a_value_that_does_not_fit_is_reported_before_a_record_that_is_wrong_after_it() {
    let types = [("a", ColumnType::Integer)];
    assert_eq!(unfit("a,b\nx,1\n2\n", &types).line, Some(2));
    assert_eq!(unfit("a,b\n2\nx,1\n", &types).line, Some(2));
    let unclosed = unfit("a,b\n1,2\n3,4,5\n", &types);
    assert!(matches!(
        unclosed.kind,
        CsvErrorKind::WrongFieldCount { .. }
    ));
}

#[test]
fn a_long_value_is_shortened_in_the_message() {
    let error = unfit(
        &format!("a\n{}\n", "ü".repeat(5000)),
        &[("a", ColumnType::Date)],
    );
    assert!(error.to_string().len() < 250, "{error}");
}
