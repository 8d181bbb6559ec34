use super::*;
use crate::{ColumnType, Delimiter};

mod appending;

fn options() -> UploadOptions {
    UploadOptions::default()
}

/// The raw blocks of an upload in one go, and its layout.
fn raw_blocks(
    text: &str,
    options: UploadOptions,
    limits: Limits,
) -> Result<(Vec<RawBlock>, Arc<Layout>), CsvError> {
    let mut ingest = Ingest::new(options, limits)?;
    let mut out = Vec::new();
    ingest.push(text.as_bytes(), &mut out)?;
    ingest.finish(&mut out)?;
    for raw_block in &out {
        raw_block.analyse()?;
    }
    Ok((out, Arc::clone(ingest.layout().unwrap())))
}

fn layout(text: &str, options: UploadOptions) -> Arc<Layout> {
    raw_blocks(text, options, Limits::default()).unwrap().1
}

fn rows(text: &str, options: UploadOptions) -> u32 {
    let (raw_blocks, _) = raw_blocks(text, options, Limits::default()).unwrap();
    raw_blocks
        .iter()
        .map(|raw_block| raw_block.analyse().unwrap().rows)
        .sum()
}

/// The mistake, with its line and column.
fn error(text: &str) -> (CsvErrorKind, u64, u64) {
    error_with(text, options(), Limits::default())
}

fn error_with(text: &str, options: UploadOptions, limits: Limits) -> (CsvErrorKind, u64, u64) {
    let error = raw_blocks(text, options, limits).map(|_| ()).unwrap_err();
    (
        error.kind,
        error.line.unwrap_or(0),
        error.column.unwrap_or(0),
    )
}

#[test]
fn the_delimiter_is_a_comma_unless_the_header_has_none_and_another() {
    for (header, delimiter) in [
        ("a,b", b','),
        ("a", b','),
        ("a;b", b';'),
        ("a\tb;c\td", b'\t'),
        ("a|b|c;d", b'|'),
        ("a;b|c", b';'),
        ("a;b;c,d", b','),
        ("\"a,b\";c", b';'),
        ("\"a;\n;;\"|\"b\"", b'|'),
        ("\"say \"\";,\"\"\"|b", b'|'),
        ("a\";b", b';'),
        ("5\",6\";x", b','),
    ] {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(
                layout(&format!("{header}{end}"), options()).delimiter,
                delimiter,
                "{header:?}"
            );
        }
    }
    let stated = UploadOptions {
        dialect: Delimiter::PIPE.into(),
        ..options()
    };
    assert_eq!(layout("a,b|c\n", stated).columns, ["a,b", "c"]);
}

#[test]
fn mark_and_empty_lines_before_the_header_are_passed_over_and_kept() {
    let text = "\u{FEFF}\n\r\n\"id\",name\r\n1,Ada\r\n";
    let (raw_blocks, layout) = raw_blocks(text, options(), Limits::default()).unwrap();
    assert_eq!(layout.columns, ["id", "name"]);
    assert_eq!((raw_blocks.len(), raw_blocks[0].body_start), (1, 17));
    assert_eq!(raw_blocks[0].text, text.as_bytes());
}

#[test]
fn without_a_header_the_columns_are_numbered_and_the_first_record_is_data() {
    let absent = || UploadOptions {
        header_absent: true,
        ..options()
    };
    assert_eq!(
        layout("\u{FEFF}1;2\n3;4\n", absent()).columns,
        ["column_1", "column_2"]
    );
    assert_eq!(rows("\u{FEFF}\n1;2\n3;4\n", absent()), 2);
    // With one column, an empty line is a record, also the first.
    assert_eq!(rows("\n1\n\n", absent()), 3);
    assert!(!layout("1\n", absent()).header);
}

#[test]
fn empty_lines_are_records_only_where_there_is_one_column() {
    assert_eq!(rows("a,b\n\n1,2\n\r\n\n3,4\n\n", options()), 2);
    assert_eq!(rows("a\n\n1\n\r\n", options()), 3);
}

#[test]
fn a_header_alone_is_a_dataset_without_rows() {
    for text in ["a,b", "a,b\n", "a", "a\r\n"] {
        assert_eq!(rows(text, options()), 0);
    }
}

#[test]
fn nothing_at_all_is_refused() {
    for text in ["", "\n", "\r\n\n", "\u{FEFF}", "\u{FEFF}\r\n"] {
        assert_eq!(error(text), (CsvErrorKind::Empty, 1, 1), "{text:?}");
    }
}

