//! Parameters that say how a CSV is to be read, in the query and in the media type.

use serde_json::json;

use super::put;
use crate::client::Answer;
use crate::server::Server;

/// Puts a CSV with that query and that media type.
fn send(server: &Server, query: &str, media_type: &str, csv: impl AsRef<[u8]>) -> Answer {
    let call = server.put(&format!("/datasets/x{query}")).v2();
    call.header("Content-Type", media_type).body(csv).send()
}

#[test]
fn a_header_is_present_or_absent_in_any_spelling() {
    let server = Server::start();
    for (spelling, rows) in [
        ("absent", json!([{"column_1": "a"}, {"column_1": "1"}])),
        ("Absent", json!([{"column_1": "a"}, {"column_1": "1"}])),
        ("no", json!([{"column_1": "a"}, {"column_1": "1"}])),
        ("None", json!([{"column_1": "a"}, {"column_1": "1"}])),
        ("FALSE", json!([{"column_1": "a"}, {"column_1": "1"}])),
        ("present", json!([{"a": 1}])),
        ("PRESENT", json!([{"a": 1}])),
        ("yes", json!([{"a": 1}])),
        ("True", json!([{"a": 1}])),
    ] {
        for (query, media_type) in [
            (String::new(), format!("text/csv; header={spelling}")),
            (format!("?header={spelling}"), "text/csv".to_owned()),
            (
                format!("?header={spelling}"),
                format!("text/csv; Header=\"{spelling}\""),
            ),
        ] {
            let answer = send(&server, &query, &media_type, "a\n1\n");
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
            assert_eq!(server.rows("x"), rows, "{query} {media_type}");
        }
    }
    for (query, media_type) in [
        ("", "text/csv; header=maybe"),
        ("?header=0", "text/csv"),
        ("?header=", "text/csv"),
    ] {
        let answer = send(&server, query, media_type, "a\n1\n");
        answer.refused(400, &["header", "present", "absent"]);
    }
}

#[test]
fn a_charset_may_be_stated_in_the_query() {
    let server = Server::start();
    let csv = b"name\nZ\xfcrich\n";
    for (query, media_type) in [
        ("?charset=windows-1252", "text/csv"),
        ("?charset=latin1", "text/csv; charset=Windows-1252"),
    ] {
        let answer = send(&server, query, media_type, csv);
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        assert_eq!(server.rows("x"), json!([{"name": "Zürich"}]));
    }
    let appended = server.post("/datasets/x/rows?charset=windows-1252&header=present");
    appended.v2().csv(csv).send().ok();
    let rows = json!([{"name": "Zürich"}, {"name": "Zürich"}]);
    assert_eq!(server.rows("x"), rows);
    let call = server.post("/datasets?name=y&charset=windows-1252&header=absent");
    call.csv(csv).send().created();
    let rows = json!([{"column_1": "name"}, {"column_1": "Zürich"}]);
    assert_eq!(server.rows("y"), rows);
}

#[test]
fn what_the_query_and_the_media_type_say_may_not_differ() {
    let server = Server::start();
    for (query, media_type, words) in [
        (
            "?charset=utf-8",
            "text/csv; charset=latin1",
            ["charset", "utf-8", "latin1"],
        ),
        (
            "?header=absent",
            "text/csv; header=present",
            ["header", "absent", "present"],
        ),
        (
            "?header=yes",
            "text/csv; header=None",
            ["header", "present", "None"],
        ),
    ] {
        let answer = send(&server, query, media_type, "a\n1\n");
        answer.refused(400, &words);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_type_may_be_stated_twice_only_if_it_is_the_same() {
    let server = Server::start();
    put(&server, "x", "?type.a=string&type.a=string", "a\n1\n").created();
    assert_eq!(server.rows("x"), json!([{"a": "1"}]));
    let answer = put(&server, "y", "?type.a=string&type.a=integer", "a\n1\n");
    answer.refused(400, &["type.a", "string", "integer"]);
    assert_eq!(server.names(), ["x"]);
}

#[test]
fn a_query_that_is_not_utf_8_is_400_and_names_the_parameter() {
    let server = Server::start();
    server.store("x", "a\n\u{e9}\n");
    for (call, name) in [
        (
            server.put("/datasets/x?null=%E9").v2().csv("a\n1\n"),
            "null",
        ),
        (server.post("/datasets?name=%ff").csv("a\n1\n"), "name"),
        (
            server.post("/datasets?na%ffme=x").csv("a\n1\n"),
            "na%ffme=x",
        ),
        (server.get("/datasets/x/rows?a=eq.%E9").v2(), "a"),
        (server.get("/datasets/x/rows?%E9=eq.1").v2(), "%E9=eq.1"),
        (server.get("/datasets/x?page=%80"), "page"),
        (server.get("/datasets?cursor=%C3").v2(), "cursor"),
        (server.get("/changelog?from=%C3"), "from"),
        (server.delete("/datasets/x?force=%fe"), "force"),
    ] {
        call.send().refused(400, &[name, "UTF-8", "%C3%A9"]);
    }
    let rows = server.get("/datasets/x/rows?a=eq.%C3%A9").v2().send().ok();
    assert_eq!(rows.json()["data"], json!([{"a": "é"}]));
}

#[test]
fn a_charset_may_be_spelt_as_other_programs_spell_it() {
    let server = Server::start();
    for (spelling, csv, kept) in [
        ("latin-1", &b"n\nZ\xfcrich\n"[..], "latin1"),
        ("iso8859_1", b"n\nZ\xfcrich\n", "iso8859-1"),
        ("windows1252", b"n\nZ\xfcrich\n", "windows-1252"),
        ("macroman", b"n\nZ\x9frich\n", "macintosh"),
        ("utf_8", "n\nZürich\n".as_bytes(), "utf-8"),
        ("%0Alatin1%20", b"n\nZ\xfcrich\n", "latin1"),
    ] {
        let path = format!("/datasets/x?charset={spelling}");
        let answer = server.put(&path).v2().csv(csv).send();
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        assert_eq!(server.rows("x"), json!([{"n": "Zürich"}]), "{spelling}");
        let source = server.get("/datasets/x/source").v2().send().ok();
        let kept = format!("text/csv; charset={kept}");
        assert_eq!(source.header("Content-Type"), kept, "{spelling}");
    }
}

#[test]
fn us_ascii_is_ascii_and_another_byte_is_422_with_its_place() {
    let server = Server::start();
    put(&server, "x", "?charset=us-ascii", "n\nAda\n").created();
    assert_eq!(server.rows("x"), json!([{"n": "Ada"}]));
    let answer = put(&server, "y", "?charset=ascii", "n\nZürich\n");
    answer.refused(422, &["offset 3", "us-ascii"]);
    assert_eq!(server.names(), ["x"]);
}
