//! Orders: total, with nulls where they belong, and the same from page to page.

use std::cmp::Reverse;

use serde_json::Value;

use super::{Flight, all, flights, path, server};
use crate::server::Server;

/// The column `n`, in the order of that key and of the file.
fn sorted<K: Ord>(flights: &[Flight], key: impl Fn(&Flight) -> K) -> Vec<usize> {
    let mut flights: Vec<&Flight> = flights.iter().collect();
    flights.sort_by_key(|flight| key(flight));
    flights.into_iter().map(|flight| flight.n).collect()
}

fn cents(flight: &Flight) -> u32 {
    let (whole, rest) = flight.fare.split_once('.').unwrap();
    let rest = if rest.len() == 1 {
        format!("{rest}0")
    } else {
        rest.to_owned()
    };
    whole.parse::<u32>().unwrap() * 100 + rest.parse::<u32>().unwrap()
}

#[test]
fn pages_of_an_order_have_each_row_once_and_ties_in_the_order_of_the_file() {
    let flights = flights(4000);
    let server = server(&flights);
    let cases = [
        ("delay", sorted(&flights, |f| (f.delay.is_none(), f.delay))),
        (
            "delay.desc",
            sorted(&flights, |f| (f.delay.is_some(), Reverse(f.delay))),
        ),
        (
            "delay.desc.nullslast",
            sorted(&flights, |f| (f.delay.is_none(), Reverse(f.delay))),
        ),
        (
            "delay.nullsfirst",
            sorted(&flights, |f| (f.delay.is_some(), f.delay)),
        ),
        ("tail.desc", sorted(&flights, |f| Reverse(f.tail.clone()))),
        ("fare", sorted(&flights, cents)),
        (
            "dest,fare.desc,n.desc",
            sorted(&flights, |f| (f.dest, Reverse(cents(f)), Reverse(f.n))),
        ),
        ("n.desc", sorted(&flights, |f| Reverse(f.n))),
    ];
    for (order, expected) in cases {
        for limit in ["333", "10000"] {
            let found = all(&server, &[("order", order), ("limit", limit)]);
            assert!(found == expected, "{order} {limit}");
        }
    }
}

#[test]
fn an_order_of_what_filters_leave() {
    let flights = flights(4000);
    let server = server(&flights);
    let lax: Vec<_> = flights
        .iter()
        .filter(|f| f.dest == "LAX")
        .cloned()
        .collect();
    let expected = sorted(&lax, |f| (f.delay.is_some(), Reverse(f.delay)));
    let query = [("dest", "eq.LAX"), ("order", "delay.desc"), ("limit", "50")];
    assert!(all(&server, &query) == expected);
}

#[test]
fn an_ordered_list_of_everything_is_streamed() {
    let flights = flights(4000);
    let server = server(&flights);
    let expected = sorted(&flights, |f| Reverse(cents(f)));
    let answer = server
        .get(&path(&[("order", "fare.desc")]))
        .accept("application/vnd.flash.v2+ndjson")
        .send()
        .ok();
    let found: Vec<_> = answer
        .text()
        .lines()
        .map(|line| super::n(&serde_json::from_str::<Value>(line).unwrap()))
        .collect();
    assert!(found == expected);
    assert!(!answer.header("link").contains("next"));
}

#[test]
fn texts_are_ordered_by_their_bytes_and_moments_by_time() {
    let server = Server::start();
    server.store(
        "words",
        "word,at\nb,2026-01-01T00:00:00Z\nä,2026-01-01T00:30:00+01:00\nB,2026-01-01T00:00:00.5Z\nab,2026-01-01T00:00:00.25Z\n\
         abcdefghi,2025-12-31T23:00:00Z\nabcdefgh,2027-01-01T00:00:00Z\n",
    );
    let words = |order: &str| {
        let answer = server
            .get(&format!("/datasets/words/rows?select=word&order={order}"))
            .v2()
            .send()
            .ok();
        let page = answer.json();
        let rows = page["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["word"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words("word"),
        ["B", "ab", "abcdefgh", "abcdefghi", "b", "ä"]
    );
    assert_eq!(words("at"), ["abcdefghi", "ä", "b", "ab", "B", "abcdefgh"]);
    assert_eq!(
        words("at.desc"),
        ["abcdefgh", "B", "ab", "b", "ä", "abcdefghi"]
    );
}