#[test]
fn raw_blocks_are_cut_at_the_first_record_end_at_or_after_their_size() {
    let limits = Limits {
        block_bytes: 8,
        ..Limits::default()
    };
    let text = "a,b\n1,2\n33,\"4\n\n\"\n5,6\n7,8\n9,0";
    let (raw_blocks, _) = raw_blocks(text, options(), limits).unwrap();
    let texts: Vec<_> = raw_blocks
        .iter()
        .map(|raw_block| std::str::from_utf8(&raw_block.text).unwrap())
        .collect();
    assert_eq!(texts, ["a,b\n1,2\n", "33,\"4\n\n\"\n", "5,6\n7,8\n", "9,0"]);
    let places: Vec<_> = raw_blocks
        .iter()
        .map(|raw_block| (raw_block.body_start, raw_block.first_line, raw_block.offset))
        .collect();
    assert_eq!(places, [(4, 1, 0), (0, 3, 8), (0, 6, 17), (0, 8, 25)]);
}

#[test]
fn a_record_with_another_number_of_fields_is_refused_where_it_goes_wrong() {
    let wrong = |expected, found| CsvErrorKind::WrongFieldCount { expected, found };
    assert_eq!(error("a,b\n1,2\n3\n"), (wrong(2, 1), 3, 2));
    assert_eq!(error("a,b\n1,2,3,4\n"), (wrong(2, 4), 2, 5));
    assert_eq!(error("a\n1\n\"x\n\",2"), (wrong(1, 2), 4, 3));
    assert_eq!(error("a,b\n\"\"\n"), (wrong(2, 1), 2, 3));
    assert_eq!(error("a,b\n1,2,"), (wrong(2, 3), 2, 5));
    let absent = UploadOptions {
        header_absent: true,
        ..options()
    };
    assert_eq!(
        error_with("1,2\n3\n", absent, Limits::default()),
        (wrong(2, 1), 2, 2)
    );
}

#[test]
fn quotes_must_close_and_nothing_may_follow_them() {
    assert_eq!(
        error("a,b\n1,\"x\n2,3\n"),
        (CsvErrorKind::UnclosedQuote, 2, 3)
    );
    assert_eq!(error("a,\"b\n"), (CsvErrorKind::UnclosedQuote, 1, 3));
    assert_eq!(
        error("a,b\nä,\"x\"y\n"),
        (CsvErrorKind::TextAfterQuote, 2, 6)
    );
    assert_eq!(error("\"a\" ,b\n"), (CsvErrorKind::TextAfterQuote, 1, 4));
    // The first mistake in the file is reported, although the open quote is noticed first.
    assert_eq!(
        error("a\n\"x\"y\n\"z\n"),
        (CsvErrorKind::TextAfterQuote, 2, 4)
    );
}

