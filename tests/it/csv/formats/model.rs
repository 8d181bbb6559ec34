//! Random values in random spellings, against a model that knows what they are.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::ids;
use crate::csv::put;
use crate::server::Server;

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
