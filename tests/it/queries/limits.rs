//! What a query may take: time, and memory whatever the rows are like.

use std::time::Duration;

use super::{ask, csv, flights};
use crate::server::Server;

#[test]
fn a_query_that_takes_too_long_is_503_and_names_the_limit() {
    let server = Server::with(|settings| {
        settings.timeouts.query_timeout = Duration::from_nanos(1);
    });
    let put = server.put("/datasets/flights?null=NA").v2();
    put.csv(csv(&flights(20_000))).send().created();
    for query in [("dest", "like.*nowhere"), ("order", "delay.desc")] {
        let answer = ask(&server, &[query]);
        assert_eq!(answer.header("Retry-After"), "1");
        answer.refused(503, &["--query-timeout", "1ns"]);
    }
    // Rows in the order of the file need not be looked for.
    ask(&server, &[]).ok();
}

#[test]
fn rows_wider_than_a_chunk_are_filtered_and_ordered_like_others() {
    let server = Server::start();
    let wide = "w".repeat(300_000);
    let rows: Vec<_> = (1..=60).map(|n| format!("{n},{wide}{}\n", n % 7)).collect();
    server.store("wide", format!("n,text\n{}", rows.concat()));
    let numbers = |query: &str| -> Vec<u64> {
        let path = format!("/datasets/wide/rows?limit=10000&{query}");
        let page = server.get(&path).v2().send().ok().json();
        let rows = page["data"].as_array().unwrap();
        assert!(
            rows.iter()
                .all(|row| row["text"].as_str().unwrap().starts_with(&wide))
        );
        rows.iter().map(|row| row["n"].as_u64().unwrap()).collect()
    };
    let mut expected: Vec<u64> = (1..=60).collect();
    expected.sort_by_key(|n| (n % 7, *n));
    assert_eq!(numbers("order=text"), expected);
    assert_eq!(numbers("n=gt.55&text=like.*w3"), [59]);
    expected.reverse();
    assert_eq!(numbers("order=text.desc,n.desc"), expected);
}

#[test]
fn queries_give_the_same_without_a_cache() {
    let flights = flights(2000);
    let server = Server::with(|settings| settings.memory.cache_bytes = Some(0));
    let put = server.put("/datasets/flights?null=NA").v2();
    put.csv(csv(&flights)).send().created();
    let found = super::all(&server, &[("dest", "eq.HNL"), ("limit", "50")]);
    assert_eq!(found, super::those(&flights, |flight| flight.dest == "HNL"));
    let found = super::all(&server, &[("order", "n.desc"), ("limit", "300")]);
    assert_eq!(found, (1..=2000).rev().collect::<Vec<_>>());
}
