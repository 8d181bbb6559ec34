//! Upload segments with several index pages: rows are found on every page, and across their borders.

use super::{all, n};
use crate::server::Server;

/// Rows before the wide ones.
const SHORT: usize = 20_000;
/// All rows, those included that were appended.
const ROWS: usize = SHORT + 202;

/// A server with a segment of two index pages, whose first block has rows of both, and two segments of one row after it.
fn uneven(server: Server) -> Server {
    let wide = "w".repeat(90_000);
    let row = |n: usize| match n <= SHORT {
        true => format!("{n},x\n"),
        false => format!("{n},{wide}\n"),
    };
    let rows: String = (1..=SHORT + 200).map(row).collect();
    server.store("flights", format!("n,text\n{}", rows.trim_end()));
    for n in [ROWS - 1, ROWS] {
        let post = server.post("/datasets/flights/rows").v2();
        post.csv(format!("n,text\n{n},x\n")).send().ok();
    }
    server
}

#[track_caller]
fn finds(server: &Server, query: &[(&str, &str)], expected: impl Iterator<Item = usize>) {
    let query = [query, &[("select", "n")]].concat();
    assert!(all(server, &query).into_iter().eq(expected), "{query:?}");
}

#[test]
fn pages_continue_across_blocks_and_index_pages() {
    let server = uneven(Server::start());
    finds(&server, &[("limit", "6000")], 1..=ROWS);
    let short = (1..=SHORT).chain([ROWS - 1, ROWS]);
    finds(&server, &[("text", "eq.x"), ("limit", "6000")], short);
    let last = (SHORT - 20..=ROWS).rev().take(100);
    let query = [("order", "n.desc"), ("limit", "30"), ("n", "gt.20102")];
    finds(&server, &query, last.filter(|n| *n > 20_102));
    let query = [("n", "gte.20150"), ("limit", "17")];
    finds(&server, &query, 20_150..=ROWS);
    finds(&server, &[("n", "eq.99999")], std::iter::empty());
}

#[test]
fn a_page_begins_in_the_middle_of_a_part_without_a_cache_too() {
    let server = Server::with(|settings| settings.memory.cache_bytes = Some(0));
    let server = uneven(server);
    for (query, first) in [("n=gte.10500&limit=3", 10_500), ("limit=10000", 1)] {
        let path = format!("/datasets/flights/rows?select=n&{query}");
        let page = server.get(&path).v2().send().ok();
        let rows = page.json()["data"].as_array().unwrap().len();
        let next = crate::rows::next_link(&page).unwrap();
        let page = server.get(&next).v2().send().ok().json();
        assert_eq!(n(&page["data"][0]), first + rows, "{query}");
    }
}
