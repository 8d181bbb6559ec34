//! What is held for clients comes from shares of one budget: who gets none in time is told so, others go on, and what goes out
//! in parts is what would go out at once.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use flash::services::memory::{Held, Kind};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::V2;
use crate::server::Server;

const CSV: &str = "application/vnd.flash.v2+csv";
const NDJSON: &str = "application/vnd.flash.v2+ndjson";

/// A server that does not wait long for memory.
fn impatient() -> Server {
    Server::with(|settings| {
        settings.timeouts.store_timeout = Duration::from_millis(200);
        settings.timeouts.queue_timeout = Duration::from_millis(200);
    })
}

/// All of a share.
fn all_of(server: &Server, kind: Kind) -> Held {
    let taking = server.services.memory.take(kind, usize::MAX);
    server.wait_for(taking).unwrap()
}

fn numbers(rows: usize) -> String {
    (0..rows).fold("n,text\n".to_owned(), |mut csv, n| {
        writeln!(csv, "{n},text number {n}").unwrap();
        csv
    })
}

#[test]
fn a_long_answer_that_gets_no_memory_is_503_and_short_ones_go_on() {
    let server = impatient();
    server.store("numbers", numbers(20_000));
    let held = all_of(&server, Kind::Answers);
    for accept in [V2, CSV, NDJSON] {
        let page = server.get("/datasets/numbers/rows?limit=10000");
        let refused = page.accept(accept).send();
        assert_eq!(refused.status, 503, "{accept}: {}", refused.text());
        assert!(refused.header("Retry-After").parse::<u32>().unwrap() > 0);
        assert!(refused.text().contains("memory"), "{}", refused.text());
    }
    server.get("/datasets/numbers").send().ok();
    let row = server.get("/datasets/numbers/rows?limit=1&n=eq.7").v2();
    assert_eq!(row.send().ok().json()["data"][0]["n"], 7);
    drop(held);
    let rows = server.get("/datasets/numbers/rows").accept(CSV).send().ok();
    assert!(rows.text() == numbers(20_000));
}

#[test]
fn an_upload_that_gets_no_memory_is_503_and_nothing_of_it_is_kept() {
    let server = impatient();
    let csv = numbers(20_000);
    let put = || server.put("/datasets/numbers").v2().csv(&csv).send();
    let held = all_of(&server, Kind::Uploads);
    put().refused(503, &["memory"]);
    server
        .get("/datasets/numbers")
        .v2()
        .send()
        .refused(404, &[]);
    // A short one needs none.
    server.store("few", "n\n1\n");
    drop(held);
    put().created();
}

#[test]
fn a_packed_json_list_waits_for_those_before_it() {
    let server = Server::start();
    let list = json!([{ "name": "listed", "csv": numbers(1000) }]).to_string();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(list.as_bytes()).unwrap();
    let body = encoder.finish().unwrap();
    let held = all_of(&server, Kind::Large);
    std::thread::scope(|scope| {
        let post = server.post("/datasets").v2();
        let post = post.header("Content-Type", "application/json");
        let post = post.header("Content-Encoding", "gzip").body(&body);
        let posting = scope.spawn(|| post.send());
        server.until(|server| {
            let mut load = server.services.memory.load();
            load.any(|share| share.kind == Kind::Large && share.waiting == 1)
        });
        drop(held);
        posting.join().unwrap().created();
    });
    assert_eq!(server.rows("listed").as_array().unwrap().len(), 1000);
}

#[test]
fn a_long_answer_goes_out_plain_where_no_coder_has_memory_and_is_503_for_who_takes_no_plain_one() {
    let server = impatient();
    server.store("numbers", numbers(20_000));
    let get = |coding: &str| {
        let call = server.get("/datasets/numbers/rows").accept(CSV);
        call.header("Accept-Encoding", coding).send()
    };
    assert_eq!(get("zstd").ok().header("Content-Encoding"), "zstd");
    let _held = all_of(&server, Kind::Coders);
    for coding in ["zstd", "br", "gzip"] {
        let plain = get(coding).ok();
        assert!(!plain.headers.contains_key("Content-Encoding"));
        assert!(plain.text() == numbers(20_000));
    }
    let refused = get("gzip, identity;q=0");
    assert_eq!(refused.status, 503);
    assert!(refused.header("Retry-After").parse::<u32>().unwrap() > 0);
}

