//! Values as their authors write them: with a decimal comma, dates of a country, times of a town. They are typed, filtered and
//! ordered by what they mean; version 2 writes them as JSON does, version 1 as they came.

use std::fmt::Write as _;

use serde_json::{Value, json};

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
    for (query, written) in [
        ("?datetimes=local", "2026-01-01T12:00:00Z"),
        (
            "?datetimes=local&zone=Europe/Rome",
            "2026-01-01T12:00:00+01:00",
        ),
        ("?zone=%2B02:00", "2026-01-01T12:00:00+02:00"),
        ("", "2026-01-01 12:00:00"),
    ] {
        let answer = put(&server, "times", query, csv).json();
        assert_eq!(server.rows("times")[0]["t"], written, "{query}");
        let told = answer["hints"][0].as_str().unwrap_or_default();
        let unstated = query == "?datetimes=local";
        assert_eq!(
            told.contains("t are read as UTC; zone="),
            unstated,
            "{answer}"
        );
    }
}

/// A row as the model knows it, and as it is written.
struct Row {
    cents: i64,
    count: i64,
    day: (u32, u32),
    minute: u32,
    paid: bool,
}

impl Row {
    fn of(random: &mut impl FnMut(u64) -> u64) -> Self {
        Self {
            cents: random(4_000_000) as i64 - 2_000_000,
            count: random(3_000_000_000) as i64,
            day: (1 + random(12) as u32, 1 + random(28) as u32),
            minute: random(1440) as u32,
            paid: random(2) == 0,
        }
    }

    fn written(&self, id: usize, random: &mut impl FnMut(u64) -> u64) -> String {
        let sign = if self.cents < 0 { "-" } else { "" };
        let (euros, cents) = (
            self.cents.unsigned_abs() / 100,
            self.cents.unsigned_abs() % 100,
        );
        let price = format!("{sign}{},{cents:02}", grouped(euros, random));
        let count = grouped(self.count.unsigned_abs(), random);
        let (month, day) = self.day;
        let date = match random(3) {
            0 => format!("{day}.{month}.2026"),
            1 => format!("{day:02}/{month:02}/2026"),
            _ => format!("2026-{month:02}-{day:02}"),
        };
        let time = format!("{:02}:{:02}", self.minute / 60, self.minute % 60);
        let at = match random(3) {
            0 => format!("{date} {time}"),
            1 => format!("{date}T{time}:00"),
            _ => format!("2026-{month:02}-{day:02}T{time}:00+03:00"),
        };
        let paid = [["false", "FALSE", "False"], ["true", "TRUE", "True"]];
        let paid = paid[usize::from(self.paid)][random(3) as usize];
        format!("{id};{price};{count};{date};{at};{paid}\n")
    }

    fn canonical(&self, id: usize) -> Value {
        let (month, day) = self.day;
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        json!({
            "id": id,
            "price": self.cents as f64 / 100.0,
            "count": self.count,
            "day": format!("2026-{month:02}-{day:02}"),
            "at": format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00+03:00"),
            "paid": self.paid,
        })
    }

    fn moment(&self) -> (u32, u32, u32) {
        (self.day.0, self.day.1, self.minute)
    }
}

