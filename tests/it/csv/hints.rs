//! Hints: what stating a null would make of a column.

use serde_json::{Value, json};

use super::put;
use crate::server::Server;

const DEPARTURES: &str = include_str!("../../data/departures.csv");

/// The hints in the answer to a `PUT` that creates.
fn hints(csv: &str, query: &str) -> Value {
    let server = Server::start();
    put(&server, "one", query, csv).created().json()["hints"].take()
}

#[test]
fn the_one_text_that_keeps_a_column_from_a_narrower_type_is_hinted_at() {
    assert_eq!(
        hints(DEPARTURES, ""),
        json!(["dep_delay would be integer with null=NA"])
    );
    for (values, kind, null) in [
        (["1", "NULL", "2", "NULL"], "integer", "NULL"),
        (["1.5", "-", "2", ""], "number", "-"),
        (["true", "unknown", "false", "false"], "boolean", "unknown"),
        (["2024-01-01", "2024-01-02", "N/A", "N/A"], "date", "N/A"),
        (["None", "2024-01-31T10:00:00Z", "", ""], "datetime", "None"),
    ] {
        let mut csv = "n,v\n".to_owned();
        csv.extend(values.map(|value| format!("1,{value}\n")));
        let hint = format!("v would be {kind} with null={null}");
        assert_eq!(hints(&csv, ""), json!([hint]), "{values:?}");
    }
}

#[test]
fn a_post_gives_hints_too() {
    let server = Server::start();
    let answer = server
        .post("/datasets?name=one")
        .v2()
        .csv(DEPARTURES)
        .send()
        .created();
    assert_eq!(
        answer.json()["data"][0]["hints"],
        json!(["dep_delay would be integer with null=NA"])
    );
}

#[test]
fn two_such_texts_are_one_hint_and_none_is_none() {
    assert_eq!(
        hints("v\n1\nNA\n-\n", ""),
        json!(["v would be integer with null=NA&null=-"])
    );
    for csv in ["v\n1\n2\n", "v\nAda\nGrace\n", "v\n007\n008\n"] {
        assert_eq!(hints(csv, ""), Value::Null, "{csv:?}");
    }
}

#[test]
fn what_is_stated_is_not_hinted_at() {
    assert_eq!(hints(DEPARTURES, "?null=NA"), Value::Null);
    assert_eq!(hints(DEPARTURES, "?type.dep_delay=string"), Value::Null);
}

#[test]
fn following_the_hint_gives_the_type_it_promised() {
    let server = Server::start();
    let made = put(&server, "one", "?null=NA", DEPARTURES).created().json();
    assert_eq!(
        super::columns(&made),
        [
            "flight: string",
            "dest: string",
            "dep_delay: integer?",
            "gate: string?"
        ]
    );
}
