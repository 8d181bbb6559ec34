//! What a query may take: time, and memory whatever the rows are like.

use std::thread;
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
fn rows_wider_than_a_block_are_filtered_and_ordered_like_others() {
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
fn patterns_on_a_long_value_hold_nobody_up_and_a_longer_pattern_is_refused() {
    let server = Server::start();
    let long = "a".repeat(300_000);
    server.store("long", format!("n,x\n1,{long}\n2,short\n"));
    let pattern = |times: usize| format!("like.*{}b*", "a_".repeat(times));
    let ask = |condition: &str| {
        let path = format!("/datasets/long/rows?x={condition}&limit=5");
        server.get(&path).v2().send()
    };
    thread::scope(|scope| {
        let attackers: Vec<_> = (0..24)
            .map(|n| {
                // Each another one, so that none is remembered.
                let pattern = pattern(500 - n);
                scope.spawn(move || ask(&pattern).ok().json())
            })
            .collect();
        while !attackers.iter().all(thread::ScopedJoinHandle::is_finished) {
            let row = server.get("/datasets/long/rows?limit=1&select=n").v2();
            assert_eq!(row.send().ok().json()["data"][0]["n"], 1);
        }
        for attacker in attackers {
            assert_eq!(attacker.join().unwrap()["data"], serde_json::json!([]));
        }
    });
    ask("ilike.*A_A*").ok();
    ask(&pattern(510)).ok();
    ask(&pattern(511)).refused(400, &["like", "1024 characters"]);
}

#[test]
fn any_number_of_columns_may_be_filtered_and_what_is_known_of_them_is_read_together() {
    let server = Server::start();
    let row = |add: usize| {
        let cells: Vec<_> = (0..4096).map(|n| (n + add).to_string()).collect();
        format!("{}\n", cells.join(","))
    };
    let names: Vec<_> = (0..4096).map(|n| format!("c{n}")).collect();
    let rows: String = (0..100).map(row).collect();
    server.store("broad", format!("{}\n{rows}", names.join(",")));
    let filters: Vec<_> = (0..2000).map(|n| format!("c{n}=gte.{}", n + 7)).collect();
    let reads = || {
        let services = &server.services;
        let text = String::from_utf8(services.metrics.scrape(services, true)).unwrap();
        let counts = |line: &&str| line.contains("_count{") && line.contains("\"read\"");
        let line = text.lines().find(counts).unwrap();
        line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()
    };
    let before = reads();
    let path = format!(
        "/datasets/broad/rows?{}&c5=in.(12,104)&select=c0",
        filters.join("&")
    );
    let page = server.get(&path).v2().send().ok().json();
    assert_eq!(page["data"], serde_json::json!([{"c0": 7}, {"c0": 99}]));
    // The dataset, its blocks, statistics, filters of texts, and texts.
    assert!(reads() - before < 16, "{}", reads() - before);
}

#[test]
fn a_list_of_thousands_of_values_finds_the_rows_that_have_one() {
    let server = Server::start();
    let rows: String = (0..40_000)
        .map(|n| format!("{n},name{}\n", n * 7))
        .collect();
    server.store("names", format!("n,name\n{rows}"));
    let names: Vec<_> = (0..4000).map(|n| format!("name{}", n * 100)).collect();
    let path = format!(
        "/datasets/names/rows?name=in.({})&limit=10000",
        names.join(",")
    );
    let page = server.get(&path).v2().send().ok().json();
    let found: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(super::n)
        .collect();
    let expected: Vec<_> = (0..40_000)
        .filter(|n| n * 7 % 100 == 0 && n * 7 < 400_000)
        .collect();
    assert_eq!(found, expected);
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
