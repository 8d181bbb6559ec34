//! Values as their authors write them: with a decimal comma, dates of a country, times of a town. They are typed, filtered and
//! ordered by what they mean; version 2 writes them as JSON does, version 1 as they came.

mod model;

use serde_json::json;

use super::{columns, put};
use crate::server::Server;

const GERMAN: &str = "?decimal=,&thousands=.&dates=dmy&zone=Europe/Berlin";
const SALES: &str = "\
id;price;day;at;paid;count
1;1.234,50;31.12.2026;31.12.2026 12:00;TRUE;1.000
2;0,5;1.2.2026;2026-07-01 12:00:00,5;FALSE;12
3;;2026-03-01;2026-07-01T10:30:00Z;true;
4;-7;01/03/2026;1.7.2026 12:15:00;False;999
";

/// The ids of the rows that a query finds, in its order, page by page.
#[track_caller]
fn ids(server: &Server, name: &str, query: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut path = format!("/datasets/{name}/rows?select=id&limit=300&{query}");
    loop {
        let page = server.get(&path).v2().send().ok().json();
        let rows = page["data"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row["id"].as_u64().unwrap()));
        let Some(cursor) = page["next"].as_str() else {
            return ids;
        };
        path = format!("/datasets/{name}/rows?select=id&limit=300&{query}&cursor={cursor}");
    }
}

fn sales() -> String {
    SALES.replace(":00,5;", ":00.5;")
}

fn csv_of(server: &Server, path: &str, version: u8) -> String {
    let accept = format!("application/vnd.flash.v{version}+csv");
    server.get(path).accept(&accept).send().ok().text()
}

