//! What the columns of a dataset hold is told without reading its rows, and is right.

use serde_json::{Value, json};

use crate::client::{Answer, V2};
use crate::server::Server;

impl Server {
    fn summary(&self, name: &str) -> Value {
        let path = format!("/datasets/{name}/summary");
        self.get(&path).v2().send().ok().json()
    }
}

/// What is told of a column.
#[track_caller]
fn column<'s>(summary: &'s Value, name: &str) -> &'s Value {
    let columns = summary["columns"].as_array().unwrap();
    columns
        .iter()
        .find(|column| column["name"] == name)
        .unwrap()
}

/// Rows `from` to `to` of a table whose columns are known: too many for a dataset that is taken in at once.
fn csv(from: u64, to: u64) -> String {
    let rows = (from..to).map(|row| {
        let delay = if row % 10 == 0 {
            String::new()
        } else {
            (row % 50).to_string()
        };
        let place = ["LAX", "SFO", "JFK", "SFO"][row as usize % 4];
        let day = 1 + row % 28;
        format!("{row},{delay},{place},2013-02-{day:02},{}\n", row % 2 == 0)
    });
    format!("id,delay,place,day,even\n{}", rows.collect::<String>())
}

const ROWS: u64 = 20_000;

/// Whether that is the summary of the first [`ROWS`] rows of the table.
#[track_caller]
fn is_right(summary: &Value) {
    assert_eq!(summary["row_count"], ROWS);
    let id = column(summary, "id");
    assert_eq!(id["count"], ROWS);
    assert_eq!(
        (&id["least"], &id["greatest"]),
        (&json!(0), &json!(ROWS - 1))
    );
    assert_eq!(id["mean"], (ROWS - 1) as f64 / 2.0);
    let estimate = id["distinct"]["estimate"].as_f64().unwrap();
    let error = id["distinct"]["error"].as_f64().unwrap();
    assert!(0.0 < error && error < 0.1);
    assert!((estimate / ROWS as f64 - 1.0).abs() < error * 2.0);
    assert_eq!(id["frequent"], Value::Null);
    let counts = id["histogram"]["counts"].as_array().unwrap();
    let counts = counts.iter().map(|count| count.as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), ROWS);

    let delay = column(summary, "delay");
    assert_eq!(
        (&delay["nulls"], &delay["count"]),
        (&json!(ROWS / 10), &json!(ROWS * 9 / 10))
    );
    assert_eq!(delay["distinct"], json!({ "estimate": 45, "error": 0.0 }));
    assert_eq!(
        (&delay["least"], &delay["greatest"]),
        (&json!(1), &json!(49))
    );
    assert_eq!(delay["frequent"]["error"], 0);
    assert_eq!(
        delay["frequent"]["values"][0],
        json!({ "value": 1, "count": 400 })
    );

    let place = column(summary, "place");
    assert_eq!(
        place["frequent"],
        json!({ "error": 0, "values": [
            { "value": "SFO", "count": ROWS / 2 },
            { "value": "JFK", "count": ROWS / 4 },
            { "value": "LAX", "count": ROWS / 4 },
        ] })
    );
    assert_eq!(
        (&place["least"], &place["greatest"]),
        (&json!("JFK"), &json!("SFO"))
    );
    assert_eq!(
        (&place["mean"], &place["histogram"]),
        (&Value::Null, &Value::Null)
    );

    let day = column(summary, "day");
    assert_eq!(day["histogram"]["edges"][0], "2013-02-01");
    assert_eq!(
        (&day["least"], &day["greatest"]),
        (&json!("2013-02-01"), &json!("2013-02-28"))
    );
    assert_eq!(
        column(summary, "even")["frequent"]["values"][1]["value"],
        true
    );
}

#[test]
fn the_summary_of_a_large_upload_is_made_while_it_is_taken_in() {
    let server = Server::start();
    server.store("flights", csv(0, ROWS));
    assert_eq!(server.place.summaries(), 1);
    let summary = server.summary("flights");
    assert_eq!(
        (&summary["name"], &summary["revision"]),
        (&json!("flights"), &json!(1))
    );
    is_right(&summary);
}

