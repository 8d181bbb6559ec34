//! Content codings of responses.

use std::fmt::Write as _;
use std::io::Read as _;

use crate::client::Answer;
use crate::server::Server;

fn server() -> (Server, String) {
    let server = Server::start();
    let mut csv = "n,text\n".to_owned();
    for n in 0..20_000 {
        writeln!(csv, "{n},some text that is long enough to be worth it").unwrap();
    }
    server.store("long", &csv);
    server.store("short", "a\n1\n");
    (server, csv)
}

/// The body of an answer, unpacked as it says that it is packed.
fn unpacked(answer: &Answer) -> String {
    let coding = answer.headers.get("content-encoding");
    let bytes = match coding.map(|coding| coding.to_str().unwrap()) {
        None => answer.body.clone(),
        Some("zstd") => zstd::decode_all(&answer.body[..]).unwrap(),
        Some("gzip") => {
            let mut bytes = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&answer.body[..]);
            decoder.read_to_end(&mut bytes).unwrap();
            bytes
        }
        Some(other) => panic!("{other}"),
    };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_body_is_packed_as_it_is_asked_for_and_unpacks_to_the_same() {
    let (server, csv) = server();
    for path in [
        "/datasets/long/rows",
        "/datasets/long/rows?limit=10000",
        "/datasets/long/rows?n=gt.10&limit=500",
        "/openapi.json",
    ] {
        let plain = server.get(path).v2().send().ok();
        assert!(plain.headers.get("content-encoding").is_none());
        for (asked, coding) in [
            ("gzip", "gzip"),
            ("gzip, br;q=0.5, zstd", "zstd"),
            ("*;q=0.1", "zstd"),
        ] {
            let packed = server
                .get(path)
                .v2()
                .header("Accept-Encoding", asked)
                .send()
                .ok();
            assert_eq!(packed.header("Content-Encoding"), coding, "{path}");
            assert!(packed.body.len() < plain.body.len() / 2);
            assert_eq!(unpacked(&packed), plain.text(), "{path} {asked}");
            assert_eq!(packed.header("Content-Type"), plain.header("Content-Type"));
        }
        let brotli = server
            .get(path)
            .v2()
            .header("Accept-Encoding", "br")
            .send()
            .ok();
        assert_eq!(brotli.header("Content-Encoding"), "br");
    }
    let source = server
        .get("/datasets/long/source")
        .v2()
        .header("Accept-Encoding", "gzip");
    assert_eq!(unpacked(&source.send().ok()), csv);
}

#[test]
fn who_asks_for_no_coding_or_for_a_short_body_gets_it_as_it_is() {
    let (server, _) = server();
    for asked in ["identity", "deflate", "gzip;q=0", ""] {
        let answer = server
            .get("/datasets/long/rows")
            .v2()
            .header("Accept-Encoding", asked);
        assert!(
            answer.send().ok().headers.get("content-encoding").is_none(),
            "{asked:?}"
        );
    }
    let short = server
        .get("/datasets/short/rows")
        .v2()
        .header("Accept-Encoding", "gzip")
        .send()
        .ok();
    assert!(short.headers.get("content-encoding").is_none());
    let vary: Vec<_> = short
        .headers
        .get_all("vary")
        .iter()
        .map(|vary| vary.to_str().unwrap())
        .collect();
    assert_eq!(
        vary.join(", "),
        "Accept, Content-Type, Authorization, Accept-Encoding"
    );
}

#[test]
fn a_coding_has_a_tag_of_its_own_with_which_it_is_asked_for_again() {
    let (server, csv) = server();
    let get = |asked: &str| {
        server
            .get("/datasets/long/rows")
            .v2()
            .header("Accept-Encoding", asked)
    };
    let plain = get("").send().ok().header("ETag").to_owned();
    let packed = get("gzip").send().ok().header("ETag").to_owned();
    assert_eq!(packed, format!("{}-gzip\"", plain.trim_end_matches('"')));
    let again = get("gzip").header("If-None-Match", &packed).send();
    assert_eq!((again.status, again.header("ETag")), (304, &*packed));
    assert_eq!(get("").header("If-None-Match", &plain).send().status, 304);
    let head = server
        .call("HEAD", "/datasets/long/rows")
        .v2()
        .header("Accept-Encoding", "gzip")
        .send()
        .ok();
    assert_eq!(
        (head.header("ETag"), head.header("Content-Encoding")),
        (&*packed, "gzip")
    );
    let put = server
        .put("/datasets/long")
        .v2()
        .header("If-Match", &packed);
    put.csv(&csv).send().ok();
    server
        .put("/datasets/long")
        .v2()
        .header("If-Match", &packed)
        .csv(csv)
        .send()
        .refused(412, &[]);
}

#[test]
fn a_range_of_a_source_is_never_packed() {
    let (server, csv) = server();
    let range = server
        .get("/datasets/long/source")
        .v2()
        .header("Range", "bytes=0-99999")
        .header("Accept-Encoding", "gzip");
    let range = range.send();
    assert_eq!(range.status, 206);
    assert!(range.headers.get("content-encoding").is_none());
    assert!(range.body == csv.as_bytes()[..100_000]);
}

#[test]
fn a_client_that_takes_nothing_unpacked_gets_short_bodies_errors_and_sources_packed() {
    let (server, csv) = server();
    let get = |path: &str, asked: &str| {
        let call = server.get(path).v2();
        call.header("Accept-Encoding", asked)
    };
    for asked in [
        "gzip, identity;q=0",
        "gzip, *;q=0",
        "gzip;q=0.1, IDENTITY; q=0",
    ] {
        for path in [
            "/datasets/short/rows",
            "/datasets/none",
            "/datasets/short/source",
            "/openapi.json",
            "/versions",
        ] {
            let plain = server.get(path).v2().send();
            let packed = get(path, asked).send();
            assert_eq!(packed.status, plain.status, "{path}");
            assert_eq!(packed.header("Content-Encoding"), "gzip", "{path} {asked}");
            assert_eq!(unpacked(&packed), plain.text(), "{path} {asked}");
        }
    }
    // A part can't be packed, and so is not sent.
    let whole = get("/datasets/long/source", "gzip, identity;q=0").header("Range", "bytes=0-9");
    let whole = whole.send().ok();
    assert_eq!(unpacked(&whole), csv);
    // Asked again and again, it is the same.
    for _ in 0..4 {
        let packed = get("/datasets/short/rows", "gzip, identity;q=0")
            .send()
            .ok();
        assert_eq!(packed.header("Content-Encoding"), "gzip");
        assert!(
            !get("/datasets/short/rows", "gzip")
                .send()
                .ok()
                .headers
                .contains_key("content-encoding")
        );
    }
}

#[test]
fn where_no_way_to_send_an_answer_is_left_it_is_406_and_nothing_is_written() {
    let (server, _) = server();
    for asked in [
        "identity;q=0",
        "*;q=0",
        "br;q=0, gzip;q=0, zstd;q=0, *;q=0",
        "deflate, identity;q=0",
    ] {
        for path in ["/datasets/short/rows", "/openapi.json", "/"] {
            let call = server.get(path).v2().header("Accept-Encoding", asked);
            call.send().refused(406, &["Accept-Encoding"]);
        }
        let put = server
            .put("/datasets/new")
            .v2()
            .header("Accept-Encoding", asked);
        put.csv("a\n1\n").send().refused(406, &["Accept-Encoding"]);
    }
    assert_eq!(server.names(), ["long", "short"]);
}
