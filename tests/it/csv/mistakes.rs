//! CSVs that are refused: with line and column, and nothing is stored.

use super::put;
use crate::server::Server;

#[test]
fn a_mistake_is_422_with_its_line_and_column() {
    let server = Server::start();
    for (what, csv, line, column) in [
        ("a short row", &b"a,b\n1,2\n3\n"[..], 3, None),
        ("a long row", b"a,b\n1,2\n3,4,5\n", 3, None),
        ("a short first row", b"a,b,c\n1,2\n1,2,3\n", 2, None),
        (
            "a short last row without a line end",
            b"a,b\n1,2\n3",
            3,
            None,
        ),
        (
            "a short row after quoted newlines",
            b"a,b\n\"1\n1\n1\",2\n3\n",
            5,
            None,
        ),
        (
            "a short row after CRLF",
            b"a,b\r\n\"1\r\n1\",2\r\n3\r\n",
            4,
            None,
        ),
        ("an unclosed quote", b"a,b\n1,2\n3,\"4\n5,6\n", 3, Some(3)),
        (
            "an unclosed quote in the header",
            b"a,\"b\n1,2\n",
            1,
            Some(3),
        ),
        (
            "an unclosed quote after wide letters",
            "a,b\nZürich,\"4\n".as_bytes(),
            2,
            Some(8),
        ),
        (
            "an unclosed quote after a byte-order mark",
            b"\xEF\xBB\xBFa,\"b\n1,2\n",
            1,
            Some(3),
        ),
        ("invalid UTF-8", b"a,b\n1,2\n3,4\xFF\n", 3, Some(4)),
        ("invalid UTF-8 in the header", b"a,b\xC3\n1,2\n", 1, Some(4)),
        (
            "a cut-off character at the end",
            b"a,b\n1,2\xE2\x82",
            2,
            Some(4),
        ),
        ("an encoded surrogate", b"a\n\xED\xA0\x80\n", 2, Some(1)),
        ("an overlong encoding", b"a\n\xC0\xAF\n", 2, Some(1)),
        ("text after a quote", b"a,b\n1,\"2\"x\n", 2, None),
        ("nothing", b"", 1, Some(1)),
        ("a byte-order mark alone", b"\xEF\xBB\xBF", 1, Some(1)),
        ("line ends alone", b"\n\r\n\n", 1, None),
    ] {
        for call in [
            server.put("/datasets/one"),
            server.post("/datasets?name=one"),
        ] {
            let answer = call.v2().csv(csv).send();
            assert_eq!(answer.status, 422, "{what}: {}", answer.text());
            let problem = answer.json();
            let (found_line, found_column) = (problem["line"].as_u64(), problem["column"].as_u64());
            if what != "line ends alone" {
                assert_eq!(found_line, Some(line), "{what}: {problem}");
            }
            assert!(found_line >= Some(1), "{what}: {problem}");
            assert!(found_column >= Some(1), "{what}: {problem}");
            if column.is_some() {
                assert_eq!(found_column, column, "{what}: {problem}");
            }
        }
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_row_of_another_length_is_told_both_numbers() {
    let server = Server::start();
    put(&server, "one", "", "a,b,c\n1,2\n").refused(422, &["line 2", "2 fields", "3"]);
    put(&server, "one", "", "a,b,c\n1,2,3,4,5\n").refused(422, &["line 2", "5 fields", "3"]);
}

#[test]
fn a_mistake_far_down_is_found_with_its_line() {
    let server = Server::start();
    let mut csv = "a,b\n".to_owned();
    csv.extend((0..30_000).map(|n| format!("{n},\"x\ny\"\n")));
    for bad in ["short\n", "1,2,3\n", "1,\"open\n"] {
        let problem = put(&server, "one", "", format!("{csv}{bad}"))
            .refused(422, &[])
            .json();
        assert_eq!(problem["line"], 60_002, "{bad:?}");
    }
    let mut bytes = csv.into_bytes();
    bytes.extend_from_slice(b"1,\xFF\n");
    let problem = put(&server, "one", "", bytes).refused(422, &[]).json();
    assert_eq!(
        (problem["line"].as_u64(), problem["column"].as_u64()),
        (Some(60_002), Some(3))
    );
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn the_sentence_itself_says_the_line_in_either_version() {
    let server = Server::start();
    for accept in [
        "application/vnd.flash.v1+json",
        "application/vnd.flash.v2+json",
    ] {
        let call = server.post("/datasets?name=one").accept(accept);
        call.csv("a,b\n1,2\n3\n").send().refused(422, &["line 3"]);
    }
}

#[test]
fn too_many_columns_are_422_and_the_limit_is_named() {
    let server = Server::start();
    let header: Vec<_> = (0..4097).map(|n| format!("c{n}")).collect();
    let csv = header.join(",") + "\n";
    put(&server, "one", "", csv).refused(422, &["4097", "4096", "--max-columns"]);
    let small = Server::with(|settings| settings.limits.max_columns = 3);
    put(&small, "one", "", "a,b,c,d\n1,2,3,4\n").refused(422, &["4", "3", "--max-columns"]);
    put(&small, "two", "", "a,b,c\n1,2,3\n").created();
    assert_eq!(small.names(), ["two"]);
}

#[test]
fn too_long_a_record_is_422_and_the_limit_is_named() {
    let server = Server::with(|settings| settings.limits.max_record = 100);
    let record = |length: usize| "x".repeat(length - 1) + "\n";
    put(&server, "one", "", "a\n".to_owned() + &record(100)).created();
    let csv = "a\nshort\n".to_owned() + &record(101) + "short\n";
    let problem = put(&server, "two", "", csv)
        .refused(422, &["100 bytes", "--max-record"])
        .json();
    assert_eq!(problem["line"], 3);
    // A quote that is never closed makes the rest of the file one record.
    let csv = "a\n\"open\n".to_owned() + &record(60) + &record(60) + &record(60);
    let problem = put(&server, "two", "", csv)
        .refused(422, &["--max-record"])
        .json();
    assert_eq!(problem["line"], 2);
    put(&server, "two", "", record(101)).refused(422, &["--max-record"]);
    assert_eq!(server.names(), ["one"]);
}

#[test]
fn a_record_longer_than_8_mib_is_422_where_nothing_else_was_set() {
    let server = Server::start();
    let csv = format!("a\n{}\n", "x".repeat(8 << 20));
    put(&server, "one", "", csv).refused(422, &["8388608 bytes", "--max-record"]);
}
