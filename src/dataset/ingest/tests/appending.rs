//! Rows that are appended to a dataset.

use super::*;

fn absent() -> UploadOptions {
    UploadOptions {
        header_absent: true,
        ..options()
    }
}

/// The raw blocks of rows that are appended to a dataset with this layout.
fn added(
    to: &Arc<Layout>,
    bytes: &[u8],
    options: UploadOptions,
    limits: Limits,
) -> Result<Vec<RawBlock>, CsvError> {
    let mut ingest = Ingest::appending(Arc::clone(to), options, limits)?;
    let mut out = Vec::new();
    ingest.push(bytes, &mut out)?;
    ingest.finish(&mut out)?;
    out.iter()
        .try_for_each(|raw_block| raw_block.analyse().map(drop))?;
    Ok(out)
}

/// The texts of those raw blocks.
fn texts(to: &Arc<Layout>, text: &str, options: UploadOptions, block_bytes: usize) -> Vec<String> {
    let limits = Limits {
        block_bytes,
        ..Limits::default()
    };
    let raw_blocks = added(to, text.as_bytes(), options, limits).unwrap();
    for raw_block in &raw_blocks {
        assert_eq!(raw_block.body_start, 0);
        assert!(Arc::ptr_eq(&raw_block.layout, to));
    }
    raw_blocks
        .into_iter()
        .map(|raw_block| String::from_utf8(raw_block.text).unwrap())
        .collect()
}

fn whole(to: &Arc<Layout>, text: &str, options: UploadOptions) -> Vec<String> {
    texts(to, text, options, 1 << 20)
}

/// The mistake in appended rows, with its line and column.
fn refused(to: &Arc<Layout>, text: &str, options: UploadOptions) -> (CsvErrorKind, u64, u64) {
    let limits = Limits {
        block_bytes: 1,
        ..Limits::default()
    };
    let error = added(to, text.as_bytes(), options, limits).unwrap_err();
    (
        error.kind,
        error.line.unwrap_or(0),
        error.column.unwrap_or(0),
    )
}

fn other_header(place: usize, expected: Option<&str>, found: Option<&str>) -> CsvErrorKind {
    CsvErrorKind::OtherHeader {
        place,
        expected: expected.map(Box::from),
        found: found.map(Box::from),
    }
}

#[test]
fn only_the_rows_are_kept_and_the_last_one_ends_in_a_line_end() {
    let to = layout("a,b\n", options());
    for (text, kept) in [
        ("a,b\n1,2\n", "1,2\n"),
        ("a,b\n1,2", "1,2\n"),
        ("a,b\r\n1,2\r\n", "1,2\r\n"),
        ("\u{FEFF}a,b\n1,2\n\n3,4", "1,2\n\n3,4\n"),
        ("\u{FEFF}\n\r\n\"a\",b\n1,\"\"", "1,\"\"\n"),
        ("a,b\n\n1,2\n", "\n1,2\n"),
    ] {
        assert_eq!(whole(&to, text, options()), [kept], "{text:?}");
    }
    assert_eq!(texts(&to, "1,2", absent(), 1), ["1,2\n"]);
    for (text, kept) in [
        ("1,2\n", "1,2\n"),
        ("\u{FEFF}1,2", "1,2\n"),
        ("\u{FEFF}\n1,2\n", "\n1,2\n"),
        ("a,b\n", "a,b\n"),
    ] {
        assert_eq!(whole(&to, text, absent()), [kept], "{text:?}");
    }
}

#[test]
fn raw_blocks_are_split_by_their_own_size_and_know_their_place_in_the_upload() {
    let to = layout("a,b\n", options());
    let limits = Limits {
        block_bytes: 8,
        ..Limits::default()
    };
    let places = |text: &str, options| -> Vec<_> {
        let raw_blocks = added(&to, text.as_bytes(), options, limits).unwrap();
        raw_blocks
            .iter()
            .map(|raw_block| (raw_block.text.len(), raw_block.first_line, raw_block.offset))
            .collect()
    };
    let text = "\n\"a\",b\n1,2\n33,\"4\n\n\"\n5,6\n7,8\n9,0";
    assert_eq!(
        places(text, options()),
        [(13, 3, 7), (8, 7, 20), (4, 9, 28)]
    );
    let text = "\u{FEFF}1,2\n3,4\n5,6\n";
    assert_eq!(places(text, absent()), [(8, 1, 3), (4, 3, 11)]);
}

