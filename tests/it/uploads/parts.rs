//! How the parts of a form are labelled, named, encoded and packed.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{END, form};
use crate::client::Answer;
use crate::server::Server;

/// Sends a form with one part that has these headers.
fn send(server: &Server, headers: &str, content: impl AsRef<[u8]>) -> Answer {
    let mut body = format!("--XX\r\n{headers}\r\n\r\n").into_bytes();
    body.extend_from_slice(content.as_ref());
    body.extend_from_slice(format!("\r\n{END}").as_bytes());
    form(server.post("/datasets"), body).send()
}

/// The headers of a part with that file name, and others.
fn named(filename: &str, others: &str) -> String {
    let others = match others {
        "" => String::new(),
        others => format!("\r\n{others}"),
    };
    format!("Content-Disposition: form-data; name=\"file\"; filename=\"{filename}\"{others}")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn long() -> String {
    let rows = (0..8_000).map(|n| format!("{n},\"é = {n}\"\r\n"));
    "n,text\r\n".to_owned() + &rows.collect::<String>()
}

fn source(server: &Server, name: &str) -> Vec<u8> {
    let path = format!("/datasets/{name}/source");
    server.get(&path).v2().send().ok().body
}

#[test]
fn a_part_in_base64_is_decoded() {
    let server = Server::start();
    let encoding = "Content-Transfer-Encoding: base64";
    // curl -F 'file=@p.csv;encoder=base64' writes lines of 76 digits.
    let csv = long();
    let digits = STANDARD.encode(&csv);
    let lines: Vec<&str> = digits
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    send(&server, &named("long.csv", encoding), lines.join("\r\n")).created();
    assert!(source(&server, "long") == csv.as_bytes());
    for (name, digits) in [
        ("padded", "YQoxCjI="),
        ("open", "YQoxCjI"),
        ("even", "YQox"),
    ] {
        let headers = named(&format!("{name}.csv"), "content-transfer-encoding: BASE64");
        send(&server, &headers, digits).created();
    }
    assert_eq!(server.rows("padded"), json!([{"a": 1}, {"a": 2}]));
    assert_eq!(server.rows("open"), json!([{"a": 1}, {"a": 2}]));
    for digits in ["YQox!", "YQ==YQox", "YQoxC", "YQ=xYQox"] {
        let answer = send(&server, &named("bad.csv", encoding), digits);
        answer.refused(400, &["base64", "send the file as it is"]);
    }
    assert_eq!(server.names(), ["even", "long", "open", "padded"]);
}

#[test]
fn a_part_in_quoted_printable_is_decoded() {
    let server = Server::start();
    let encoding = "Content-Transfer-Encoding: quoted-printable";
    let content = "name,note\r\nZ=C3=BCrich,a long=20=\r\n line  \t\r\nA=3dB,=  \r\nend=";
    send(&server, &named("some.csv", encoding), content).created();
    assert_eq!(
        source(&server, "some"),
        "name,note\r\nZürich,a long  line\r\nA=B,end".as_bytes()
    );
    let csv = long();
    let content = csv.replace('=', "=3D").replace('é', "=C3=A9");
    send(&server, &named("long.csv", encoding), content).created();
    assert!(source(&server, "long") == csv.as_bytes());
    for content in ["a\n=G1", "a\n1=4", "a\n= x"] {
        let answer = send(&server, &named("bad.csv", encoding), content);
        answer.refused(400, &["quoted-printable"]);
    }
}

#[test]
fn an_identity_encoding_changes_nothing_and_an_unknown_one_is_refused_by_name() {
    let server = Server::start();
    for encoding in ["7bit", "8bit", "Binary"] {
        let others = format!("Content-Transfer-Encoding: {encoding}");
        let headers = named(&format!("{encoding}.csv"), &others);
        send(&server, &headers, "a\nYQox\n").created();
        assert_eq!(
            server.rows(&encoding.to_ascii_lowercase()),
            json!([{"a": "YQox"}])
        );
    }
    let headers = named("x.csv", "Content-Transfer-Encoding: x-uuencode");
    let answer = send(&server, &headers, "a\n1\n");
    answer.refused(400, &["x-uuencode", "base64", "quoted-printable"]);
}

#[test]
fn the_file_name_of_a_part_is_read_however_it_is_written() {
    let server = Server::start();
    for (parameters, name) in [
        // .NET
        (
            "filename=\"=?utf-8?B?ZG9ubsOpZXMuY3N2?=\"; filename*=utf-8''donn%C3%A9es.csv",
            "donnees",
        ),
        ("filename=\"=?utf-8?B?w6l0w6kuY3N2?=\"", "ete"),
        ("filename=\"=?ISO-8859-1?Q?M=FCller_x.csv?=\"", "muller-x"),
        (
            "filename=\"=?utf-8?Q?two?= =?utf-8?q?parts.csv?=\"",
            "twoparts",
        ),
        ("filename=\"=?what.csv\"", "what"),
        ("filename*=ISO-8859-1''%FCber.csv", "uber"),
        ("filename*=utf-8'fr'%c3%a0.csv; filename=other.csv", "a"),
        (
            "filename*=koi8-r''%C0.csv; filename=fallback.csv",
            "fallback",
        ),
        ("FileName=capitals.csv", "capitals"),
        ("filename=\"a\\\"b\\\\c.csv\"", "c"),
        ("filename=\"say \\\"hi\\\".csv\"", "say-hi"),
        ("filename=\"C:\\Users\\Ada\\path.csv\"", "path"),
        ("filename=\"semi;colon.csv\" ; size=", "semi-colon"),
        (
            "filename=\"Übersicht Q1 (final).csv\"",
            "ubersicht-q1-final",
        ),
    ] {
        let headers = format!("Content-Disposition: form-data; name=file; {parameters}");
        let answer = send(&server, &headers, "a\n1\n");
        assert_eq!(answer.status, 201, "{parameters}: {}", answer.text());
        let made = super::made(&answer);
        assert_eq!(made, [name], "{parameters}");
    }
}

#[test]
fn a_malformed_disposition_of_a_part_is_refused_with_its_place() {
    let server = Server::start();
    for (value, place) in [
        ("form-data; filename=\"open.csv", "character 12"),
        ("form-data; filename=my file.csv", "character 12"),
        ("form-data; filename=a.csv; filename=b.csv", "twice"),
    ] {
        let headers = format!("Content-Disposition: {value}");
        let answer = send(&server, &headers, "a\n1\n");
        answer.refused(400, &["Content-Disposition", place]);
    }
}

#[test]
fn a_part_is_a_csv_under_the_labels_that_clients_give_it() {
    let server = Server::start();
    for (at, label) in [
        "text/csv",
        "application/octet-stream",
        "application/vnd.ms-excel",
        "application/csv",
        "Text/Plain ; Charset=utf-8",
        "text/x-csv",
        "text/comma-separated-values",
        "application/vnd.flash.v2+csv",
    ]
    .into_iter()
    .enumerate()
    {
        let headers = named(&format!("f{at}.csv"), &format!("Content-Type: {label}"));
        let answer = send(&server, &headers, "a\n1\n");
        assert_eq!(answer.status, 201, "{label}: {}", answer.text());
    }
    send(&server, &named("none.csv", ""), "a\n1\n").created();
}

#[test]
fn a_part_of_another_type_is_refused_and_nothing_is_stored() {
    let server = Server::start();
    for label in [
        "application/json",
        "image/png",
        "text/html",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ] {
        let headers = named("people.json", &format!("Content-Type: {label}"));
        let answer = send(&server, &headers, "{\"a\":1}");
        answer.refused(415, &["people.json", label, "text/csv"]);
    }
    let headers = named("people.csv", "Content-Type: text/csv; charset");
    send(&server, &headers, "a\n1\n").refused(400, &["Content-Type", "character 11"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn the_parameters_of_a_part_are_compared_without_case() {
    let server = Server::start();
    let headers = named(
        "one.csv",
        "Content-Type: text/csv ; CHARSET=\"Windows-1252\"; Header=Absent",
    );
    send(&server, &headers, b"Z\xfcrich\n").created();
    assert_eq!(server.rows("one"), json!([{"column_1": "Zürich"}]));
    let call = server
        .post("/datasets")
        .header("Content-Type", "multipart/form-data; BOUNDARY=XX");
    let part = super::part("two.csv", "a\n1\n") + END;
    call.body(part).send().created();
}

#[test]
fn a_packed_part_is_unpacked_and_named_without_its_endings() {
    let server = Server::start();
    let csv = long();
    let zstd = zstd::encode_all(csv.as_bytes(), 3).unwrap();
    for (headers, content, name) in [
        (named("one.csv.gz", ""), gzip(&csv), "one"),
        (
            named("Two.CSV.GZ", "Content-Type: application/octet-stream"),
            gzip(&csv),
            "two",
        ),
        (
            named("three.csv", "Content-Type: application/gzip"),
            gzip(&csv),
            "three",
        ),
        (
            named("four.csv.gz", "Content-Type: application/x-gzip"),
            gzip(&csv),
            "four",
        ),
        (
            named("five.csv.zst", "Content-Type: text/csv"),
            zstd.clone(),
            "five",
        ),
        (
            named("six.csv", "Content-Type: application/zstd"),
            zstd,
            "six",
        ),
        (
            named("seven.csv", "Content-Encoding: gzip"),
            gzip(&csv),
            "seven",
        ),
    ] {
        let answer = send(&server, &headers, content);
        assert_eq!(answer.status, 201, "{headers}: {}", answer.text());
        assert_eq!(super::made(&answer), [name]);
        assert!(source(&server, name) == csv.as_bytes(), "{name}");
    }
    let headers = named("both.csv.gz", "Content-Transfer-Encoding: base64");
    send(&server, &headers, STANDARD.encode(gzip("a\n1\n"))).created();
    assert_eq!(server.rows("both"), json!([{"a": 1}]));
    send(&server, &named("bad.csv.gz", ""), "a\n1\n").refused(400, &["bad.csv.gz", "gzip"]);
    send(&server, &named("bad.csv.zst", ""), "a\n1\n").refused(400, &["bad.csv.zst", "zstd"]);
}

#[test]
fn packed_parts_count_unpacked_and_together_against_the_longest_body() {
    let server = Server::with(|settings| {
        settings.limits.max_body = 10_000;
        settings.limits.max_json_body = 10_000;
        settings.limits.max_record = 10_000;
    });
    let csv = |bytes: usize| "a\n".to_owned() + &"1234567\n".repeat(bytes / 8);
    let one = |name: &str, bytes| {
        let mut body = format!("--XX\r\n{}\r\n\r\n", named(name, "")).into_bytes();
        body.extend(gzip(&csv(bytes)));
        body.extend(b"\r\n");
        body
    };
    let send = |parts: &[Vec<u8>]| {
        let body = [parts.concat(), END.as_bytes().to_vec()].concat();
        form(server.post("/datasets"), body).send()
    };
    send(&[one("x.csv.gz", 4_000), one("y.csv.gz", 5_000)]).created();
    send(&[one("bomb.csv.gz", 1_000_000)]).refused(413, &["10000 bytes", "--max-body"]);
    send(&[one("p.csv.gz", 6_000), one("q.csv.gz", 6_000)]).refused(413, &["--max-body"]);
    assert_eq!(server.names(), ["x", "y"]);
}
