use super::*;
use crate::{ColumnType, Ingest, Records, UploadOptions};

/// What is stored of a file: its columns, and the fields of its rows.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    columns: Vec<String>,
    units: Vec<String>,
    rows: Vec<Vec<String>>,
    bad: Vec<(u64, String)>,
}

fn options(parameters: &str) -> UploadOptions {
    let mut options = UploadOptions::default();
    for pair in parameters.split_whitespace() {
        let (name, value) = pair.split_once('=').unwrap();
        match name {
            "header" => options.header_absent = value == "absent",
            "type.n" => options.types.push(("n".to_owned(), value.parse().unwrap())),
            _ => assert!(options.dialect.state(name, value).unwrap(), "{name}"),
        }
    }
    options
}

fn read_in(text: &str, parameters: &str, step: usize) -> Result<Stored, CsvError> {
    let limits = Limits {
        block_bytes: 16,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options(parameters), limits)?;
    let (mut raw_blocks, mut bad) = (Vec::new(), Vec::new());
    for part in text.as_bytes().chunks(step) {
        ingest.push(part, &mut raw_blocks)?;
        bad.extend(ingest.take_bad_rows());
    }
    ingest.finish(&mut raw_blocks)?;
    bad.extend(ingest.take_bad_rows());
    let layout = ingest.layout().unwrap();
    let mut rows = Vec::new();
    for raw_block in &raw_blocks {
        raw_block.analyse()?;
        let body = std::str::from_utf8(&raw_block.text[raw_block.body_start..]).unwrap();
        let mut records = Records::new(body, layout.delimiter, layout.columns.len());
        let mut fields = Vec::new();
        while records.next_into(&mut fields) {
            rows.push(
                fields
                    .iter()
                    .map(|field| field.text().into_owned())
                    .collect(),
            );
        }
    }
    Ok(Stored {
        columns: layout.columns.clone(),
        units: layout.units.clone(),
        rows,
        bad: bad.into_iter().map(|row| (row.line, row.text)).collect(),
    })
}

fn read(text: &str, parameters: &str) -> Result<Stored, CsvError> {
    let whole = read_in(text, parameters, usize::MAX);
    for step in [1, 2, 7] {
        assert_eq!(read_in(text, parameters, step), whole, "{step}");
    }
    whole
}

fn rows(text: &str, parameters: &str) -> (String, Vec<String>) {
    let stored = read(text, parameters).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let joined = |cells: &Vec<String>| cells.join("¦");
    (
        joined(&stored.columns),
        stored.rows.iter().map(joined).collect(),
    )
}