#[test]
fn rows_of_any_layout_are_read_by_it_and_not_by_what_is_stated_now() {
    let stated = UploadOptions {
        nulls: vec!["NA".into()],
        types: vec![("n".into(), ColumnType::Integer)],
        ..options()
    };
    let to = layout("n;s\n", stated);
    let other = UploadOptions {
        nulls: vec!["-".into()],
        types: vec![("x".into(), ColumnType::Date)],
        ..options()
    };
    let raw_blocks = added(&to, b"n;s\n1;-\nNA;x\n", other.clone(), Limits::default()).unwrap();
    let analysis = raw_blocks[0].analyse().unwrap();
    let nulls: Vec<_> = analysis.columns.iter().map(|column| column.nulls).collect();
    assert_eq!((analysis.rows, nulls), (2, vec![1, 0]));
    let unfit = CsvErrorKind::UnfitValue {
        name: "n".into(),
        stated: ColumnType::Integer,
        value: "-".into(),
    };
    assert_eq!(refused(&to, "n;s\n-;x\n", other), (unfit, 2, 1));
}

#[test]
fn an_upload_without_rows_gives_no_raw_block() {
    let to = layout("a,b\n", options());
    for text in ["a,b", "a,b\n", "\u{FEFF}\na,b\r\n", "a,b\n\n\r\n\n"] {
        for block_bytes in [1, 1 << 20] {
            let none: [&str; 0] = [];
            assert_eq!(texts(&to, text, options(), block_bytes), none, "{text:?}");
        }
    }
    let one = layout("a\n", options());
    assert!(whole(&one, "a", options()).is_empty());
    // With one column, an empty line is a row.
    assert_eq!(whole(&one, "a\n\n", options()), ["\n"]);
    assert_eq!(whole(&one, "\u{FEFF}\n\r\n", absent()), ["\n\r\n"]);
    assert_eq!(whole(&one, "\n1", absent()), ["\n1\n"]);
}

#[test]
fn empty_lines_after_a_row_are_kept_however_raw_blocks_are_cut() {
    let to = layout("a,b\n", options());
    let text = "a,b\n\n1,2\n\n\n";
    assert_eq!(whole(&to, text, options()), ["\n1,2\n\n\n"]);
    assert_eq!(texts(&to, text, options(), 1), ["1,2\n", "\n", "\n"]);
}

#[test]
fn no_record_at_all_is_refused() {
    let to = layout("a,b\n", options());
    for text in ["", "\n", "\u{FEFF}", "\u{FEFF}\r\n"] {
        for options in [options(), absent()] {
            assert_eq!(refused(&to, text, options), (CsvErrorKind::Empty, 1, 1));
        }
    }
    let one = layout("a\n", options());
    for text in ["", "\u{FEFF}"] {
        assert_eq!(refused(&one, text, absent()), (CsvErrorKind::Empty, 1, 1));
    }
    assert_eq!(refused(&one, "\n", options()), (CsvErrorKind::Empty, 1, 1));
}

#[test]
fn another_header_is_refused_at_the_first_column_that_differs() {
    let to = layout("id,name,ü\n", options());
    let at = |text: &str| refused(&to, text, options());
    let (name, u) = (Some("name"), Some("ü"));
    assert_eq!(at("id,nom,ü\n"), (other_header(2, name, Some("nom")), 1, 4));
    assert_eq!(at("id,ü,name\n"), (other_header(2, name, u), 1, 4));
    assert_eq!(
        at("ID,name,ü\n"),
        (other_header(1, Some("id"), Some("ID")), 1, 1)
    );
    assert_eq!(at("id,\"name\"\n"), (other_header(3, u, None), 1, 10));
    assert_eq!(at("id,name"), (other_header(3, u, None), 1, 8));
    assert_eq!(
        at("id,name,ü,\"x\",y\n"),
        (other_header(4, None, Some("x")), 1, 11)
    );
    assert_eq!(at("id,,ü\n"), (other_header(2, name, Some("")), 1, 4));
    // Rows alone, without header=absent.
    assert_eq!(
        at("1,Ada,x\n"),
        (other_header(1, Some("id"), Some("1")), 1, 1)
    );
    assert_eq!(
        at("\u{FEFF}\n\n\"id\",x\n"),
        (other_header(2, name, Some("x")), 3, 6)
    );
    let long = "x".repeat(10_000);
    let (kind, ..) = at(&long);
    assert!(kind.to_string().len() < 250, "{kind}");
}

#[test]
fn a_header_is_cleaned_up_as_the_dataset_s_was() {
    let to = layout("a,,a\n", options());
    assert_eq!(to.columns, ["a", "column_2", "a_2"]);
    for header in ["a,,a", "a,column_2,a_2", "\"a\",\"\",a"] {
        assert_eq!(
            whole(&to, &format!("{header}\n1,2,3\n"), options()),
            ["1,2,3\n"]
        );
    }
    let kind = other_header(3, Some("a_2"), Some("b"));
    assert_eq!(refused(&to, "a,,b\n", options()), (kind, 1, 4));
}

