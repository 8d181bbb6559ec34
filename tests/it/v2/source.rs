//! The uploaded bytes, whole and in ranges.

use ureq::http::StatusCode;

use crate::client::Answer;
use crate::server::Server;

const AIRPORTS: &[u8] = include_bytes!("../../data/airports.csv");

/// 300 KB of CSV in which every place looks different.
fn long() -> Vec<u8> {
    let mut csv = b"n,square\n".to_vec();
    for n in 0..20_000_u64 {
        csv.extend_from_slice(format!("{n},{}\n", n * n).as_bytes());
    }
    assert!(csv.len() > 256 << 10);
    csv
}

fn part(server: &Server, range: &str) -> Answer {
    server
        .get("/datasets/one/source")
        .v2()
        .header("Range", range)
        .send()
}

#[test]
fn the_source_is_the_upload_byte_for_byte() {
    let server = Server::start();
    for (name, content_type, bytes) in [
        ("airports", "text/csv", AIRPORTS),
        (
            "crlf",
            "text/csv",
            include_bytes!("../../data/sales-semicolon.csv"),
        ),
        (
            "tabs",
            "text/tab-separated-values",
            include_bytes!("../../data/stations.tsv"),
        ),
        (
            "old",
            "text/csv; charset=windows-1252",
            include_bytes!("../../data/legacy-windows-1252.csv"),
        ),
        (
            "mark",
            "text/csv",
            b"\xEF\xBB\xBFa,b\r\n\"1\",\"\"\"2\"\"\"\r\n3,",
        ),
        ("long", "text/csv", &long()),
    ] {
        let call = server.put(&format!("/datasets/{name}")).v2();
        call.header("Content-Type", content_type)
            .body(bytes)
            .send()
            .created();
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        assert!(source.body == bytes, "{name}");
        assert!(source.header("Content-Type").starts_with("text/"), "{name}");
        assert_eq!(
            source.header("Content-Length"),
            bytes.len().to_string(),
            "{name}"
        );
        assert_eq!(source.header("Accept-Ranges"), "bytes", "{name}");
    }
}

#[test]
fn the_source_of_a_csv_is_text_csv() {
    let server = Server::start();
    server.store("one", AIRPORTS);
    for accept in [
        "application/vnd.flash.v2+csv",
        "application/vnd.flash.v2+json",
    ] {
        let source = server
            .get("/datasets/one/source")
            .accept(accept)
            .send()
            .ok();
        assert!(
            source.header("Content-Type").starts_with("text/csv"),
            "{accept}"
        );
        assert_eq!(source.body, AIRPORTS, "{accept}");
    }
}

#[test]
fn a_range_is_the_part_it_names() {
    let server = Server::start();
    let bytes = long();
    server.store("one", &bytes);
    let end = bytes.len();
    let step = 256 << 10;
    for (range, first, last) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=0-9".to_owned(), 0, 9),
        ("bytes=5-5".to_owned(), 5, 5),
        ("bytes=100-".to_owned(), 100, end - 1),
        ("bytes=-7".to_owned(), end - 7, end - 1),
        (format!("bytes=-{}", end * 2), 0, end - 1),
        (format!("bytes=0-{}", end * 2), 0, end - 1),
        (format!("bytes={}-{}", end - 1, end - 1), end - 1, end - 1),
        (format!("bytes={}-{}", 65_530, 65_545), 65_530, 65_545),
        (
            format!("bytes={}-{}", step - 3, step + 3),
            step - 3,
            step + 3,
        ),
        ("bytes=1000-200000".to_owned(), 1000, 200_000),
    ] {
        let answer = part(&server, &range);
        assert_eq!(answer.status, 206, "{range}: {}", answer.text());
        assert_eq!(
            answer.header("Content-Range"),
            format!("bytes {first}-{last}/{end}"),
            "{range}"
        );
        assert_eq!(
            answer.header("Content-Length"),
            (last - first + 1).to_string(),
            "{range}"
        );
        assert!(answer.body == bytes[first..=last], "{range}");
    }
}

#[test]
fn a_range_past_the_end_is_416_and_says_how_long_the_source_is() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    for range in ["bytes=4-", "bytes=4-9", "bytes=100-200", "bytes=-0"] {
        let answer = part(&server, range);
        assert_eq!(answer.status, 416, "{range}: {}", answer.text());
        assert_eq!(answer.header("Content-Range"), "bytes */4", "{range}");
        assert_eq!(
            answer.header("Content-Type"),
            "application/problem+json",
            "{range}"
        );
    }
}

#[test]
fn a_range_that_cannot_be_read_is_ignored() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    for range in [
        "lines=0-1",
        "bytes=2-1",
        "bytes=x-y",
        "bytes",
        "bytes=",
        "0-1",
        "bytes=-",
    ] {
        let answer = part(&server, range);
        assert_eq!(answer.status, 200, "{range}: {}", answer.text());
        assert_eq!(answer.text(), "a\n1\n", "{range}");
    }
}

#[test]
fn a_range_counts_only_while_the_source_is_the_one_that_if_range_names() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let first = server.get("/datasets/one/source").v2().send().ok();
    let tag = first.header("ETag");
    let ask = |condition: &str| {
        let call = server.get("/datasets/one/source").v2();
        call.header("Range", "bytes=0-1")
            .header("If-Range", condition)
            .send()
    };
    assert_eq!(ask(tag).expect(StatusCode::PARTIAL_CONTENT).text(), "a\n");
    for condition in [
        "\"other\"",
        &format!("W/{tag}"),
        "Wed, 21 Oct 2015 07:28:00 GMT",
    ] {
        assert_eq!(ask(condition).ok().text(), "a\n1\n", "{condition}");
    }
    server.put("/datasets/one").v2().csv("b\n2\n").send().ok();
    assert_eq!(ask(tag).ok().text(), "b\n2\n");
}

#[test]
fn who_has_the_source_gets_304_even_for_a_range() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let first = server.get("/datasets/one/source").v2().send().ok();
    let call = server
        .get("/datasets/one/source")
        .v2()
        .header("Range", "bytes=0-1");
    assert_eq!(
        call.header("If-None-Match", first.header("ETag"))
            .send()
            .status,
        304
    );
}

#[test]
fn a_head_states_the_length_and_takes_no_range() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let call = server.call("HEAD", "/datasets/one/source").v2();
    let answer = call.header("Range", "bytes=0-1").send().ok();
    assert_eq!(answer.header("Content-Length"), "4");
    assert_eq!(answer.body, b"");
}