#[test]
fn each_parameter_reads_the_file_that_it_is_for() {
    for (text, parameters, columns, expected) in [
        ("Title\n\na,b\n1,2\n", "skip=2", "a¦b", &["1¦2"][..]),
        ("\u{FEFF}Title\na,b\n1,2\n", "skip=1", "a¦b", &["1¦2"]),
        ("a,b\n1,2\nTotal: 2\n\n\n", "skip_last=1", "a¦b", &["1¦2"]),
        ("a,b\n1,2\nx\ny", "skip_last=2", "a¦b", &["1¦2"]),
        ("a,b\nx\n", "skip_last=1", "a¦b", &[]),
        (
            "Water,,\nTotal,Per head,Sum\n1,2,3\n",
            "header_rows=2",
            "Water Total¦Water Per head¦Water Sum",
            &["1¦2¦3"],
        ),
        ("T;M\n;[K]\n2020;0.3\n", "units=1", "T¦M", &["2020¦0.3"]),
        ("# x\na,b\n# y, z, 1\n1,2\n", "comment=#", "a¦b", &["1¦2"]),
        ("//x\na,b\n1,2\n/,3\n", "comment=//", "a¦b", &["1¦2", "/¦3"]),
        (
            "a::b\n1::2\n3:4::5\n",
            "delimiter=::",
            "a¦b",
            &["1¦2", "3:4¦5"],
        ),
        ("aBAb\n1BA\"2BA\"\n", "delimiter=BA", "a¦b", &["1¦2BA"]),
        (
            "a b\n 1   2\t\n3\t\t4\n",
            "delimiter=space",
            "a¦b",
            &["1¦2", "3¦4"],
        ),
        (
            "a,b\n1,'x,y'\n2,'it''s'\n",
            "quote='",
            "a¦b",
            &["1¦x,y", "2¦it's"],
        ),
        (
            "id\tn\n1\t\"Big\" Bird\n",
            "quote=none",
            "id¦n",
            &["1¦\"Big\" Bird"],
        ),
        (
            "\"id,n\"\n\"1,\"\"a,b\"\"\"\n",
            "quote=lines",
            "id¦n",
            &["1¦a,b"],
        ),
        ("a,b\n1,\"2\\\" x\"\n", r"escape=\", "a¦b", &["1¦2\" x"]),
        ("a,b\n\\N,x\\,y\n", r"escape=\", "a¦b", &["\\N¦x,y"]),
        (
            "a , b\n0, \"a, b\" \n 1 ,2\n",
            "trim=both",
            "a¦b",
            &["0¦a, b", "1¦2"],
        ),
        (
            "a,b,c\nx,3\n1,2,3\n",
            "ragged=pad",
            "a¦b¦c",
            &["x¦3¦", "1¦2¦3"],
        ),
        (
            "a,b\n1,2,3\n4,5,6\n",
            "ragged=widen",
            "a¦b¦column_3",
            &["1¦2¦3", "4¦5¦6"],
        ),
        ("a,b\n1,2,,\n3,4\n", "ragged=cut", "a¦b", &["1¦2", "3¦4"]),
        ("id,n,\n1,x,\n", "ragged=cut", "id¦n", &["1¦x"]),
        ("a\n1\n\n2\n", "trim=both", "a", &["1", "", "2"]),
        ("\n\na\n1\n", "trim=both", "a", &["1"]),
        (
            "\n\n1\n\n2\n",
            "header=absent trim=both",
            "column_1",
            &["", "", "1", "", "2"],
        ),
        (
            "1;2\n3;4\n",
            "header=absent trim=both",
            "column_1¦column_2",
            &["1¦2", "3¦4"],
        ),
        ("a,b\r1,\"x\ny\"\r", "delimiter=,", "a¦b", &["1¦x\ny"]),
        ("a,b\n1,2\n\u{1A}", "trim=both", "a¦b", &["1¦2"]),
        ("a,b\n1,2\n\u{1A}", "delimiter=,", "a¦b", &["1¦2"]),
        ("a,b\n1,2\u{1A}", "delimiter=,", "a¦b", &["1¦2"]),
        ("a,b\u{1A}", "delimiter=,", "a¦b", &[]),
        ("a,b\u{1A}", "trim=both", "a¦b", &[]),
        ("a\n\"\"\n\n", "trim=both", "a", &["", ""]),
        ("\"\"", "header=absent quote=strict", "column_1", &[""]),
    ] {
        let found = rows(text, parameters);
        assert_eq!(found.0, columns, "{text:?} {parameters}");
        assert_eq!(found.1, expected, "{text:?} {parameters}");
    }
    assert_eq!(
        read("T;M\n;[K]\n1;2\n", "units=1").unwrap().units,
        ["", "[K]"]
    );
}

#[test]
fn parameters_compose() {
    let text = "Report\n#c\nWater;;\n'Total';'Per head';Sum\n;l;\n1; 'x;y' ;3\n2\nbad;row;with;five;fields\nTotal;9;9\n";
    let parameters = "skip=1 comment=# header_rows=2 units=1 quote=' trim=both ragged=pad bad_rows=set-aside skip_last=1";
    let stored = read(text, parameters).unwrap();
    assert_eq!(
        stored.columns,
        ["Water Total", "Water Per head", "Water Sum"]
    );
    assert_eq!(stored.units, ["", "l", ""]);
    assert_eq!(stored.rows, [vec!["1", "x;y", "3"], vec!["2", "", ""]]);
    assert_eq!(stored.bad, [(8, "bad;row;with;five;fields".to_owned())]);
}

