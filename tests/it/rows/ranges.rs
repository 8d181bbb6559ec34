//! Ranges of rows as CSV and NDJSON, for clients that read files in parts.

use super::numbered;
use crate::client::Answer;
use crate::server::Server;

fn part(server: &Server, path: &str, range: &str) -> Answer {
    server.get(path).header("Range", range).send()
}

/// Long enough that the answer is made while it is sent.
fn long(server: &Server) {
    server.store("one", numbered(60_000, "twenty letters or so"));
}

#[test]
fn ranges_of_an_export_together_are_the_export() {
    let server = Server::start();
    long(&server);
    for query in [
        "format=csv",
        "format=ndjson",
        "format=csv&n=gt.20000&order=n.desc",
        "format=csv&select=mark,n&limit=50000&safe=spreadsheet",
    ] {
        let path = format!("/datasets/one/rows?version=v2&{query}");
        let whole = server.get(&path).send().ok();
        assert_eq!(whole.header("Accept-Ranges"), "bytes", "{query}");
        let whole = whole.body;
        assert!(whole.len() > 600_000, "{query}: {}", whole.len());
        let mut joined = Vec::new();
        while joined.len() < whole.len() {
            let first = joined.len();
            let last = first + 250_000;
            let answer = part(&server, &path, &format!("bytes={first}-{last}"));
            assert_eq!(answer.status, 206, "{query}: {}", answer.text());
            let last = last.min(whole.len() - 1);
            let range = format!("bytes {first}-{last}/{}", whole.len());
            assert_eq!(answer.header("Content-Range"), range, "{query}");
            let length = (last - first + 1).to_string();
            assert_eq!(answer.header("Content-Length"), length, "{query}");
            joined.extend(answer.body);
        }
        assert!(joined == whole, "{query}");
        let end = part(&server, &path, "bytes=-5");
        assert_eq!(end.body, whole[whole.len() - 5..], "{query}");
        // Its length is known now.
        let head = server.call("HEAD", &path).send().ok();
        assert_eq!(head.header("Content-Length"), whole.len().to_string());
    }
}

#[test]
fn a_range_of_a_short_export_is_the_part_it_names() {
    let server = Server::start();
    server.store("one", "a,b\n1,2\n3,4\n");
    let path = "/datasets/one/rows?version=v2&format=csv";
    for (range, text, shown) in [
        ("bytes=0-2", "a,b", "bytes 0-2/12"),
        ("bytes=8-", "3,4\n", "bytes 8-11/12"),
        ("bytes=-4", "3,4\n", "bytes 8-11/12"),
    ] {
        let answer = part(&server, path, range);
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.text(), text, "{range}");
        assert_eq!(answer.header("Content-Range"), shown, "{range}");
    }
    let after = part(&server, path, "bytes=12-");
    assert_eq!(after.header("Content-Range"), "bytes */12");
    after.refused(416, &["12 bytes"]);
    let head = server.call("HEAD", path).send().ok();
    assert_eq!(head.header("Content-Length"), "12");
}

#[test]
fn a_range_of_another_revision_or_of_a_page_is_not_sent() {
    let server = Server::start();
    server.store("one", "a\n1\n2\n");
    let path = "/datasets/one/rows?version=v2&format=csv";
    let tag = server.get(path).send().ok().header("ETag").to_owned();
    let rest = |tag: &str| {
        let call = server.get(path).header("Range", "bytes=2-");
        call.header("If-Range", tag).send()
    };
    assert_eq!(rest(&tag).status, 206);
    server.replace("one", "a\n1\n2\n3\n");
    assert_eq!(rest(&tag).ok().text(), "a\n1\n2\n3\n");
    // Bytes of a page in JSON are of no use.
    let page = part(&server, "/datasets/one/rows?version=v2", "bytes=0-1");
    assert_eq!(page.ok().json()["data"][0]["a"], 1);
}

#[test]
fn the_next_range_is_of_the_revision_that_the_client_reads_not_of_a_length_that_was_counted_before()
{
    let server = Server::start();
    long(&server);
    let path = "/datasets/one/rows?version=v2&format=csv";
    let range = |range: &str| {
        part(&server, path, range)
            .header("Content-Range")
            .to_owned()
    };
    let before = range("bytes=0-0");
    server.replace("one", numbered(70_000, "twenty letters or so"));
    let after = range("bytes=0-0");
    assert_ne!(before, after);
    let whole = server.get(path).send().ok().body.len();
    assert_eq!(after, format!("bytes 0-0/{whole}"));
}
