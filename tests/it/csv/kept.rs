//! What was stated about a file stays with its dataset: appends and later uploads are read in the same way, and rows that were
//! set aside stay as long as their dataset.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::wild::round_trip;
use super::{columns, put};
use crate::client::Answer;
use crate::server::{Builder, Server};

fn append(server: &Server, name: &str, query: &str, csv: impl AsRef<[u8]>) -> Answer {
    let path = format!("/datasets/{name}/rows{query}");
    server.post(&path).v2().csv(csv).send()
}

/// The lines and texts of the rows that were set aside.
fn apart(server: &Server, path: &str) -> Vec<(u64, String)> {
    let rows = server.get(path).v2().send().ok().json();
    let rows = rows["data"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = row["text"].as_str().unwrap();
        (row["line"].as_u64().unwrap(), text.to_owned())
    })
    .collect()
}

#[track_caller]
fn comes_back(server: &Server, name: &str) {
    let faults = round_trip::faults(server, name);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_appended_file_is_read_in_the_same_way_as_the_first_one() {
    let server = Server::start();
    for (at, (query, first, more, rows)) in [
        (
            "?skip=2",
            &b"Report\n\na,b\n1,x\n"[..],
            &b"Next\n\na,b\n2,y\n"[..],
            json!([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ),
        (
            "?skip_last=1&comment=%23",
            b"a,b\n#c\n1,x\nTotal\n",
            b"#d\na,b\n2,y\nTotal\n\n",
            json!([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ),
        (
            "?header_rows=2&units=1",
            b"W,\na,b\n,[K]\n1,2\n",
            b"W,\na,b\n,[K]\n3,4\n",
            json!([{"W a": 1, "W b": 2}, {"W a": 3, "W b": 4}]),
        ),
        (
            "?delimiter=::",
            b"a::b\n1::x,y\n",
            b"a::b\n2::\"z::\"\n",
            json!([{"a": 1, "b": "x,y"}, {"a": 2, "b": "z::"}]),
        ),
        (
            "?delimiter=space",
            b"a b\n1  x\n",
            b" a   b\n2 y \n",
            json!([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ),
        (
            "?quote='&escape=%5C&trim=both",
            b"a , b\n1, 'x,y'\n",
            b"a , b\n2, 'it\\'s' \n",
            json!([{"a": 1, "b": "x,y"}, {"a": 2, "b": "it's"}]),
        ),
        (
            "?ragged=pad,widen,cut",
            b"a,b\n1,2,3\n",
            b"a,b\n4\n5,6,7,,\n",
            json!([
                {"a": 1, "b": 2, "column_3": 3},
                {"a": 4, "b": null, "column_3": null},
                {"a": 5, "b": 6, "column_3": 7},
            ]),
        ),
        (
            "?charset=latin1&skip=1&delimiter=;",
            b"\xdcber\na;b\n1;\xfc\n",
            b"\xdcber\na;b\n2;\xe9\n",
            json!([{"a": 1, "b": "ü"}, {"a": 2, "b": "é"}]),
        ),
        (
            "?decimal=,&delimiter=;&null=-",
            b"a;b\n1;1,5\n",
            b"a;b\n2;-\n",
            json!([{"a": 1, "b": 1.5}, {"a": 2, "b": null}]),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("case-{at}");
        put(&server, &name, query, first).created();
        // The charset is the upload's, and all else the dataset's.
        let again = match query.contains("charset") {
            true => "?charset=latin1",
            false => "",
        };
        append(&server, &name, again, more).ok();
        assert_eq!(server.rows(&name), rows, "{query}");
        comes_back(&server, &name);
    }
}

#[test]
fn appended_rows_without_a_header_have_no_lines_above_or_below_them() {
    let server = Server::start();
    let query = "?skip=1&skip_last=1&header_rows=2&units=1&quote='&bad_rows=set-aside";
    let first = "Title\nW,\na,b\n,[K]\n1,'x,y'\nTotal\n";
    put(&server, "one", query, first).created();
    append(&server, "one", "?header=absent", "2,'z,'\n3,w\n4\n").ok();
    let rows = json!([
        {"W a": 1, "W b": "x,y"},
        {"W a": 2, "W b": "z,"},
        {"W a": 3, "W b": "w"},
    ]);
    assert_eq!(server.rows("one"), rows);
    let dataset = server.dataset("one");
    assert_eq!(dataset["columns"][1]["unit"], "[K]");
    assert_eq!(
        apart(&server, "/datasets/one/bad-rows"),
        [(3, "4".to_owned())]
    );
    // The next file has its header and its lines again.
    append(&server, "one", "", first).ok();
    assert_eq!(server.rows("one").as_array().unwrap().len(), 4);
    // A dataset whose file had no header keeps what was stated about the lines above it.
    put(&server, "two", "?header=absent&skip=1", "Title\n1,2\n").created();
    append(&server, "two", "?header=absent", "Title\n3,4\n").ok();
    let rows = json!([{"column_1": 1, "column_2": 2}, {"column_1": 3, "column_2": 4}]);
    assert_eq!(server.rows("two"), rows);
}

#[test]
fn a_later_upload_keeps_what_it_does_not_state_and_takes_back_what_it_states_otherwise() {
    let server = Server::start();
    let kind = |server: &Server| columns(&server.dataset("one"));
    let csv = "Title\na;b\n1;1.234,5\nx\n";
    let query = "?skip=1&decimal=,&thousands=.&bad_rows=set-aside&bad_rows_max=5";
    put(&server, "one", query, csv).created();
    assert_eq!(kind(&server), ["a: integer", "b: number"]);
    put(&server, "one", "", csv).ok();
    assert_eq!(kind(&server), ["a: integer", "b: number"]);
    assert_eq!(
        apart(&server, "/datasets/one/bad-rows"),
        [(4, "x".to_owned())]
    );
    // Rows are refused again, and a number is written with a point.
    let answer = put(&server, "one", "?bad_rows=refuse", csv);
    answer.refused(422, &["line 4"]);
    let csv = "a;b\n1;1.5\n";
    let query = "?skip=0&decimal=.&thousands=none&bad_rows=refuse";
    put(&server, "one", query, csv).ok();
    assert_eq!(kind(&server), ["a: integer", "b: number"]);
    assert_eq!(server.rows("one"), json!([{"a": 1, "b": 1.5}]));
    assert_eq!(apart(&server, "/datasets/one/bad-rows"), []);
    comes_back(&server, "one");
}

#[test]
fn separators_that_exclude_each_other_are_refused_also_if_one_was_stated_before() {
    let server = Server::start();
    let csv = "a;b\n1.234,5;x\n";
    let query = "?decimal=,&thousands=.&delimiter=;";
    put(&server, "one", query, csv).created();
    let refused = put(&server, "one", "?decimal=.", csv);
    refused.refused(400, &["decimal", "thousands"]);
    assert_eq!(server.dataset("one")["revision"], 1);
    put(&server, "one", "?decimal=.&thousands=none", csv).ok();
}

#[test]
fn rows_that_were_set_aside_stay_through_appends_compaction_and_the_end_of_old_revisions() {
    let server = Server::with(|settings| settings.store.keep_revisions = 2);
    let csv = |n: usize| format!("a,b\n{n},x\nbad-{n}\n");
    put(&server, "one", "?bad_rows=set-aside", csv(0)).created();
    for n in 1..40 {
        let answer = append(&server, "one", "", csv(n)).ok().json();
        assert_eq!(answer["bad_rows"]["count"], 1);
        assert_eq!(answer["bad_rows"]["first"][0]["text"], format!("bad-{n}"));
    }
    server.until(|server| server.segments("one") < 16);
    let all: Vec<_> = (0..40).map(|n| (3, format!("bad-{n}"))).collect();
    assert_eq!(apart(&server, "/datasets/one/bad-rows"), all);
    let before = "/datasets/one/bad-rows?revision=39";
    assert_eq!(apart(&server, before), all[..39]);
    let server = server.restart();
    assert_eq!(apart(&server, "/datasets/one/bad-rows"), all);
    let ndjson = server.get("/datasets/one/bad-rows");
    let ndjson = ndjson.accept("application/vnd.flash.v2+ndjson").send().ok();
    let lines: Vec<Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 40);
    assert_eq!(lines[39]["text"], "bad-39");
}

#[test]
fn the_end_of_a_text_of_dos_stays_out_of_the_rows_whatever_follows_it() {
    let server = Server::start();
    for (name, query) in [("plain", ""), ("translated", "?trim=both")] {
        put(&server, name, query, "a,b\n1,x\u{1A}").created();
        for _ in 0..20 {
            append(&server, name, "", "a,b\n2,y\n\u{1A}").ok();
        }
        server.until(|server| server.segments(name) < 16);
        let rows = server.rows(name);
        assert_eq!(rows[0], json!({"a": 1, "b": "x"}));
        assert_eq!(rows[20], json!({"a": 2, "b": "y"}));
        assert_eq!(rows.as_array().unwrap().len(), 21);
    }
}

#[test]
fn rows_that_were_set_aside_go_with_their_dataset() {
    let mut builder = Builder::new();
    let clock = builder.stand_at(Timestamp::now());
    let server = builder.start();
    let csv = "a,b\n1,x\nbad\n";
    put(&server, "one", "?bad_rows=set-aside", csv).created();
    assert!(server.place.source_blocks() > 0);
    let deleted = server.delete("/datasets/one").v2().send();
    assert_eq!(deleted.status, 204);
    server
        .place
        .let_tombstones_age(SignedDuration::from_mins(5), &clock);
    server.until(|server| server.place.source_blocks() == 0);
    put(&server, "one", "", "a,b\n1,x\n").created();
    assert_eq!(apart(&server, "/datasets/one/bad-rows"), []);
}