#[test]
fn a_carriage_return_outside_quotes_needs_its_line_feed() {
    assert_eq!(
        error("a,b\n1\r,2\n"),
        (CsvErrorKind::BareCarriageReturn, 2, 2)
    );
    assert_eq!(
        error("a,b\r1,2\n"),
        (CsvErrorKind::BareCarriageReturn, 1, 4)
    );
    assert_eq!(
        error("a\n\"x\"\ry\n"),
        (CsvErrorKind::BareCarriageReturn, 2, 4)
    );
    assert_eq!(error("a\n1\r"), (CsvErrorKind::BareCarriageReturn, 2, 2));
    assert_eq!(rows("a\n\"x\ry\"\n", options()), 1);
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_with_their_offset() {
    let limits = Limits {
        block_bytes: 1,
        ..Limits::default()
    };
    let take = |bytes: &[u8]| {
        let mut ingest = Ingest::new(options(), limits).unwrap();
        let mut out = Vec::new();
        ingest
            .push(bytes, &mut out)
            .and_then(|()| ingest.finish(&mut out))?;
        out.iter()
            .try_for_each(|raw_block| raw_block.analyse().map(drop))
    };
    let invalid = |offset| CsvErrorKind::InvalidText {
        charset: "UTF-8".into(),
        offset,
    };
    let error = take(b"a,b\n1,2\n\xC3\xA9,\xE9\n").unwrap_err();
    assert_eq!(
        (error.kind, error.line, error.column),
        (invalid(11), Some(3), Some(3))
    );
    let error = take(b"a,\xFF\n").unwrap_err();
    assert_eq!(
        (error.kind, error.line, error.column),
        (invalid(2), Some(1), Some(3))
    );
}

#[test]
fn malformed_bytes_of_a_stated_charset_are_refused_with_their_line() {
    let stated = UploadOptions {
        charset: Some("shift_jis".into()),
        ..options()
    };
    let mut ingest = Ingest::new(
        stated,
        Limits {
            block_bytes: 1,
            ..Limits::default()
        },
    )
    .unwrap();
    let bytes = b"a\n\x82\xA0\n\x82\xA0\x82\n";
    ingest.push(bytes, &mut Vec::new()).unwrap();
    let error = ingest.finish(&mut Vec::new()).unwrap_err();
    let kind = CsvErrorKind::InvalidText {
        charset: "Shift_JIS".into(),
        offset: 7,
    };
    assert_eq!(
        (error.kind, error.line, error.column),
        (kind, Some(3), Some(2))
    );
}

#[test]
fn too_many_columns_are_refused() {
    let limits = Limits {
        max_columns: 3,
        ..Limits::default()
    };
    assert!(raw_blocks("a,b,c\n", options(), limits).is_ok());
    let (kind, line, _) = error_with("\na,b,c,d,e\n", options(), limits);
    assert_eq!(
        (kind, line),
        (CsvErrorKind::TooManyColumns { limit: 3, found: 5 }, 2)
    );
}

#[test]
fn a_record_is_refused_as_soon_as_it_is_too_long() {
    let limits = Limits {
        max_record: 10,
        block_bytes: 4,
        ..Limits::default()
    };
    let too_long = CsvErrorKind::RecordTooLong { limit: 10 };
    assert!(raw_blocks("a\n123456789\n1234567890", options(), limits).is_ok());
    assert_eq!(
        error_with("a\n1\n1234567890\n", options(), limits),
        (too_long.clone(), 3, 1)
    );
    assert_eq!(
        error_with("a\n1\n12345678901", options(), limits),
        (too_long.clone(), 3, 1)
    );
    assert_eq!(
        error_with("a2345678901\n", options(), limits),
        (too_long.clone(), 1, 1)
    );
    let large = Limits {
        max_record: 10,
        ..Limits::default()
    };
    assert_eq!(
        error_with("a\n1\n1234567890\n", options(), large),
        (too_long, 3, 1)
    );
}

#[test]
fn no_more_is_held_than_a_raw_block_and_a_record() {
    let limits = Limits {
        max_record: 50_000,
        block_bytes: 10_000,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options(), limits).unwrap();
    let mut out = Vec::new();
    ingest.push(b"a\n\"", &mut out).unwrap();
    let refused =
        std::iter::repeat_n([b'x'; 1000], 100).find_map(|part| ingest.push(&part, &mut out).err());
    assert!(matches!(
        refused.unwrap().kind,
        CsvErrorKind::RecordTooLong { limit: 50_000 }
    ));
    assert!(ingest.assembly.text.len() < 62_000);
    // Empty lines before the header don't evade the limit.
    let mut ingest = Ingest::new(options(), limits).unwrap();
    let refused =
        std::iter::repeat_n([b'\n'; 1000], 100).find_map(|part| ingest.push(&part, &mut out).err());
    assert!(matches!(
        refused.unwrap().kind,
        CsvErrorKind::RecordTooLong { .. }
    ));
    assert!(ingest.assembly.text.len() < 62_000);
}

#[test]
fn a_type_for_a_column_that_is_not_there_is_refused_with_the_columns_there_are() {
    let stated = UploadOptions {
        types: vec![("zip".into(), ColumnType::String)],
        ..options()
    };
    let (kind, ..) = error_with("id,name\n1,Ada\n", stated, Limits::default());
    let columns = vec!["id".to_owned(), "name".to_owned()];
    assert_eq!(
        kind,
        CsvErrorKind::UnknownStatedColumn {
            name: "zip".into(),
            columns
        }
    );
}

#[test]
fn what_is_not_utf_8_comes_out_as_utf_8() {
    let stated = UploadOptions {
        charset: Some("windows-1252".into()),
        ..options()
    };
    let mut ingest = Ingest::new(stated, Limits::default()).unwrap();
    let mut out = Vec::new();
    ingest.push(b"name\nGr\xFC\xDFe\n", &mut out).unwrap();
    ingest.finish(&mut out).unwrap();
    assert_eq!(out[0].text, "name\nGrüße\n".as_bytes());
    assert_eq!(ingest.transcoded(), Some(true));
}
