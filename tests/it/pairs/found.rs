//! Faults that were found where features meet, each as a test of its own.

use std::fmt::Write as _;

use flash::settings::BlockSizes;
use serde_json::json;

use crate::database::Place;
use crate::rows::next_link;
use crate::server::{Builder, Server};

/// Rows of each upload: compaction of all takes so long that other things happen meanwhile.
const ROWS: usize = 2_500;

fn csv(upload: usize) -> String {
    let mut csv = "n,text\n".to_owned();
    for n in upload * ROWS..(upload + 1) * ROWS {
        writeln!(csv, "{n},some text {n}").unwrap();
    }
    csv
}

fn numbers(page: &serde_json::Value) -> Vec<u64> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["n"].as_u64().unwrap()).collect()
}

#[test]
fn an_order_is_read_on_right_where_rows_were_appended_while_what_was_before_them_was_compacted() {
    let server = Server::start();
    server.store("all", csv(0));
    let append = |csv: String| {
        let post = server.post("/datasets/all/rows").v2();
        post.csv(csv).send().ok();
    };
    for upload in 1..16 {
        append(csv(upload));
    }
    // Compaction has begun, and what it makes of the uploads comes before this row.
    append("n,text\n1000000,last\n".to_owned());
    let get = |path: &str| server.get(path).v2().send().ok();
    let first = get("/datasets/all/rows?order=n.desc&limit=2");
    assert_eq!(numbers(&first.json())[0], 1_000_000);
    let second = get(&next_link(&first).unwrap());
    let next = next_link(&second).unwrap();
    let before = server.segments("all");
    server.until(|server| server.segments("all") < 16);
    let third = get(&next.replace("limit=2", "limit=3")).json();
    let last = u64::try_from(16 * ROWS).unwrap() - 3;
    let expected: Vec<u64> = (0..3).map(|back| last - 1 - back).collect();
    assert_eq!(numbers(&third), expected, "{before} runs before");
}

/// A server with index pages so short that a small text has several.
fn with_short_pages(place: &Place) -> Server {
    let mut builder = Builder::at(place.clone());
    builder.settings.store.blocks = BlockSizes {
        block_bytes: 200,
        page_bytes: 1 << 10,
        ..BlockSizes::default()
    };
    builder.start()
}

fn found(server: &Server, query: &str) -> usize {
    let path = format!("/datasets/decoded/rows?limit=10000&{query}");
    let page = server.get(&path).v2().send().ok().json();
    page["data"].as_array().unwrap().len()
}

#[test]
fn a_filter_finds_all_rows_of_a_decoded_text_before_and_after_rows_are_appended() {
    let rows: String = (0..500).map(|n| format!("{n},name {n}\n")).collect();
    let text = format!("\u{feff}id,name\n{rows}");
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for stored_before in [false, true] {
        let place = Place::new();
        let mut server = with_short_pages(&place);
        server.store("decoded", &utf16);
        if stored_before {
            drop(server);
            place.forget_lengths();
            server = with_short_pages(&place);
        }
        assert_eq!(found(&server, "id=gte.0"), 500);
        let append = server.post("/datasets/decoded/rows").v2();
        append.csv("id,name\n500,last\n").send().ok();
        assert_eq!(found(&server, "id=gte.0"), 501);
        assert_eq!(found(&server, "id=eq.499"), 1);
        assert_eq!(found(&server, "order=name.desc"), 501);
        assert_eq!(found(&server, "id=gte.0&revision=1"), 500);
    }
}

#[test]
fn an_empty_line_behind_a_byte_order_mark_is_no_row() {
    let server = Server::start();
    for end in ["\n", "\r\n"] {
        let csv = ["\u{feff}", "1,Ada", "2,Bob", ""].join(end);
        let put = server.put("/datasets/marked").v2();
        let put = put.header("Content-Type", "text/csv; header=absent");
        let answer = put.body(csv).send();
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        let page = server.get("/datasets/marked").send().ok().json();
        assert_eq!(page["rows"], json!([["1", "Ada"], ["2", "Bob"]]));
        let rows = json!([
            { "column_1": 1, "column_2": "Ada" },
            { "column_1": 2, "column_2": "Bob" },
        ]);
        for query in ["column_2=neq.x", "order=column_1", ""] {
            let path = format!("/datasets/marked/rows?{query}");
            let page = server.get(&path).v2().send().ok().json();
            assert_eq!(page["data"], rows, "{query}");
        }
    }
}