#[test]
fn rows_that_dont_fit_are_kept_apart_with_their_lines() {
    let text = "n,b\n1,x\n2,\"open\n3,y\n4,a\"b\nx,z\n5,1,2\n6,ok\n";
    let parameters = "bad_rows=set-aside type.n=integer quote=strict";
    let stored = read(text, parameters).unwrap();
    assert_eq!(
        stored.rows,
        [vec!["1", "x"], vec!["3", "y"], vec!["6", "ok"]]
    );
    let lines: Vec<_> = stored
        .bad
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [(3, "2,\"open"), (5, "4,a\"b"), (6, "x,z"), (7, "5,1,2")]
    );
    let few = read(text, &format!("{parameters} bad_rows_max=1")).unwrap_err();
    assert!(matches!(
        few.kind,
        CsvErrorKind::TooManyBadRows { limit: 1, .. }
    ));
}

#[test]
fn a_last_row_without_a_line_end_is_kept_apart_too() {
    for (text, bad) in [
        ("a,b\n1,2\n3,\"4\"5", "3,\"4\"5"),
        ("a,b\n1,2\n3,\"4", "3,\"4"),
        ("a,b\n1,2\n3", "3"),
        ("a,b\n1,2\n3,\"x\"y\n", "3,\"x\"y"),
    ] {
        let stored = read(text, "bad_rows=set-aside").unwrap();
        assert_eq!(stored.bad, [(3, bad.to_owned())]);
        assert_eq!(stored.rows, [["1", "2"]]);
    }
}

/// Takes a file in that comes in parts; what is held must stay below so many bytes.
fn within(parts: impl Iterator<Item = Vec<u8>>, parameters: &str, most: usize) -> CsvErrorKind {
    let limits = Limits {
        max_record: 1 << 20,
        ..Limits::default()
    };
    let mut ingest = Ingest::new(options(parameters), limits).unwrap();
    let mut raw_blocks = Vec::new();
    for part in parts {
        if let Err(error) = ingest.push(&part, &mut raw_blocks) {
            return error.kind;
        }
        raw_blocks.clear();
        ingest.take_bad_rows();
        assert!(ingest.open_bytes() <= most, "{}", ingest.open_bytes());
    }
    ingest.finish(&mut raw_blocks).unwrap_err().kind
}

#[test]
fn long_last_lines_are_refused_before_they_are_held() {
    let line = || Some([b"1,".as_slice(), &[b'x'; 100_000], b"\n"].concat());
    let lines = std::iter::from_fn(line).take(1000);
    let header = std::iter::once(b"a,b\n".to_vec());
    let kind = within(header.chain(lines), "skip_last=1000", 2 << 20);
    assert_eq!(kind, CsvErrorKind::RecordTooLong { limit: 1 << 20 });
}

#[test]
fn quotes_that_are_never_closed_cost_no_more_than_the_file_is_long_many_times_over() {
    // If the rest of the file were read again after each of these, that would be 50 GB.
    let lines = std::iter::repeat_n(b"1,\"x\n".repeat(10_000), 20);
    let header = std::iter::once(b"a,b\n".to_vec());
    let parameters = "bad_rows=set-aside bad_rows_max=100000";
    let kind = within(header.chain(lines), parameters, 2 << 20);
    let refused = matches!(
        kind,
        CsvErrorKind::TextAfterQuote
            | CsvErrorKind::UnclosedQuote
            | CsvErrorKind::TooManyBadRows { .. }
    );
    assert!(refused, "{kind:?}");
    let one = b"a,b\n1,\"".to_vec();
    let long = std::iter::repeat_n(b"x\n".repeat(300_000), 1);
    let kind = within(
        std::iter::once(one).chain(long),
        "bad_rows=set-aside",
        2 << 20,
    );
    assert!(
        matches!(kind, CsvErrorKind::TooManyBadRows { .. }),
        "{kind:?}"
    );
}

