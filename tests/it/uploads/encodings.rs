//! Bodies that were packed with gzip or zstd.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{END, form, part};
use crate::server::Server;

const AIRPORTS: &[u8] = include_bytes!("../../data/airports.csv");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A server that takes no more than 100 kB.
fn small() -> Server {
    Server::with(|settings| {
        settings.limits.max_body = 100_000;
        settings.limits.max_json_body = 100_000;
        settings.limits.max_record = 100_000;
    })
}

#[test]
fn a_packed_csv_is_stored_as_what_it_unpacks_to() {
    let server = Server::start();
    let twice = [gzip(&AIRPORTS[..100]), gzip(&AIRPORTS[100..])].concat();
    for (name, encoding, packed) in [
        ("gzip", "gzip", gzip(AIRPORTS)),
        ("x-gzip", "x-gzip", gzip(AIRPORTS)),
        ("capitals", "GZIP", gzip(AIRPORTS)),
        ("zstd", "zstd", zstd(AIRPORTS)),
        ("identity", "identity", AIRPORTS.to_vec()),
        ("members", "gzip", twice),
    ] {
        let call = server.put(&format!("/datasets/{name}")).v2();
        let answer = call
            .header("Content-Encoding", encoding)
            .csv(packed)
            .send()
            .created();
        assert_eq!(answer.json()["byte_count"], AIRPORTS.len(), "{name}");
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        assert_eq!(source.body, AIRPORTS, "{name}");
        assert!(source.headers.get("content-encoding").is_none(), "{name}");
    }
}

#[test]
fn forms_and_lists_may_be_packed_too() {
    let server = Server::start();
    let body = part("people.csv", "id\n1\n") + END;
    let call = form(server.post("/datasets"), gzip(body.as_bytes()));
    call.header("Content-Encoding", "gzip").send().created();
    let list = json!([{"name": "list", "csv": "a\n1\n"}]).to_string();
    let call = server
        .post("/datasets")
        .header("Content-Type", "application/json");
    call.header("Content-Encoding", "zstd")
        .body(zstd(list.as_bytes()))
        .send()
        .created();
    assert_eq!(server.names(), ["list", "people"]);
}

#[test]
fn a_body_that_is_not_what_its_encoding_says_is_400_and_nothing_is_stored() {
    let server = Server::start();
    let (zipped, standard) = (gzip(AIRPORTS), zstd(AIRPORTS));
    let mut damaged = zipped.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 1;
    for (what, encoding, body) in [
        ("plain text", "gzip", AIRPORTS.to_vec()),
        ("plain text", "zstd", AIRPORTS.to_vec()),
        ("cut off", "gzip", zipped[..zipped.len() / 2].to_vec()),
        (
            "without its checksum",
            "gzip",
            zipped[..zipped.len() - 8].to_vec(),
        ),
        ("damaged", "gzip", damaged),
        ("cut off", "zstd", standard[..standard.len() - 5].to_vec()),
        ("the other", "zstd", zipped.clone()),
        (
            "followed by something else",
            "gzip",
            [zipped.as_slice(), b"a,b\n1,2\n"].concat(),
        ),
    ] {
        let call = server
            .put("/datasets/one")
            .v2()
            .header("Content-Encoding", encoding);
        let answer = call.csv(body).send();
        assert_eq!(answer.status, 400, "{encoding} {what}: {}", answer.text());
        answer.refused(400, &["Content-Encoding"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn an_unknown_encoding_is_415_and_named() {
    let server = Server::start();
    for encoding in ["br", "deflate", "compress", "gzip, br", "nonsense"] {
        let call = server
            .put("/datasets/one")
            .v2()
            .header("Content-Encoding", encoding);
        let answer = call.csv(gzip(AIRPORTS)).send();
        assert_eq!(answer.status, 415, "{encoding}: {}", answer.text());
        answer.refused(415, &[encoding, "gzip", "zstd"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn the_limit_counts_what_a_body_unpacks_to() {
    let server = small();
    let mut csv = b"a\n".to_vec();
    csv.resize(100_000, b'1');
    for n in (80..100_000).step_by(80) {
        csv[n] = b'\n';
    }
    for (encoding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
        let put = |bytes: &[u8]| {
            let call = server.put(&format!("/datasets/{encoding}")).v2();
            call.header("Content-Encoding", encoding)
                .csv(pack(bytes))
                .send()
        };
        put(&[csv.as_slice(), b"1"].concat()).refused(413, &["--max-body", "100000"]);
        assert_eq!(put(&csv).created().json()["byte_count"], 100_000);
    }
}

#[test]
fn a_decompression_bomb_is_413() {
    let server = small();
    let zeros = vec![b'0'; 8 << 20];
    for (encoding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
        assert!(bomb.len() < 100_000);
        for call in [
            server.put("/datasets/one").v2(),
            server.post("/datasets?name=one"),
        ] {
            let call = call.header("Content-Encoding", encoding).csv(&bomb);
            call.send().refused(413, &["--max-body"]);
        }
        let call = server
            .post("/datasets")
            .header("Content-Type", "application/json");
        let call = call.header("Content-Encoding", encoding).body(&bomb);
        call.send().refused(413, &["--max-json-body"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_refused_encoding_is_answered_with_those_that_are_known() {
    let server = Server::start();
    for accept in [crate::client::V1, crate::client::V2] {
        let call = server.post("/datasets?name=a").accept(accept).csv("a\n1\n");
        let answer = call.header("Content-Encoding", "br").send();
        assert_eq!(answer.status, 415);
        assert_eq!(answer.header("Accept-Encoding"), "gzip, zstd");
    }
}

#[test]
fn chunks_that_are_none_are_400_and_told_apart_from_a_body_that_ended() {
    let server = Server::start();
    for chunks in [
        "zz\r\na\n1\n\r\n0\r\n\r\n",
        "5\r\na\n1\n22\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\na\n",
    ] {
        let request = format!(
            "PUT /datasets/a HTTP/1.1\r\nHost: flash\r\nAccept: {}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\
             Connection: close\r\n\r\n{chunks}",
            crate::client::V2
        );
        let answer = crate::client::exchange(server.address, &request);
        assert!(answer.starts_with("HTTP/1.1 400"), "{chunks:?}: {answer}");
        assert!(answer.contains("bad chunks"), "{chunks:?}: {answer}");
    }
    assert_eq!(server.names(), [""; 0]);
}
