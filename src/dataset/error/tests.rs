use super::*;

#[test]
fn a_place_is_a_line_and_a_character_of_it() {
    let text = "a,b\nä,\"x\ny\"z\n".as_bytes();
    assert_eq!(position(text, 0, 1), (1, 1));
    assert_eq!(position(text, 2, 1), (1, 3));
    assert_eq!(position(text, 4, 1), (2, 1));
    assert_eq!(position(text, 6, 1), (2, 2));
    assert_eq!(position(text, 12, 1), (3, 3));
    assert_eq!(position(text, 12, 100), (102, 3));
    assert_eq!(position(text, 1000, 1), (4, 1));
}

#[test]
fn a_byte_order_mark_is_no_character_of_the_first_line() {
    assert_eq!(position(b"\xEF\xBB\xBFa,b", 5, 1), (1, 3));
    assert_eq!(position(b"\xEF\xBB\xBFa,b", 5, 2), (2, 4));
}

#[test]
fn every_message_is_a_sentence_with_a_place_and_a_remedy() {
    let error = |kind| {
        CsvError {
            line: Some(3),
            column: Some(5),
            ..CsvError::whole(kind)
        }
        .to_string()
    };
    for (kind, message) in [
        (
            CsvErrorKind::WrongFieldCount {
                expected: 3,
                found: 1,
            },
            "line 3, column 5: the record has 1 field where 3 are expected",
        ),
        (
            CsvErrorKind::WrongFieldCount {
                expected: 1,
                found: 2,
            },
            "line 3, column 5: the record has 2 fields where 1 is expected",
        ),
        (
            CsvErrorKind::InvalidText {
                charset: "UTF-8".into(),
                offset: 9,
            },
            "line 3, column 5: the byte at offset 9 is not valid UTF-8; \
             save the file as UTF-8, or state its charset, for example charset=windows-1252",
        ),
        (
            CsvErrorKind::InvalidText {
                charset: "Shift_JIS".into(),
                offset: 9,
            },
            "line 3, column 5: the byte at offset 9 is not valid Shift_JIS; \
             state the charset that the file was written in",
        ),
        (
            CsvErrorKind::UnfitValue {
                name: "zip".into(),
                stated: ColumnType::Integer,
                value: "007".into(),
            },
            "line 3, column 5: the value \"007\" of the column \"zip\" is not an integer of 64 bits, as JSON writes \
             one; correct it, or state another type (string takes every value)",
        ),
        (
            CsvErrorKind::TextAfterQuote,
            "line 3, column 5: text follows a closing quote",
        ),
        (
            CsvErrorKind::OtherHeader {
                place: 2,
                expected: Some("name".into()),
                found: Some("nom".into()),
            },
            "line 3, column 5: column 2 of the header is \"nom\" where the dataset has \"name\"; \
             send the dataset's header, or rows alone as Content-Type: text/csv; header=absent",
        ),
        (
            CsvErrorKind::OtherHeader {
                place: 2,
                expected: Some("name".into()),
                found: None,
            },
            "line 3, column 5: the header ends where the dataset has column 2, \"name\"; \
             send the dataset's header, or rows alone as Content-Type: text/csv; header=absent",
        ),
        (
            CsvErrorKind::OtherHeader {
                place: 2,
                expected: None,
                found: Some("name".into()),
            },
            "line 3, column 5: the header goes on with \"name\" where the dataset has no more columns; \
             send the dataset's header, or rows alone as Content-Type: text/csv; header=absent",
        ),
        (
            CsvErrorKind::OtherDelimiter {
                expected: Delimiter::TAB,
                found: Delimiter::SEMICOLON,
            },
            "line 3, column 5: the delimiter here is ';' and the dataset's is 'tab'; \
             send the rows with 'tab' between fields",
        ),
    ] {
        assert_eq!(error(kind), message);
    }
    assert_eq!(
        CsvError::whole(CsvErrorKind::Empty).to_string(),
        "the CSV is empty; send at least a header line"
    );
}

#[test]
fn long_lists_and_values_are_shortened() {
    let columns = (0..4096).map(|place| format!("c{place}")).collect();
    let message = CsvErrorKind::UnknownStatedColumn {
        name: "x".into(),
        columns,
    }
    .to_string();
    assert!(message.ends_with("c48, c49 and 4046 more"), "{message}");
    assert_eq!(
        shortened("ä".repeat(41).as_str()),
        format!("{}…", "ä".repeat(40))
    );
    assert_eq!(shortened("short"), "short");
}