#[test]
fn version_2_writes_values_as_json_does_and_version_1_and_the_source_as_they_came() {
    let server = Server::start();
    let dataset = put(&server, "sales", GERMAN, sales()).created().json();
    assert_eq!(
        columns(&dataset),
        [
            "id: integer",
            "price: number?",
            "day: date",
            "at: datetime",
            "paid: boolean",
            "count: integer?"
        ]
    );
    let text = server.get("/datasets/sales/rows").v2().send().ok().text();
    assert!(
        text.contains(r#""price":1234.50,"#),
        "digit for digit: {text}"
    );
    assert_eq!(
        server.rows("sales"),
        json!([
            {"id": 1, "price": 1234.5, "day": "2026-12-31", "at": "2026-12-31T12:00:00+01:00", "paid": true, "count": 1000},
            {"id": 2, "price": 0.5, "day": "2026-02-01", "at": "2026-07-01T12:00:00.5+02:00", "paid": false, "count": 12},
            {"id": 3, "price": null, "day": "2026-03-01", "at": "2026-07-01T10:30:00Z", "paid": true, "count": null},
            {"id": 4, "price": -7, "day": "2026-03-01", "at": "2026-07-01T12:15:00+02:00", "paid": false, "count": 999},
        ])
    );
    let lines = server
        .get("/datasets/sales/rows?id=eq.1")
        .accept("application/vnd.flash.v2+ndjson")
        .send()
        .ok()
        .text();
    assert_eq!(
        lines,
        "{\"id\":1,\"price\":1234.50,\"day\":\"2026-12-31\",\"at\":\"2026-12-31T12:00:00+01:00\",\"paid\":true,\"count\":1000}\n"
    );
    assert_eq!(
        csv_of(&server, "/datasets/sales/rows", 2),
        "id,price,day,at,paid,count\n\
         1,1234.50,2026-12-31,2026-12-31T12:00:00+01:00,true,1000\n\
         2,0.5,2026-02-01,2026-07-01T12:00:00.5+02:00,false,12\n\
         3,,2026-03-01,2026-07-01T10:30:00Z,true,\n\
         4,-7,2026-03-01,2026-07-01T12:15:00+02:00,false,999\n"
    );
    let first = server
        .get("/datasets/sales")
        .accept(crate::client::V1)
        .send()
        .ok()
        .json();
    assert_eq!(
        first["rows"][0],
        json!([
            "1",
            "1.234,50",
            "31.12.2026",
            "31.12.2026 12:00",
            "TRUE",
            "1.000"
        ])
    );
    let csv = csv_of(&server, "/datasets/sales", 1);
    assert!(
        csv.contains("1,\"1.234,50\",31.12.2026,31.12.2026 12:00,TRUE,1.000\n"),
        "{csv}"
    );
    assert_eq!(csv_of(&server, "/datasets/sales/source", 2), sales());
}

#[test]
fn a_plain_csv_with_booleans_of_a_spreadsheet_is_written_with_those_of_json() {
    let server = Server::start();
    let dataset = put(
        &server,
        "flags",
        "?type.on=boolean",
        "id,on\n1,TRUE\n2,False\n3,true\n",
    );
    assert_eq!(
        columns(&dataset.created().json()),
        ["id: integer", "on: boolean"]
    );
    assert_eq!(
        csv_of(&server, "/datasets/flags/rows", 2),
        "id,on\n1,true\n2,false\n3,true\n"
    );
    assert_eq!(
        csv_of(&server, "/datasets/flags", 1),
        "id,on\n1,TRUE\n2,False\n3,true\n"
    );
    for (query, found) in [
        ("on=is.true", &[1, 3][..]),
        ("on=eq.true", &[1, 3]),
        ("on=eq.TRUE", &[1, 3]),
        ("on=neq.true", &[2]),
        ("on=in.(False)", &[2]),
        ("order=on", &[2, 1, 3]),
        ("order=on.desc", &[1, 3, 2]),
    ] {
        assert_eq!(ids(&server, "flags", query), found, "{query}");
    }
    let summary = server
        .get("/datasets/flags/summary")
        .v2()
        .send()
        .ok()
        .json();
    let on = &summary["columns"][1];
    assert_eq!(on["distinct"], json!({"estimate": 2, "error": 0.0}));
    assert_eq!(
        on["frequent"]["values"],
        json!([{"value": true, "count": 2}, {"value": false, "count": 1}])
    );
    assert_eq!(
        (&on["least"], &on["greatest"]),
        (&json!(false), &json!(true))
    );
}

#[test]
fn appended_rows_are_written_as_the_dataset_is_and_may_make_a_column_one_of_strings() {
    let server = Server::start();
    put(&server, "prices", "?decimal=,", "id;price\n1;1,5\n").created();
    let append = |csv: &str| {
        server
            .post("/datasets/prices/rows")
            .v2()
            .csv(csv)
            .send()
            .ok()
            .json()
    };
    append("id;price\n2;0,50\n");
    assert_eq!(ids(&server, "prices", "price=gt.1"), [1]);
    assert_eq!(
        server.rows("prices"),
        json!([{"id": 1, "price": 1.5}, {"id": 2, "price": 0.5}])
    );
    let dataset = append("id;price\n3;1.5\n");
    assert_eq!(columns(&dataset), ["id: integer", "price: string"]);
    assert_eq!(
        server.rows("prices"),
        json!([{"id": 1, "price": "1,5"}, {"id": 2, "price": "0,50"}, {"id": 3, "price": "1.5"}])
    );
    // The first two blocks hold numbers. What is asked for is the text.
    assert_eq!(ids(&server, "prices", "price=eq.1,5"), [1]);
    assert_eq!(ids(&server, "prices", "price=eq.1.5"), [3]);
    assert_eq!(ids(&server, "prices", "price=in.(%220,50%22,1.5)"), [2, 3]);
    assert_eq!(ids(&server, "prices", "order=price"), [2, 1, 3]);
    let first = server
        .get("/datasets/prices/rows?revision=2")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(first["data"][0]["price"], 1.5);
    // A new CSV under the name has its own formats.
    put(&server, "prices", "?decimal=.", "id,price\n1,1.5\n").ok();
    assert_eq!(server.rows("prices"), json!([{"id": 1, "price": 1.5}]));
}

#[test]
fn a_stated_type_is_checked_as_the_values_are_written() {
    let server = Server::start();
    put(&server, "good", "?decimal=,&type.n=number", "n;x\n1,5;a\n").created();
    let refused = put(
        &server,
        "bad",
        "?decimal=,&type.n=number",
        "n;x\n1,5;a\n1.5;b\n",
    );
    refused.refused(422, &["line 3", "1.5"]);
}

#[test]
fn what_is_not_a_format_is_refused_with_the_choices() {
    let server = Server::start();
    for (query, words) in [
        ("?decimal=x", &["\"x\"", "decimal", "one of . and ,"][..]),
        (
            "?thousands=%20%20",
            &["thousands", "one of . , ' _ and space"],
        ),
        ("?dates=DMY", &["dates", "one of dmy, mdy and ymd"]),
        ("?datetimes=utc", &["datetimes", "local"]),
        ("?zone=Rome", &["zone", "Europe/Rome", "%2B"]),
        (
            "?decimal=,&thousands=,",
            &["thousands", "another separator than decimal=,"],
        ),
        (
            "?thousands=.",
            &["thousands", "another separator than decimal=."],
        ),
        ("?decimal=,&decimal=.", &["more than once"]),
    ] {
        put(&server, "x", query, "a\n1\n").refused(400, words);
        server
            .post(&format!("/datasets{query}&name=x"))
            .csv("a\n1\n")
            .send()
            .refused(400, words);
    }
}

#[test]
fn datetimes_without_a_zone_are_those_of_utc_unless_a_zone_is_stated() {
    let server = Server::start();
    let csv = "t\n2026-01-01 12:00:00\n";
    for (name, query, written) in [
        ("unstated", "?datetimes=local", "2026-01-01T12:00:00Z"),
        (
            "rome",
            "?datetimes=local&zone=Europe/Rome",
            "2026-01-01T12:00:00+01:00",
        ),
        ("offset", "?zone=%2B02:00", "2026-01-01T12:00:00+02:00"),
        ("plain", "", "2026-01-01 12:00:00"),
    ] {
        let answer = put(&server, name, query, csv).created().json();
        assert_eq!(server.rows(name)[0]["t"], written, "{query}");
        let told = answer["hints"].to_string();
        let unstated = told.contains("t are read as UTC; zone=");
        assert_eq!(unstated, name == "unstated", "{answer}");
    }
}