/// Whole digits, perhaps in groups.
fn grouped(number: u64, random: &mut impl FnMut(u64) -> u64) -> String {
    let digits = number.to_string();
    if random(2) == 0 {
        return digits;
    }
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

#[test]
fn queries_find_and_order_rows_by_what_their_values_mean_however_they_are_written() {
    let server = Server::with(|settings| settings.store.blocks.block_bytes = 8 << 10);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    /// Rows of each upload. The uploads are so many that they are put together in the background, while they are asked for.
    const PART: usize = 100;
    let rows: Vec<Row> = (0..2000).map(|_| Row::of(&mut random)).collect();
    let header = "id;price;count;day;at;paid\n";
    let query = "?decimal=,&thousands=.&dates=dmy&zone=%2B03:00";
    for (part, some) in rows.chunks(PART).enumerate() {
        let mut csv = header.to_owned();
        for (at, row) in some.iter().enumerate() {
            let _ = write!(csv, "{}", row.written(part * PART + at, &mut random));
        }
        match part {
            0 => drop(put(&server, "model", query, csv).created()),
            _ => drop(
                server
                    .post("/datasets/model/rows")
                    .v2()
                    .csv(csv)
                    .send()
                    .ok(),
            ),
        }
    }
    let all: Vec<Value> = rows
        .iter()
        .enumerate()
        .map(|(id, row)| row.canonical(id))
        .collect();
    assert_eq!(server.rows("model"), Value::Array(all));
    let matching = |holds: &dyn Fn(&Row) -> bool| -> Vec<u64> {
        let found = rows.iter().enumerate().filter(|(_, row)| holds(row));
        found.map(|(id, _)| id as u64).collect()
    };
    for round in 0..12 {
        if round == 6 {
            server.until(|server| server.segments("model") < 16);
        }
        let one = &rows[random(2000) as usize];
        let text = one.canonical(0);
        let at = text["at"].as_str().unwrap().replace('+', "%2B");
        let day = text["day"].as_str().unwrap();
        let price = format!("{:.2}", one.cents as f64 / 100.0);
        for (query, found) in [
            (
                format!("count=eq.{}", one.count),
                matching(&|row| row.count == one.count),
            ),
            (
                format!("count=in.(1,{})", one.count),
                matching(&|row| row.count == one.count),
            ),
            (
                format!("count=gt.{}", one.count),
                matching(&|row| row.count > one.count),
            ),
            (
                format!("price=eq.{price}"),
                matching(&|row| row.cents == one.cents),
            ),
            (
                format!("price=lte.{price}"),
                matching(&|row| row.cents <= one.cents),
            ),
            (format!("day=eq.{day}"), matching(&|row| row.day == one.day)),
            (
                format!("day=not.lt.{day}"),
                matching(&|row| row.day >= one.day),
            ),
            (
                format!("at=eq.{at}"),
                matching(&|row| row.moment() == one.moment()),
            ),
            (
                format!("at=gte.{at}"),
                matching(&|row| row.moment() >= one.moment()),
            ),
            (
                format!("paid=is.true&day=lt.{day}"),
                matching(&|row| row.paid && row.day < one.day),
            ),
        ] {
            assert_eq!(ids(&server, "model", &query), found, "{query}");
        }
    }
    let ordered = |before: &dyn Fn(&Row, &Row) -> std::cmp::Ordering| -> Vec<u64> {
        let mut ids: Vec<usize> = (0..rows.len()).collect();
        ids.sort_by(|a, b| before(&rows[*a], &rows[*b]));
        ids.into_iter().map(|id| id as u64).collect()
    };
    for (query, wanted) in [
        ("order=price", ordered(&|a, b| a.cents.cmp(&b.cents))),
        ("order=count.desc", ordered(&|a, b| b.count.cmp(&a.count))),
        (
            "order=paid,at.desc",
            ordered(&|a, b| (a.paid.cmp(&b.paid)).then(b.moment().cmp(&a.moment()))),
        ),
        (
            "order=day,count",
            ordered(&|a, b| (a.day, a.count).cmp(&(b.day, b.count))),
        ),
    ] {
        assert_eq!(ids(&server, "model", query), wanted, "{query}");
    }
    let summary = server
        .get("/datasets/model/summary")
        .v2()
        .send()
        .ok()
        .json();
    let column = |at: usize| &summary["columns"][at];
    let cents = |found: fn(std::slice::Iter<'_, Row>) -> i64| found(rows.iter()) as f64 / 100.0;
    assert_eq!(
        column(1)["least"],
        cents(|rows| rows.map(|row| row.cents).min().unwrap())
    );
    assert_eq!(
        column(1)["greatest"],
        cents(|rows| rows.map(|row| row.cents).max().unwrap())
    );
    assert_eq!(
        column(2)["least"],
        rows.iter().map(|row| row.count).min().unwrap()
    );
    assert_eq!(column(5)["distinct"]["estimate"], 2);
    let days = column(3)["frequent"]["values"].as_array().unwrap();
    let most = days[0]["count"].as_u64().unwrap() as usize;
    let on = |day: (u32, u32)| rows.iter().filter(|row| row.day == day).count();
    assert_eq!(most, rows.iter().map(|row| on(row.day)).max().unwrap());
}
