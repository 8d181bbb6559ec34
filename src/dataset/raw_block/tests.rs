use super::*;
use crate::{Block, ColumnType, Ingest, Limits, Records, UploadOptions};

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

/// All these blocks as one raw block, with its rows. The first block begins with `body_start` bytes of header.
fn joined(blocks: &[&str], body_start: usize, header_absent: bool) -> (RawBlock, Vec<String>) {
    let options = UploadOptions {
        header_absent,
        ..UploadOptions::default()
    };
    let mut ingest = Ingest::new(options, Limits::default()).unwrap();
    ingest.push(b"a\n", &mut Vec::new()).unwrap();
    ingest.finish(&mut Vec::new()).unwrap();
    let layout = Arc::clone(ingest.layout().unwrap());
    let raw_block = RawBlock::stored(blocks.concat().into_bytes(), body_start, layout);
    let body = std::str::from_utf8(&raw_block.text[raw_block.body_start..]).unwrap();
    let mut records = Records::new(body, b',', 1);
    let (mut fields, mut rows) = (Vec::new(), Vec::new());
    while records.next_into(&mut fields) {
        rows.push(fields[0].text().into_owned());
    }
    assert_eq!(raw_block.analyse().unwrap().rows as usize, rows.len());
    (raw_block, rows)
}

#[test]
fn stored_blocks_put_together_have_their_rows_and_no_other() {
    let rows = |blocks: &[&str], body_start| joined(blocks, body_start, false).1;
    assert_eq!(rows(&["a\n1\n", "2\n", "\n3\n"], 2), ["1", "2", "", "3"]);
    // A line that was open when rows were appended got its line feed from the next block.
    assert_eq!(rows(&["a\n1", "\n2\n"], 2), ["1", "2"]);
    assert_eq!(rows(&["\n2\n", "3\n"], 1), ["2", "3"]);
    assert_eq!(rows(&["\n", "\n3\n"], 1), ["", "3"]);
    // So did a header; that line feed is not an empty row.
    assert_eq!(rows(&["a", "\n1\n"], 1), ["1"]);
    assert_eq!(rows(&["a", "\n", "\n1\n"], 1), ["", "1"]);
    assert_eq!(rows(&["a"], 1), [""; 0]);
    let absent = |blocks: &[&str], body_start| joined(blocks, body_start, true).1;
    assert_eq!(absent(&["\u{FEFF}\n1\n", "2\n"], 3), ["", "1", "2"]);
    assert_eq!(absent(&["\n1\n", "2\n"], 0), ["", "1", "2"]);
}

#[test]
fn a_stored_record_is_taken_however_long_it_is() {
    let long = "x".repeat(Limits::default().max_record + 1);
    let (raw_block, rows) = joined(&["a\n", &long, "\n"], 2, false);
    assert_eq!(rows, [long]);
    assert_eq!(
        Block::seal(&raw_block, &raw_block.analyse().unwrap()).rows,
        1
    );
}
