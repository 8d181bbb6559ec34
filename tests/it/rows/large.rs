//! What is large in one way or another: many rows, wide rows, long fields.

use std::fmt::Write as _;

use super::{next_link, numbered, numbers, page};
use crate::server::Server;

const BLOCK: usize = 64 << 10;
const STEP: usize = 256 << 10;

#[test]
fn an_upload_of_any_length_reads_back_whole() {
    let server = Server::start();
    for length in [
        BLOCK - 1,
        BLOCK,
        BLOCK + 1,
        STEP - 1,
        STEP,
        STEP + 1,
        3 * STEP + 7,
    ] {
        // One column, eight bytes a row, and a last row that makes up the length.
        let mut csv = "n\n".to_owned();
        for n in 1..=(length - 2) / 8 {
            writeln!(csv, "{n:07}").unwrap();
        }
        let rest = length - csv.len();
        csv.push_str(&"x".repeat(rest));
        let name = format!("length-{length}");
        server.store(&name, &csv);
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        assert!(source.body == csv.as_bytes(), "{length}");
        let rows = server.get(&format!("/datasets/{name}/rows"));
        let rows = rows
            .accept("application/vnd.flash.v2+csv")
            .send()
            .ok()
            .text();
        assert!(rows.lines().eq(csv.lines()), "{length}");
        assert_eq!(
            server.dataset(&name)["row_count"],
            csv.lines().count() - 1,
            "{length}"
        );
    }
}

#[test]
fn a_page_may_lie_across_the_borders_of_blocks() {
    let server = Server::start();
    // About 2,300 rows a block.
    let csv = numbered(12_000, "twenty letters, quot".replace(',', ";").as_str());
    server.store("numbers", csv);
    let first = page(&server, "/datasets/numbers/rows?limit=2000");
    let cursor = first["next"].as_str().unwrap();
    let second = page(
        &server,
        &format!("/datasets/numbers/rows?limit=6000&cursor={cursor}"),
    );
    assert_eq!(numbers(&second), (2001..=8000).collect::<Vec<u64>>());
    for (start, per_page) in [(2001, 1000), (5001, 1000), (7999, 1)] {
        let page = (start - 1) / per_page + 1;
        let path = format!("/datasets/numbers?page={page}&per_page={per_page}");
        let body = server.get(&path).send().ok().json();
        let found: Vec<_> = body["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[0].as_str().unwrap())
            .collect();
        let expected: Vec<_> = (start..start + per_page).map(|n| n.to_string()).collect();
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn a_quoted_newline_on_the_border_of_a_block_stays_in_its_field() {
    let server = Server::start();
    for before in BLOCK - 4..=BLOCK + 2 {
        let csv = format!("a,b\n{},\"1\n2\r\n3\"\nlast,row\n", "x".repeat(before - 4));
        server.put("/datasets/border").v2().csv(&csv).send();
        let rows = server.rows("border");
        assert_eq!(rows.as_array().unwrap().len(), 2, "{before}");
        assert_eq!(rows[0]["b"], "1\n2\r\n3", "{before}");
        assert_eq!(rows[1]["a"], "last", "{before}");
    }
}

#[test]
fn fields_of_2_mb_read_back_whole() {
    let server = Server::start();
    let field = |letter: char| letter.to_string().repeat(2_000_000);
    let csv = format!("n,text\n1,{}\n2,\"{}\"\n3,short\n", field('a'), field('ü'));
    server.store("long", &csv);
    let (mut found, mut path) = (Vec::new(), Some("/datasets/long/rows?limit=2".to_owned()));
    while let Some(at) = path {
        let answer = server.get(&at).v2().send().ok();
        found.extend(answer.json()["data"].as_array().unwrap().clone());
        path = next_link(&answer);
    }
    let texts: Vec<_> = found
        .iter()
        .map(|row| row["text"].as_str().unwrap())
        .collect();
    assert!(texts == [field('a').as_str(), field('ü').as_str(), "short"]);
    assert!(server.get("/datasets/long/source").v2().send().ok().body == csv.as_bytes());
}

#[test]
fn rows_wider_than_a_block_come_in_pages_like_others() {
    let server = Server::start();
    let wide = "w".repeat(100_000);
    server.store("wide", numbered(20, &wide));
    let (mut found, mut path) = (Vec::new(), Some("/datasets/wide/rows?limit=3".to_owned()));
    while let Some(at) = path {
        let answer = server.get(&at).v2().send().ok();
        let page = answer.json();
        found.extend(numbers(&page));
        assert!(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .all(|row| row["mark"] == wide.as_str())
        );
        path = next_link(&answer);
    }
    assert_eq!(found, (1..=20).collect::<Vec<u64>>());
}

#[test]
fn a_dataset_may_have_4096_columns() {
    let server = Server::start();
    let names: Vec<_> = (0..4096).map(|n| format!("c{n}")).collect();
    let row = |add: usize| {
        (0..4096)
            .map(|n| (n + add).to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    server.store(
        "broad",
        format!("{}\n{}\n{}\n", names.join(","), row(0), row(1)),
    );
    let rows = server.rows("broad");
    for (add, row) in rows.as_array().unwrap().iter().enumerate() {
        let row = row.as_object().unwrap();
        assert_eq!(row.len(), 4096);
        assert!((0..4096).all(|n| row[&names[n]] == n + add));
    }
    assert_eq!(
        server.dataset("broad")["columns"].as_array().unwrap().len(),
        4096
    );
}
