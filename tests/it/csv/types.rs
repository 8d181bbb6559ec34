//! The type of a column: the narrowest that holds for all of it; and that no digit is lost.

use std::fmt::Write as _;

use serde_json::json;

use super::{columns, put};
use crate::server::Server;

const PRICES: &str = include_str!("../../data/prices.csv");

#[test]
fn a_column_has_the_narrowest_type_that_holds_for_each_value() {
    let server = Server::start();
    for (kind, values) in [
        ("boolean", &["true", "false"][..]),
        ("boolean", &["TRUE", "False", "true"]),
        ("integer", &["0", "1", "-1", "42"]),
        ("integer", &["9223372036854775807", "-9223372036854775808"]),
        ("number", &["9223372036854775808"]),
        ("number", &["-9223372036854775809", "1"]),
        ("number", &["12345678901234567890"]),
        ("number", &["1.5", "2"]),
        (
            "number",
            &[
                "1.10",
                "-0.0",
                "1e5",
                "1E+05",
                "2e-7",
                "0.1234567890123456789",
            ],
        ),
        ("number", &["1e400"]),
        // No i64 is a negative zero, and readers that know integers give it back as a float.
        ("number", &["-0"]),
        ("date", &["2024-02-29", "1969-12-31", "0001-01-01"]),
        (
            "datetime",
            &[
                "2024-01-31T10:00:00Z",
                "2024-01-31T10:00:00+01:00",
                "2024-01-31T10:00:00.123456Z",
            ],
        ),
        ("string", &["007"]),
        ("string", &["-007", "1"]),
        ("string", &["00"]),
        ("string", &["+1"]),
        ("string", &[".5"]),
        ("string", &["5."]),
        ("string", &["1e"]),
        ("string", &["NaN"]),
        ("string", &["Infinity", "-inf"]),
        ("string", &["0x10"]),
        ("string", &["1_000"]),
        ("string", &["1,5"]),
        ("string", &["1'000"]),
        ("string", &[" 1"]),
        ("string", &["1 "]),
        ("string", &["１"]),
        ("string", &["--1"]),
        ("string", &["-"]),
        ("string", &["tRUE"]),
        ("string", &["True", "yes"]),
        ("string", &["yes", "no"]),
        ("string", &["2023-02-29"]),
        ("string", &["2024-13-01"]),
        ("string", &["2024-1-1"]),
        ("string", &["31.01.2024"]),
        ("string", &["20240131T100000Z"]),
        ("string", &["2024-01-31T10:00:00"]),
        ("string", &["2024-01-31T25:00:00Z"]),
        ("string", &["true", "1"]),
        ("string", &["2024-02-29", "2024-01-31T10:00:00Z"]),
        ("string", &["1", "x"]),
        ("string", &["2024-02-29", "1"]),
    ] {
        let mut csv = "v\n".to_owned();
        for value in values {
            writeln!(csv, "\"{value}\"").unwrap();
        }
        let answer = server.put("/datasets/one").v2().csv(csv).send();
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        assert_eq!(
            columns(&answer.json()),
            [format!("v: {kind}")],
            "{values:?}"
        );
    }
}

#[test]
fn an_empty_field_makes_a_column_nullable_and_leaves_its_type() {
    let server = Server::start();
    server.store(
        "one",
        "b,i,n,d,t,s\ntrue,1,1.5,2024-01-01,2024-01-01T00:00:00Z,x\n,,,,,\"\"\n",
    );
    assert_eq!(
        columns(&server.dataset("one")),
        [
            "b: boolean?",
            "i: integer?",
            "n: number?",
            "d: date?",
            "t: datetime?",
            "s: string?"
        ]
    );
    assert_eq!(
        server.rows("one"),
        json!([
            {"b": true, "i": 1, "n": 1.5, "d": "2024-01-01", "t": "2024-01-01T00:00:00Z", "s": "x"},
            {"b": null, "i": null, "n": null, "d": null, "t": null, "s": null},
        ])
    );
    let v1 = server.get("/datasets/one").send().ok().json();
    assert_eq!(v1["rows"][1], json!(["", "", "", "", "", ""]));
}