#[test]
fn a_mistake_has_its_place_in_the_file_and_a_likely_cause() {
    for (text, parameters, message) in [
        (
            "x\n\na,b\n1,\"2\n",
            "skip=2",
            "line 4, column 3: the quote that opens here is never closed",
        ),
        (
            "#\na,b\n1\n2,3\n",
            "comment=#",
            "line 3, column 1: the record has 1 field where 2 are expected",
        ),
        (
            "a,b\n1,x\"y\"\n",
            "quote=strict",
            "line 2, column 4: a quote stands inside an unquoted field",
        ),
        (
            "n\nx\n",
            "type.n=integer trim=both",
            "line 2, column 1: the value \"x\" of the column \"n\" is not an integer",
        ),
    ] {
        let error = read(text, parameters).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    }
    for (text, advice) in [
        (
            "Account,123\nOwner,x\n\nDate,Text,Sum\n2026-01-01,x,5\n",
            "skip=3",
        ),
        ("d,v\n2026-01-01,5\nTotal: 5\n", "skip_last=1"),
        ("a,b\n0, \"a, b\"\n", "trim=both"),
        ("a,b\n1,\"2\\\" x\"\n", "escape=%5C"),
        ("a,b\n1,'x,y'\n", "quote=%27"),
        ("id\tn\n1\t\"Big\" Bird\n", "quote=none"),
        ("a,b,c\nx,3\nx,4\n", "ragged=pad"),
        ("a,b\n1,2,\n1,2,\n", "ragged=cut"),
        ("a,b\n1,2\n3;4\n5,6\n", "';'"),
        ("a,b\n1,2\n#x\n5,6\n", "comment=%23"),
        ("a,b\n1,2\n0\0,2\n", "null_bytes=keep"),
    ] {
        let error = read(text, "").unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
    let error = read("a;b,c\n1;2\n3;4;5\n", "").unwrap_err().to_string();
    assert!(error.contains("(the delimiter is ';': "), "{error}");
}

#[test]
fn combinations_without_a_meaning_are_refused() {
    for (parameters, absent) in [
        ("delimiter=' quote='", false),
        ("escape=\" quote=\"", false),
        ("header_rows=2", true),
        ("units=1", true),
        ("ragged=widen", true),
        ("bad_rows_max=5", false),
    ] {
        let dialect = options(parameters).dialect;
        assert!(dialect.check(absent).is_err(), "{parameters}");
    }
}

#[test]
fn what_is_stated_is_told_and_read_again() {
    let parameters = r"delimiter=:: quote=' escape=\ comment=# skip=1 skip_last=2 header_rows=2 units=1 trim=both ragged=pad,cut bad_rows=set-aside bad_rows_max=7 null_bytes=keep";
    let dialect = options(parameters).dialect;
    let told: Vec<_> = dialect
        .parameters()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(told.join(" "), parameters);
    let stored = serde_json::to_string(&dialect).unwrap();
    assert_eq!(serde_json::from_str::<Dialect>(&stored).unwrap(), dialect);
    assert!(serde_json::from_str::<Dialect>(r#"{"later": "1"}"#).is_err());
    assert_eq!(Dialect::default().or(&dialect), dialect);
    assert_eq!(options("skip=0").dialect.or(&dialect).skip(), 0);
    assert_eq!(ColumnType::of("1"), ColumnType::Integer);
}

#[test]
fn the_line_that_names_the_delimiter_is_one_of_the_lines_above_the_table() {
    let text = "sep=;\nReport\na;b\n1;2\n3;4\n";
    let refused = read(text, "").unwrap_err().to_string();
    assert!(refused.contains("skip=2"), "{refused}");
    for skip in ["skip=2", "skip=2 trim=both"] {
        let (columns, found) = rows(text, skip);
        assert_eq!(
            (columns.as_str(), found.as_slice()),
            ("a¦b", &["1¦2".to_owned(), "3¦4".to_owned()][..])
        );
    }
}
