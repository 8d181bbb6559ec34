//! Compaction beside what is remembered of the same revision.

use std::fmt::Write as _;

use crate::rows::next_link;
use crate::server::Server;

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