#[test]
fn the_whole_column_decides_and_not_its_beginning() {
    let server = Server::start();
    let mut csv = "early,late,gap\n".to_owned();
    for n in 0..30_000 {
        writeln!(csv, "{n},{n},{n}").unwrap();
    }
    csv.push_str("30000,NA,\n");
    server.store("one", csv);
    assert_eq!(
        columns(&server.dataset("one")),
        ["early: integer", "late: string", "gap: integer?"]
    );
    let first = server.get("/datasets/one/rows?limit=1").v2().send().ok();
    assert_eq!(
        first.json()["data"][0],
        json!({"early": 0, "late": "0", "gap": 0})
    );
}

#[test]
fn a_number_leaves_as_it_came_digit_for_digit() {
    let server = Server::start();
    server.store("prices", PRICES);
    assert_eq!(
        columns(&server.dataset("prices")),
        [
            "article: string",
            "price: number",
            "serial: number",
            "weight_kg: number",
            "discount: number"
        ]
    );
    let rows = [
        r#"{"article":"007","price":1.10,"serial":12345678901234567890,"weight_kg":0.50,"discount":1e-2}"#,
        r#"{"article":"00501","price":99.00,"serial":17,"weight_kg":12.0,"discount":0}"#,
        r#"{"article":"0815","price":0.1234567890123456789,"serial":4006381333931,"weight_kg":-0,"discount":-2.50E+1}"#,
    ];
    let page = server.get("/datasets/prices/rows").v2().send().ok().text();
    assert_eq!(
        page,
        format!("{{\"data\":[{}],\"next\":null}}", rows.join(","))
    );
    let lines = server
        .get("/datasets/prices/rows")
        .accept("application/vnd.flash.v2+ndjson");
    assert_eq!(lines.send().ok().text(), rows.join("\n") + "\n");
    let csv = server
        .get("/datasets/prices/rows")
        .accept("application/vnd.flash.v2+csv");
    assert_eq!(csv.send().ok().text(), PRICES);
    let v1 = server.get("/datasets/prices").send().ok().json();
    assert_eq!(
        v1["rows"][0],
        json!(["007", "1.10", "12345678901234567890", "0.50", "1e-2"])
    );
}

#[test]
fn nulls_that_are_stated_mean_no_value() {
    let server = Server::start();
    let csv = "a,b,c,d\n1,NA,-,NA\nNA,2.5,x,\n3,n/a,y,NA\n";
    put(&server, "one", "?null=NA&null=n/a&null=-", csv).created();
    assert_eq!(
        columns(&server.dataset("one")),
        ["a: integer?", "b: number?", "c: string?", "d: string?"]
    );
    assert_eq!(
        server.rows("one"),
        json!([
            {"a": 1, "b": null, "c": null, "d": null},
            {"a": null, "b": 2.5, "c": "x", "d": null},
            {"a": 3, "b": null, "c": "y", "d": null},
        ])
    );
}

#[test]
fn a_null_is_a_whole_field_and_as_it_is_written() {
    let server = Server::start();
    put(&server, "one", "?null=NA", "text\nNA\nna\nNAMIBIA\nN A\n").created();
    assert_eq!(
        server.rows("one"),
        json!([{"text": null}, {"text": "na"}, {"text": "NAMIBIA"}, {"text": "N A"}])
    );
}

#[test]
fn a_person_named_null_stays_unless_null_is_stated() {
    let server = Server::start();
    server.store("one", "name\nNull\nNA\nnone\n");
    assert_eq!(columns(&server.dataset("one")), ["name: string"]);
    assert_eq!(
        server.rows("one"),
        json!([{"name": "Null"}, {"name": "NA"}, {"name": "none"}])
    );
}
