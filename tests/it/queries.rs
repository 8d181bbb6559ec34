//! Queries in version 2: filters, orders, projections, and the cursors and formats of what they find.

mod aggregates;
mod counts;
mod cursors;
mod filters;
mod groups;
mod index_pages;
mod limits;
mod orders;
mod query_method;
mod random;
mod values;

use std::fmt::Write as _;

use serde_json::Value;

use crate::client::Answer;
use crate::server::Server;

/// A row of [`flights`].
#[derive(Debug, Clone)]
struct Flight {
    n: usize,
    tail: String,
    dest: &'static str,
    delay: Option<i64>,
    fare: String,
}

const DESTS: [&str; 5] = ["LAX", "SFO", "Zürich, CH", "HNL", "\"Quoted\""];

/// Rows of several blocks, the same each time, some of whose values are missing and many of which are equal.
fn flights(count: usize) -> Vec<Flight> {
    let mut state = 7_u64;
    let mut next = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let flight = |n| Flight {
        n,
        tail: format!("N{}", next(count as u64 / 3)),
        dest: DESTS[usize::try_from(next(5)).unwrap()],
        delay: (next(10) > 0).then(|| i64::try_from(next(400)).unwrap() - 100),
        fare: format!(
            "{}.{}",
            next(300),
            ["0", "50", "5", "05"][usize::try_from(next(4)).unwrap()]
        ),
    };
    (1..=count).map(flight).collect()
}

fn csv(flights: &[Flight]) -> String {
    let mut csv = "n,tail,dest,delay,fare,order\n".to_owned();
    for Flight {
        n,
        tail,
        dest,
        delay,
        fare,
    } in flights
    {
        let dest = dest.replace('"', "\"\"");
        let delay = delay.map_or("NA".to_owned(), |delay| delay.to_string());
        writeln!(csv, "{n},{tail},\"{dest}\",{delay},{fare},x").unwrap();
    }
    csv
}

/// A server that has [`flights`], in three segments.
fn server(flights: &[Flight]) -> Server {
    let server = Server::start();
    let third = flights.len() / 3;
    let put = server.put("/datasets/flights?null=NA").v2();
    // Without its last line end, so that one is put between.
    put.csv(csv(&flights[..third]).trim_end()).send().created();
    for part in [&flights[third..2 * third], &flights[2 * third..]] {
        let post = server.post("/datasets/flights/rows").v2();
        post.csv(csv(part)).send().ok();
    }
    server
}

/// A path with a query, of pairs that are still to be encoded.
fn path(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        let encode = |text: &str| {
            let bytes = text.bytes();
            bytes.fold(String::new(), |mut encoded, byte| {
                match byte.is_ascii_alphanumeric() {
                    true => encoded.push(char::from(byte)),
                    false => write!(encoded, "%{byte:02X}").unwrap(),
                }
                encoded
            })
        };
        write!(query, "&{}={}", encode(name), encode(value)).unwrap();
    }
    format!("/datasets/flights/rows?{}", query.trim_start_matches('&'))
}

/// The answer to a query.
#[track_caller]
fn ask(server: &Server, pairs: &[(&str, &str)]) -> Answer {
    server.get(&path(pairs)).v2().send()
}

/// The column `n` of all pages.
#[track_caller]
fn all(server: &Server, pairs: &[(&str, &str)]) -> Vec<usize> {
    let (mut found, mut next) = (Vec::new(), Some(path(pairs)));
    while let Some(path) = next {
        let answer = server.get(&path).v2().send().ok();
        let page = answer.json();
        let rows = page["data"].as_array().unwrap();
        found.extend(rows.iter().map(n));
        next = crate::rows::next_link(&answer);
        assert_eq!(page["next"].is_string(), next.is_some());
        assert!(next.is_none() || !rows.is_empty());
    }
    found
}

fn n(row: &Value) -> usize {
    usize::try_from(row["n"].as_u64().unwrap()).unwrap()
}

/// The column `n` of the rows for which that holds, in order.
fn those(flights: &[Flight], holds: impl Fn(&Flight) -> bool) -> Vec<usize> {
    let those = flights.iter().filter(|flight| holds(flight));
    those.map(|flight| flight.n).collect()
}