#[test]
fn rows_of_many_kilobytes_are_the_same_in_every_format_whether_memory_is_ample_or_not() {
    let server = Server::start();
    // Texts that JSON escapes and a CSV quotes, with characters of several bytes, longer than a part; and short ones.
    let long = |with: &str| with.repeat(700_000 / with.len());
    let rows = [
        json!(["plain", long("x")]),
        json!(["quoted", long("a \"word\", and é\n")]),
        json!(["escaped", long("\u{1}\\\t")]),
        json!(["short", "y"]),
        json!(["many", long("0123456789€")]),
    ];
    let quoted = |text: &Value| format!("\"{}\"", text.as_str().unwrap().replace('"', "\"\""));
    let csv = rows.iter().fold("kind,text\n".to_owned(), |csv, row| {
        csv + &format!("{},{}\n", row[0].as_str().unwrap(), quoted(&row[1]))
    });
    server.store("long", &csv);
    let objects: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "kind": row[0], "text": row[1] }))
        .collect();
    let check = || {
        let v1 = server.get("/datasets/long").send().ok().json();
        assert!(v1["rows"] == json!(rows), "v1");
        let page = server.get("/datasets/long/rows").v2().send().ok().json();
        assert!(page["data"] == json!(objects), "v2");
        for query in ["", "?kind=neq.z", "?order=kind.desc"] {
            let path = format!("/datasets/long/rows{query}");
            let lines = server.get(&path).accept(NDJSON).send().ok().text();
            let lines = lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap());
            let mut lines: Vec<Value> = lines.collect();
            let mut expected = objects.clone();
            if query.contains("order") {
                expected.sort_by_key(|row| row["kind"].as_str().map(str::to_owned));
                expected.reverse();
            }
            assert!(lines == expected, "NDJSON {query}");
            let text = server.get(&path).accept(CSV).send().ok().text();
            server.put("/datasets/again").v2().csv(&text).send();
            lines = server.rows("again").as_array().unwrap().clone();
            assert!(lines == expected, "CSV {query}");
        }
    };
    check();
    let memory = &server.services.memory;
    let most = |kind| {
        let load = memory.load().find(|share| share.kind == kind).unwrap();
        server
            .wait_for(memory.take(kind, load.bytes * 2 / 3))
            .unwrap()
    };
    let _tight = [Kind::Answers, Kind::Texts].map(most);
    check();
}

#[test]
fn a_list_of_datasets_with_many_long_names_is_whole_and_has_each_of_them_once() {
    let server = Server::start();
    let name = "n".repeat(200);
    let names: Vec<String> = (0..2000).map(|n| format!("{name}{n}")).collect();
    for number in 0..4 {
        server.store(&format!("wide{number}"), names.join(",") + "\n");
    }
    server.store("narrow", "id\n1\n");
    let v1 = server.get("/datasets?per_page=3").send().ok().json();
    assert_eq!(v1["total"], 5);
    assert_eq!(v1["datasets"][0]["columns"], json!(["id"]));
    assert!(v1["datasets"][2]["columns"] == json!(names));
    let v2 = server.get("/datasets?limit=4").v2().send().ok();
    assert!(v2.headers.contains_key("Link"));
    let v2 = v2.json();
    let found = v2["data"].as_array().unwrap();
    assert_eq!(found.len(), 4);
    for dataset in &found[1..] {
        let columns = dataset["columns"].as_array().unwrap();
        assert!(columns.iter().map(|column| &column["name"]).eq(&names));
    }
    let one = server.get("/datasets/wide3").v2().send().ok();
    assert_eq!(one.json()["columns"].as_array().unwrap().len(), 2000);
    let next = v2["next"].as_str().unwrap();
    let rest = server.get(&format!("/datasets?cursor={next}")).v2();
    let mut one = one.json();
    // A list doesn't tell how a source is read.
    assert!(one.as_object_mut().unwrap().remove("reading").is_some());
    assert_eq!(rest.send().ok().json()["data"][0], one);
}

#[test]
fn a_header_line_longer_than_its_limit_is_refused_with_the_setting_and_rows_may_be_longer() {
    let server = Server::with(|settings| settings.limits.max_header = 100);
    let long = "n".repeat(101);
    let put = |csv: String| server.put("/datasets/wide").v2().csv(csv).send();
    put(format!("{long}\n1\n")).refused(422, &["header line", "100 bytes", "--max-header"]);
    put(format!("id,text\n1,{long}\n")).created();
    let absent = server
        .put("/datasets/rows")
        .v2()
        .body(format!("{long},1\n"));
    let absent = absent.header("Content-Type", "text/csv; header=absent");
    absent.send().created();
}

#[test]
fn the_columns_of_one_request_have_a_limit_together() {
    let server = Server::start();
    let names: String = (0..4000)
        .map(|n| format!("{}{n},", "n".repeat(200)))
        .collect();
    let items: Vec<Value> = (0..6)
        .map(|n| json!({ "name": format!("wide{n}"), "csv": format!("{names}last\n") }))
        .collect();
    let post = |items: &[Value]| server.post("/datasets").v2().json(&json!(items)).send();
    post(&items).refused(413, &["column names of all CSVs", "4194304"]);
    assert_eq!(server.names(), Vec::<String>::new());
    post(&items[..4]).created();
}

#[test]
fn an_unknown_column_is_refused_with_some_of_those_there_are() {
    let server = Server::start();
    let names: Vec<String> = (0..300)
        .map(|n| format!("{}{n}", "n".repeat(500)))
        .collect();
    server.store("wide", names.join(",") + "\n");
    let refused = server.get("/datasets/wide/rows?other=eq.1").v2().send();
    let refused = refused.refused(400, &["\"other\"", "and 250 more"]);
    assert!(refused.body.len() < 10_000, "{}", refused.body.len());
}