#[test]
fn the_summary_of_a_small_upload_is_made_when_it_is_asked_for() {
    let server = Server::start();
    server.store(
        "small",
        "n,s\n1,a\n,\"b\"\"c\"\n12345678901234567890,a\n1.50,\n",
    );
    assert_eq!(server.place.summaries(), 0);
    let summary = server.summary("small");
    let n = column(&summary, "n");
    assert_eq!(
        (&n["type"], &n["count"], &n["nulls"]),
        (&json!("number"), &json!(3), &json!(1))
    );
    // Digit for digit.
    let answer = server
        .get("/datasets/small/summary")
        .v2()
        .send()
        .ok()
        .text();
    assert!(
        answer.contains("\"greatest\":12345678901234567890,"),
        "{answer}"
    );
    assert!(answer.contains("{\"value\":1.50,\"count\":1}"), "{answer}");
    let s = column(&summary, "s");
    assert_eq!(s["greatest"], "b\"c");
    assert_eq!(
        s["frequent"]["values"][0],
        json!({ "value": "a", "count": 2 })
    );
}

#[test]
fn appended_rows_count_as_if_they_had_been_uploaded_together() {
    let server = Server::start();
    server.store("flights", csv(0, 9_000));
    let append = |from: u64, to: u64| {
        let call = server.post("/datasets/flights/rows").v2();
        call.csv(csv(from, to)).send().ok();
    };
    append(9_000, 9_003);
    append(9_003, ROWS);
    is_right(&server.summary("flights"));
    let first = server
        .get("/datasets/flights/summary?revision=1")
        .v2()
        .send()
        .ok();
    let first = first.json();
    assert_eq!(
        (&first["revision"], &first["row_count"]),
        (&json!(1), &json!(9_000))
    );
    assert_eq!(column(&first, "id")["greatest"], 8_999);
}

#[test]
fn putting_appended_rows_together_in_the_background_keeps_the_summary() {
    let server = Server::start();
    server.store("flights", csv(0, 1_000));
    for part in 1..20 {
        let call = server.post("/datasets/flights/rows").v2();
        call.csv(csv(part * 1_000, (part + 1) * 1_000)).send().ok();
    }
    server.until(|server| server.segments("flights") < 16);
    let server = server.restart();
    is_right(&server.summary("flights"));
}

#[test]
fn rows_that_an_earlier_release_stored_have_a_summary_too() {
    let server = Server::start();
    server.store("flights", csv(0, ROWS));
    server.place.forget_summaries();
    let server = server.restart();
    assert_eq!(server.place.summaries(), 0);
    is_right(&server.summary("flights"));
}

#[test]
fn a_summary_that_the_client_has_is_not_sent_again() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let path = "/datasets/people/summary";
    let get = |header: &str, value: &str| -> Answer {
        server.get(path).v2().header(header, value).send()
    };
    let answer = server.get(path).v2().send().ok();
    let tag = answer.header("ETag").to_owned();
    // What is estimated may be put in other bytes another time.
    assert!(tag.starts_with("W/\""), "{tag}");
    let same = get("If-None-Match", &tag);
    assert_eq!((same.status, same.header("ETag")), (304, &*tag));
    get("If-None-Match", "\"other\"").ok();
    get("If-Match", "*").ok();
    // A weak tag never matches strongly (RFC 9110, section 8.8.3.2).
    assert_eq!(get("If-Match", &tag).status, 412);
    let head = server.call("HEAD", path).v2().send().ok();
    assert_eq!(head.header("ETag"), tag);
    server
        .put("/datasets/people")
        .v2()
        .csv("id\n2\n")
        .send()
        .ok();
    let newer = get("If-None-Match", &tag).ok();
    assert_eq!(newer.json()["columns"][0]["least"], 2);
}

#[test]
fn a_summary_that_there_is_not_is_refused_with_what_there_is() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    let get = |path: &str| server.get(path).accept(V2).send();
    get("/datasets/nobody/summary").refused(404, &["nobody"]);
    get("/datasets/people/summary?revision=2").refused(404, &["2"]);
    get("/datasets/people/summary?columns=id").refused(400, &["columns", "revision"]);
    let v1 = server.get("/datasets/people/summary").send();
    v1.refused(404, &["v2"]);
    let post = server.post("/datasets/people/summary").v2().send();
    post.refused(405, &[]);
}
