//! Values at the edges of their types: leap seconds, the first and the last year, exponents beyond 64 bits.

use serde_json::{Value, json};

use super::{columns, put};
use crate::server::Server;

/// The values that a query finds, as they are written, without quotes.
#[track_caller]
fn found(server: &Server, query: &str) -> Vec<String> {
    let path = format!("/datasets/x/rows?{query}");
    let rows = server.get(&path).accept("application/vnd.flash.v2+ndjson");
    let rows = rows.send().ok().text().replace('"', "");
    let value = |row: &str| row[3..row.len() - 1].to_owned();
    rows.lines().map(value).collect()
}

#[test]
fn a_leap_second_comes_after_its_minute_and_before_the_next() {
    let server = Server::start();
    let ascending = [
        "2016-12-31T23:59:59.999999999Z",
        "2016-12-31T23:59:60Z",
        "2017-01-01T00:59:60.5+01:00",
        "2017-01-01T00:00:00Z",
        "2017-01-01T00:00:00.2Z",
    ];
    let csv = |order: [usize; 5]| format!("v\n{}\n", order.map(|at| ascending[at]).join("\n"));
    put(&server, "x", "", csv([3, 2, 4, 0, 1])).created();
    assert_eq!(server.dataset("x")["columns"][0]["type"], "datetime");
    assert_eq!(found(&server, "order=v"), ascending);
    assert_eq!(
        found(&server, "order=v&v=gt.2016-12-31T23:59:60Z"),
        ascending[2..]
    );
    assert_eq!(
        found(&server, "order=v&v=lt.2017-01-01T00:00:00Z"),
        ascending[..3]
    );
    assert_eq!(
        found(&server, "v=eq.2016-12-31T23:59:60.5Z"),
        ascending[2..3]
    );
    let summary = server.get("/datasets/x/summary").v2().send().ok().json();
    assert_eq!(summary["columns"][0]["least"], ascending[0]);
    assert_eq!(summary["columns"][0]["greatest"], ascending[4]);
}

#[test]
fn a_second_60_is_a_time_only_where_a_month_ends_in_utc() {
    let server = Server::start();
    for (value, kind) in [
        ("2015-06-30T23:59:60Z", "datetime"),
        ("2026-02-28T23:59:60Z", "datetime"),
        ("2024-02-28T23:59:60Z", "string"),
        ("2016-12-31T23:59:60+01:00", "string"),
        ("2016-12-31T10:30:60Z", "string"),
    ] {
        let dataset = put(&server, "x", "", format!("v\n{value}\n")).json();
        assert_eq!(columns(&dataset), [format!("v: {kind}")], "{value}");
    }
}

#[test]
fn the_edges_of_a_histogram_can_be_written_in_every_year() {
    let server = Server::start();
    for (values, first, last) in [
        (
            ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"],
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ),
        (["0000-01-01", "9999-12-31"], "0000-01-01", "9999-12-31"),
        (
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00:19Z"],
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:20Z",
        ),
    ] {
        put(&server, "x", "", format!("v\n{}\n", values.join("\n")));
        let summary = server.get("/datasets/x/summary").v2().send().ok().json();
        let column = &summary["columns"][0];
        assert_eq!(
            (&column["least"], &column["greatest"]),
            (&json!(values[0]), &json!(values[1]))
        );
        let edges = column["histogram"]["edges"].as_array().unwrap();
        assert_eq!(
            (&edges[0], edges.last().unwrap()),
            (&json!(first), &json!(last))
        );
        let texts = edges.iter().map(|edge| edge.as_str().unwrap());
        assert!(texts.is_sorted(), "{edges:?}");
        let counts = column["histogram"]["counts"].as_array().unwrap();
        assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 2);
    }
}

#[test]
fn numbers_with_exponents_of_any_size_are_compared_exactly() {
    let server = Server::start();
    let ascending = [
        "-1e99999999999999999999",
        "-1e99999999999999999998",
        "1e-99999999999999999999",
        "10e-99999999999999999999",
        "5",
        "1e99999999999999999998",
        "1e99999999999999999999",
    ];
    let csv = |order: [usize; 7]| format!("v\n{}\n", order.map(|at| ascending[at]).join("\n"));
    put(&server, "x", "", csv([5, 1, 6, 2, 0, 3, 4])).created();
    assert_eq!(found(&server, "order=v"), ascending);
    assert_eq!(
        found(&server, "v=eq.10e99999999999999999998"),
        ascending[6..]
    );
    assert_eq!(
        found(&server, "order=v&v=lt.1e99999999999999999999"),
        ascending[..6]
    );
    assert_eq!(
        found(&server, "v=in.(1e99999999999999999998,7)"),
        ascending[5..6]
    );
}
