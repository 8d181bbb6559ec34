//! Rows as CSV and as lines of JSON.

use serde_json::{Value, json};

use super::{next_link, numbered};
use crate::client::Answer;
use crate::server::Server;

const AIRPORTS: &str = include_str!("../../data/airports.csv");
const SALES: &[u8] = include_bytes!("../../data/sales-semicolon.csv");
const CSV: &str = "application/vnd.flash.v2+csv";
const NDJSON: &str = "application/vnd.flash.v2+ndjson";

fn get(server: &Server, path: &str, accept: &str) -> Answer {
    server.get(path).accept(accept).send().ok()
}

fn lines(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn as_csv_all_rows_come() {
    let server = Server::start();
    server.store("airports", AIRPORTS);
    let answer = get(&server, "/datasets/airports/rows", CSV);
    assert_eq!(answer.header("Content-Type"), CSV);
    assert_eq!(answer.text(), AIRPORTS);
}

#[test]
fn as_ndjson_each_row_is_a_line() {
    let server = Server::start();
    server.store("airports", AIRPORTS);
    let answer = get(&server, "/datasets/airports/rows", NDJSON);
    assert_eq!(answer.header("Content-Type"), NDJSON);
    assert_eq!(Value::from(lines(&answer)), server.rows("airports"));
    assert!(answer.text().ends_with("}\n"));
}

#[test]
fn a_stream_has_all_rows_however_many_there_are() {
    let server = Server::start();
    let csv = numbered(30_000, "some words to fill more than one block");
    server.store("numbers", &csv);
    assert!(get(&server, "/datasets/numbers/rows", CSV).text() == csv);
    let found = get(&server, "/datasets/numbers/rows", NDJSON).text();
    let mut count = 0;
    for (line, n) in found.lines().zip(1..) {
        assert!(
            line.starts_with(&format!("{{\"n\":{n},\"mark\":\"")),
            "{line}"
        );
        count = n;
    }
    assert_eq!(count, 30_000);
}

#[test]
fn rows_as_csv_read_back_as_the_same_rows() {
    let server = Server::start();
    server.store("sales", SALES);
    let csv = get(&server, "/datasets/sales/rows", CSV).body;
    server.store("again", &csv);
    assert_eq!(server.rows("again"), server.rows("sales"));
    assert_eq!(
        server.dataset("again")["columns"],
        server.dataset("sales")["columns"]
    );
}

#[test]
fn csvs_in_any_dialect_come_as_one_however_they_are_paged_appended_to_and_remembered() {
    for cache in [0, 64 << 20] {
        let server = Server::with(|settings| settings.memory.cache_bytes = Some(cache));
        for (name, columns, rows) in [
            ("plain", "a,b", ["1,x", ",", "3,z z"]),
            ("quoted", "a,b", ["1,\"x,y\"", ",\"a\"\"b\"", "3,\"\nz\""]),
            ("alone", "a", ["x", "\"\"", "y"]),
        ] {
            for end in ["\n", "\r\n", "\n\n"] {
                // More than one block, and no line end behind the last row.
                let rows: Vec<&str> = rows.into_iter().cycle().take(40_000).collect();
                let (first, more) = rows.split_at(30_000);
                let blank = name == "alone" && end == "\n\n";
                let end = if blank { "\n" } else { end };
                let csv = |rows: &[&str], end| format!("{columns}{end}{}", rows.join(end));
                server.store(name, csv(first, end));
                let path = format!("/datasets/{name}/rows");
                let post = server.post(&path).v2();
                post.csv(csv(more, end)).send().ok();
                assert!(get(&server, &path, CSV).text() == csv(&rows, "\n") + "\n");
                let page = get(&server, &format!("{path}?limit=9000"), CSV);
                assert!(page.text() == csv(&rows[..9000], "\n") + "\n");
                let page = get(&server, &next_link(&page).unwrap(), CSV);
                assert!(page.text() == csv(&rows[9000..18_000], "\n") + "\n");
                server.delete(&format!("/datasets/{name}")).v2().send();
            }
        }
    }
}

#[test]
fn a_stream_with_a_limit_goes_on_at_its_link() {
    let server = Server::start();
    server.store("numbers", numbered(5, "x"));
    let first = get(&server, "/datasets/numbers/rows?limit=2", CSV);
    assert_eq!(first.text(), "n,mark\n1,x\n2,x\n");
    let second = get(&server, &next_link(&first).unwrap(), CSV);
    assert_eq!(second.text(), "n,mark\n3,x\n4,x\n");
    let third = get(&server, &next_link(&second).unwrap(), CSV);
    assert_eq!(third.text(), "n,mark\n5,x\n");
    assert_eq!(next_link(&third), None);
    let lines_of = lines(&get(&server, &next_link(&first).unwrap(), NDJSON));
    assert_eq!(
        lines_of,
        [json!({"n": 3, "mark": "x"}), json!({"n": 4, "mark": "x"})]
    );
}

#[test]
fn a_dataset_of_no_rows_is_a_header_as_csv_and_nothing_as_ndjson() {
    let server = Server::start();
    server.store("none", "a,b\n");
    assert_eq!(get(&server, "/datasets/none/rows", CSV).text(), "a,b\n");
    assert_eq!(get(&server, "/datasets/none/rows", NDJSON).text(), "");
}