#[test]
fn a_header_by_another_delimiter_is_told_from_another_header() {
    let to = layout("id,name\n", options());
    let other = |found| CsvErrorKind::OtherDelimiter {
        expected: Delimiter::COMMA,
        found,
    };
    let at = |text: &str| refused(&to, text, options());
    assert_eq!(at("id;name\n1;2\n"), (other(Delimiter::SEMICOLON), 1, 1));
    assert_eq!(at("\n\"id\"|\"name\"\n"), (other(Delimiter::PIPE), 2, 1));
    assert_eq!(at("id\tname"), (other(Delimiter::TAB), 1, 1));
    let kind = other_header(1, Some("id"), Some("id;nom"));
    assert_eq!(at("id;nom\n"), (kind, 1, 1));
    assert_eq!(at("\"id\";x\n"), (CsvErrorKind::TextAfterQuote, 1, 5));
}

#[test]
fn a_dataset_that_came_without_a_header_knows_its_numbered_columns_as_one() {
    let to = layout("1,2\n", absent());
    assert_eq!(whole(&to, "column_1,column_2\n3,4\n", options()), ["3,4\n"]);
    assert_eq!(whole(&to, "3,4\n", absent()), ["3,4\n"]);
    let kind = other_header(1, Some("column_1"), Some("3"));
    assert_eq!(refused(&to, "3,4\n", options()), (kind, 1, 1));
    // A record of nulls is a row without a header. It must not pass for a header and be lost.
    let kind = other_header(1, Some("column_1"), Some(""));
    assert_eq!(refused(&to, ",\n3,4\n", options()), (kind, 1, 1));
}

#[test]
fn what_is_wrong_is_told_by_its_place_in_the_upload() {
    let to = layout("a,b\n", options());
    let wrong = |found| CsvErrorKind::WrongFieldCount { expected: 2, found };
    assert_eq!(refused(&to, "a,b\n1,2\n3\n", options()), (wrong(1), 3, 2));
    assert_eq!(
        refused(&to, "\n\"a\",b\n1,2,3", options()),
        (wrong(3), 3, 5)
    );
    assert_eq!(refused(&to, "\u{FEFF}3\n", absent()), (wrong(1), 1, 2));
    let unclosed = CsvErrorKind::UnclosedQuote;
    assert_eq!(
        refused(&to, "a,b\n1,\"x\n", options()),
        (unclosed.clone(), 2, 3)
    );
    assert_eq!(refused(&to, "1,\"x", absent()), (unclosed.clone(), 1, 3));
    assert_eq!(refused(&to, "a,\"b\n", options()), (unclosed, 1, 3));
    // The line end that is appended does not turn a stray carriage return into a line end.
    let bare = CsvErrorKind::BareCarriageReturn;
    assert_eq!(refused(&to, "a,b\n1,2\r", options()), (bare.clone(), 2, 4));
    assert_eq!(refused(&to, "a,b\n\n\r", options()), (bare.clone(), 3, 1));
    assert_eq!(refused(&to, "1,2\n3,4\r", absent()), (bare, 2, 4));
    let bytes = b"a,b\n1,2\n\xC3\xA9,\xE9\n";
    let error = added(&to, bytes, options(), Limits::default()).unwrap_err();
    let invalid = CsvErrorKind::InvalidText {
        charset: "UTF-8".into(),
        offset: 11,
    };
    assert_eq!(
        (error.kind, error.line, error.column),
        (invalid, Some(3), Some(3))
    );
}

#[test]
fn no_more_is_held_than_a_raw_block_and_a_record_of_the_rows() {
    let limits = Limits {
        max_record: 50_000,
        block_bytes: 10_000,
        ..Limits::default()
    };
    let to = layout("a\n", options());
    for (options, start) in [(options(), "a\n\""), (absent(), "\u{FEFF}\"")] {
        let mut ingest = Ingest::appending(Arc::clone(&to), options, limits).unwrap();
        let mut out = Vec::new();
        ingest.push(start.as_bytes(), &mut out).unwrap();
        let refused = std::iter::repeat_n([b'x'; 1000], 100)
            .find_map(|part| ingest.push(&part, &mut out).err());
        let too_long = CsvErrorKind::RecordTooLong { limit: 50_000 };
        assert_eq!(refused.unwrap().kind, too_long);
        assert!(ingest.assembly.text.len() < 62_000);
    }
}

#[test]
fn rows_of_another_charset_come_out_as_utf_8() {
    let to = layout("größe\n", options());
    let stated = UploadOptions {
        charset: Some("windows-1252".into()),
        ..options()
    };
    let raw_blocks = added(&to, b"gr\xF6\xDFe\n\xFC", stated, Limits::default()).unwrap();
    assert_eq!(raw_blocks[0].text, "ü\n".as_bytes());
    let utf_16: Vec<u8> = "\u{FEFF}ü"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let raw_blocks = added(&to, &utf_16, absent(), Limits::default()).unwrap();
    assert_eq!(raw_blocks[0].text, "ü\n".as_bytes());
    let unknown = UploadOptions {
        charset: Some("x".into()),
        ..options()
    };
    assert!(Ingest::appending(to, unknown, Limits::default()).is_err());
}
