use super::*;

fn of(text: &str) -> Result<Detected, CsvErrorKind> {
    detect(text.as_bytes(), true, &Dialect::default(), None).map_err(|error| error.kind)
}

fn delimiter(text: &str) -> u8 {
    of(text).unwrap().delimiter.byte()
}

#[test]
fn the_delimiter_divides_the_header_and_the_first_rows_into_equally_many_fields() {
    for (text, expected) in [
        ("a,b\n1,2\n", b','),
        ("a\n1\n", b','),
        // The bank: commas in the header, and in numbers. The rows have one comma each, the header has one too.
        (
            "Datum;Betrag, EUR;Text\n01.01.2026;-30,78;Miete\n02.01.2026;1;Brot\n",
            b';',
        ),
        (
            "freq,unit,geo\\TIME\t2023\t2024\nA,PC,IT\t1.0\t2.0 e\n",
            b'\t',
        ),
        ("SKU (a, b);Name (1, 2);Price\n1542;Oil;90.0\n", b';'),
        ("a;b\n\"x,y\";\"1,2\"\n", b';'),
        ("a|b\n1|2\n3|4\n", b'|'),
        ("sep=;\na,x;b\n1,5;2\n", b';'),
        ("\"SEP=\t\"\r\na\tb\r\n", b'\t'),
        // One row of many is broken.
        ("a,b;c\n1;2\n1;2\n1;2;3\n", b';'),
        // A header alone.
        ("a;b;c,d", b','),
        ("a;b|c", b';'),
    ] {
        assert_eq!(delimiter(text), expected, "{text:?}");
    }
}

#[test]
fn a_text_that_two_delimiters_divide_evenly_is_refused_with_both() {
    let both = of("Datum;Betrag, EUR;Text\n01.01.2026;-30,78;Miete\n02.01.2026;-1,10;Brot\n");
    assert_eq!(
        both,
        Err(CsvErrorKind::AmbiguousDelimiter {
            found: vec![Delimiter::COMMA, Delimiter::SEMICOLON]
        })
    );
    let dialect = Dialect::default();
    let known = Some((Delimiter::SEMICOLON, Reason::Stated));
    assert!(detect(b"a,b;c\n1,2;3\n", true, &dialect, known).is_ok());
}

#[test]
fn a_title_above_a_table_of_several_columns_is_told_with_its_lines() {
    let title = |lines, comments, delimiter| {
        Err(CsvErrorKind::Title {
            lines,
            comments,
            delimiter,
        })
    };
    assert_eq!(
        of("Extracted on 2026-01-06\nid;name;price\n1;x;2,5\n"),
        title(1, false, Delimiter::SEMICOLON)
    );
    assert_eq!(
        of("# annual mean\n# of all\nyear,mean\n1959,3\n1960,4\n"),
        title(2, true, Delimiter::COMMA)
    );
    let preamble = of("Account,123\nOwner,x\n\nDate,Text,Sum\n2026-01-01,x,5\n2026-01-02,y,6\n");
    assert_eq!(preamble.unwrap().title.unwrap().lines, 3);
    assert_eq!(of("text\na\nb\n").unwrap().title, None);
}

#[test]
fn carriage_returns_end_lines_where_no_line_feed_does() {
    assert!(of("a,b\r1,2\r").unwrap().returns);
    assert!(of("a,\"b\nc\"\r1,2\r").unwrap().returns);
    assert!(!of("a,b\r\n1,2\r\n").unwrap().returns);
    assert!(!of("a,\"b\rc\"\n1,2\n").unwrap().returns);
    assert!(!of("a,b").unwrap().returns);
}

#[test]
fn the_delimiter_of_the_dataset_so_far_is_not_taken_for_a_file_that_has_another() {
    let dialect = Dialect::default();
    let kept = Some((Delimiter::SEMICOLON, Reason::Kept));
    let found = |text: &[u8]| detect(text, true, &dialect, kept);
    assert_eq!(
        found(b"a;b\n1;2,5\n").unwrap().delimiter,
        Delimiter::SEMICOLON
    );
    assert_eq!(found(b"a\n1\n").unwrap().delimiter, Delimiter::SEMICOLON);
    assert_eq!(
        found(b"a,b\n1,2\n").unwrap_err().kind,
        CsvErrorKind::OtherDelimiterKept {
            kept: Delimiter::SEMICOLON,
            found: Delimiter::COMMA
        }
    );
}

#[test]
fn lines_end_in_carriage_returns_only_if_no_line_feed_is_outside_quotes() {
    let returns = |text: &str, parameters: &[(&str, &str)]| {
        let mut dialect = Dialect::default();
        for (name, value) in parameters {
            assert!(dialect.state(name, value).unwrap());
        }
        detect(text.as_bytes(), true, &dialect, None)
            .unwrap()
            .returns
    };
    for text in ["a\rb\r", "a,b\r1,\"x\ny\"\r", "a,b\r1,\"x\"\"\n\"\r"] {
        assert!(returns(text, &[]), "{text:?}");
    }
    for text in [
        "a\r\nb\r\n",
        "a\rb\n",
        // A quote inside a field opens nothing.
        "a,b\r\n5\" disk,x\r\n6\",\"x\ry\"\r\n",
        "a,b\r\n1,x\"\r\n",
    ] {
        assert!(!returns(text, &[]), "{text:?}");
    }
    assert!(returns("a,b\r1,\"\\\"\n\"\r", &[("escape", "\\")]));
    assert!(!returns("a~b\r\n1\"~\"x\ry\"\r\n", &[("delimiter", "~")]));
    assert!(returns("a~b\r1~\"x\ny\"\r", &[("delimiter", "~")]));
}
