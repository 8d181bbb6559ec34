//! Types that the sender states.

use serde_json::json;

use super::{columns, put};
use crate::server::Server;

#[test]
fn a_stated_type_is_the_one() {
    let server = Server::start();
    let csv = "zip,n,flag,day\n12345,1,true,2024-01-01\n99999,2,false,\n";
    let query = "?type.zip=string&type.n=number&type.flag=string&type.day=string";
    put(&server, "one", query, csv).created();
    assert_eq!(
        columns(&server.dataset("one")),
        ["zip: string", "n: number", "flag: string", "day: string?"]
    );
    assert_eq!(
        server.rows("one"),
        json!([
            {"zip": "12345", "n": 1, "flag": "true", "day": "2024-01-01"},
            {"zip": "99999", "n": 2, "flag": "false", "day": null},
        ])
    );
}

#[test]
fn a_type_is_stated_by_the_name_that_the_column_gets() {
    let server = Server::start();
    put(
        &server,
        "one",
        "?type.a_2=string&type.column_3=string",
        "a,a,\n1,2,3\n",
    )
    .created();
    assert_eq!(
        columns(&server.dataset("one")),
        ["a: integer", "a_2: string", "column_3: string"]
    );
    put(
        &server,
        "two",
        "?type.stra%C3%9Fe%20nr=string",
        "straße nr\n1\n",
    )
    .created();
    assert_eq!(columns(&server.dataset("two")), ["straße nr: string"]);
}

#[test]
fn a_value_that_does_not_fit_its_stated_type_is_422_with_its_line() {
    let server = Server::start();
    for (kind, good, bad) in [
        ("boolean", "true", "yes"),
        ("integer", "1", "1.0"),
        ("integer", "1", "9223372036854775808"),
        ("integer", "1", "007"),
        ("number", "1.5", "1,5"),
        ("number", "1.5", "NaN"),
        ("date", "2024-02-29", "2023-02-29"),
        ("datetime", "2024-01-31T10:00:00Z", "2024-01-31"),
    ] {
        let csv = format!("n;v\n1;{good}\n2;{bad}\n3;{good}\n");
        let answer = put(&server, "one", &format!("?type.v={kind}"), csv);
        assert_eq!(answer.status, 422, "{kind} {bad}: {}", answer.text());
        let problem = answer.refused(422, &["\"v\"", bad]).json();
        assert_eq!(problem["line"], 3, "{kind} {bad}");
        assert_eq!(problem["column"], 3, "{kind} {bad}");
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_value_far_down_that_does_not_fit_is_found_with_its_line() {
    let server = Server::start();
    let mut csv = "v\n".to_owned();
    csv.extend((0..30_000).map(|n| format!("{n}\n")));
    csv.push_str("seventy\n");
    let answer = put(&server, "one", "?type.v=integer", csv);
    assert_eq!(answer.refused(422, &["seventy"]).json()["line"], 30_002);
}

#[test]
fn an_empty_or_null_field_fits_every_type() {
    let server = Server::start();
    put(
        &server,
        "one",
        "?type.a=integer&type.b=date&null=NA",
        "a,b\n1,\n,2024-01-01\nNA,NA\n",
    )
    .created();
    assert_eq!(columns(&server.dataset("one")), ["a: integer?", "b: date?"]);
}

#[test]
fn a_type_that_is_none_is_400_and_says_which_there_are() {
    let server = Server::start();
    for kind in ["", "int", "text", "Integer", "float"] {
        let answer = put(&server, "one", &format!("?type.a={kind}"), "a\n1\n");
        assert_eq!(answer.status, 400, "{kind}: {}", answer.text());
        answer.refused(400, &["type.a", "integer", "string"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_type_for_a_column_that_is_not_there_is_refused_and_names_those_that_are() {
    let server = Server::start();
    let answer = put(
        &server,
        "one",
        "?type.postcode=string",
        "zip,city\n8000,Zürich\n",
    );
    assert!([400, 422].contains(&answer.status), "{}", answer.text());
    let status = answer.status;
    answer.refused(status, &["postcode", "zip", "city"]);
    assert_eq!(server.names(), [""; 0]);
}
