//! Charsets other than UTF-8.

use encoding_rs::{EUC_KR, Encoding, GB18030, KOI8_R, SHIFT_JIS, WINDOWS_1251};
use serde_json::json;

use crate::client::Answer;
use crate::server::Server;

const LEGACY: &[u8] = include_bytes!("../../data/legacy-windows-1252.csv");
const EKI: &[u8] = include_bytes!("../../data/eki-shift-jis.csv");

fn put(server: &Server, name: &str, charset: &str, body: impl AsRef<[u8]>) -> Answer {
    let call = server.put(&format!("/datasets/{name}")).v2();
    call.header("Content-Type", &format!("text/csv; charset={charset}"))
        .body(body)
        .send()
}

fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn a_file_from_an_old_spreadsheet_is_read_in_its_charset() {
    let server = Server::start();
    put(&server, "legacy", "windows-1252", LEGACY).created();
    assert_eq!(
        server.rows("legacy"),
        json!([
            {"kunde": "Müller & Söhne", "ort": "Köln", "saldo": "120 €"},
            {"kunde": "Café “Noir”", "ort": "Orléans", "saldo": "75 €"},
            {"kunde": "Škoda – Züg", "ort": "Plzen", "saldo": "9 €"},
        ])
    );
}

#[test]
fn bytes_that_look_like_delimiters_and_quotes_within_a_character_are_none() {
    let server = Server::start();
    put(&server, "eki", "Shift_JIS", EKI).created();
    assert_eq!(
        server.rows("eki"),
        json!([
            {"駅名": "東京", "路線": "山手線", "表示": "1"},
            {"駅名": "表参道", "路線": "銀座線", "表示": "ソ"},
            {"駅名": "十三", "路線": "京都線", "表示": "能"},
        ])
    );
    // The second byte of each of these is a pipe or a backslash.
    let (bytes, ..) = SHIFT_JIS.encode("a|b\nポ|ソ\n");
    put(&server, "pipes", "shift_jis", bytes).created();
    assert_eq!(server.rows("pipes"), json!([{"a": "ポ", "b": "ソ"}]));
}

#[test]
fn charsets_of_the_encoding_standard_are_known_by_their_labels() {
    let server = Server::start();
    for (name, label, encoding, text) in [
        ("a", "windows-1251", WINDOWS_1251, "Москва"),
        ("b", "KOI8-R", KOI8_R, "Пётр"),
        ("c", "gb18030", GB18030, "中文"),
        ("d", "euc-kr", EUC_KR, "서울"),
        ("e", "\"shift_jis\"", SHIFT_JIS, "大阪"),
        (
            "f",
            "latin1",
            Encoding::for_label(b"latin1").unwrap(),
            "Zürich",
        ),
        (
            "g",
            "ISO-8859-15",
            Encoding::for_label(b"iso-8859-15").unwrap(),
            "5 €",
        ),
        ("h", "utf-8", encoding_rs::UTF_8, "日本"),
        ("i", "UTF8", encoding_rs::UTF_8, "日本"),
    ] {
        let csv = format!("n,{text}\n1,{text}\n");
        let (bytes, _, lossy) = encoding.encode(&csv);
        assert!(!lossy, "{label}");
        put(&server, name, label, &bytes).created();
        assert_eq!(server.rows(name), json!([{"n": 1, text: text}]), "{label}");
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        assert_eq!(source.body, *bytes, "{label}");
    }
}

#[test]
fn utf_16_is_read_in_either_byte_order() {
    let server = Server::start();
    let text = "id,name\r\n1,Zoë 🌊\r\n2,東京\r\n";
    let marked = format!("\u{feff}{text}");
    for (name, charset, bytes) in [
        ("a", "utf-16le", utf16(text, u16::to_le_bytes)),
        ("b", "utf-16be", utf16(text, u16::to_be_bytes)),
        ("c", "utf-16", utf16(&marked, u16::to_le_bytes)),
        ("d", "utf-16le", utf16(&marked, u16::to_le_bytes)),
        ("e", "utf-16be", utf16(&marked, u16::to_be_bytes)),
        ("f", "utf-16", utf16(&marked, u16::to_be_bytes)),
    ] {
        put(&server, name, charset, bytes).created();
        assert_eq!(
            server.rows(name),
            json!([{"id": 1, "name": "Zoë 🌊"}, {"id": 2, "name": "東京"}]),
            "{name}: {charset}"
        );
    }
}

#[test]
fn a_long_file_in_another_charset_reads_back_whole() {
    let server = Server::start();
    let mut text = "n,ort\n".to_owned();
    text.extend((0..20_000).map(|n| format!("{n},Zürich\n")));
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&text);
    put(&server, "long", "windows-1252", &bytes).created();
    let rows = server
        .get("/datasets/long/rows")
        .accept("application/vnd.flash.v2+csv");
    assert!(rows.send().ok().text() == text);
    assert!(server.get("/datasets/long/source").v2().send().ok().body == *bytes);
    put(&server, "wide", "utf-16le", utf16(&text, u16::to_le_bytes)).created();
    assert_eq!(server.dataset("wide")["row_count"], 20_000);
    assert!(
        server
            .get("/datasets/wide")
            .accept("text/csv")
            .send()
            .ok()
            .text()
            == text
    );
}

#[test]
fn bytes_that_are_no_text_in_the_charset_are_422_and_nothing_is_stored() {
    let server = Server::start();
    for (charset, body) in [
        ("utf-8", LEGACY),
        ("shift_jis", &b"a,b\n1,\x81\n"[..]),
        ("utf-16le", b"a\0,\0b\0\n\x001\0,\0\x00\xD8\n\0"),
        ("utf-16le", b"a\0,\0b\0\n\x001\0,\x002"),
        ("euc-kr", b"a,b\n1,\xFF\xFF\n"),
    ] {
        let answer = put(&server, "one", charset, body);
        assert_eq!(answer.status, 422, "{charset}: {}", answer.text());
        let problem = answer.json();
        assert!(
            problem["line"].is_u64() && problem["column"].is_u64(),
            "{charset}: {problem}"
        );
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_file_from_an_old_spreadsheet_without_its_charset_is_422_and_is_told_to_state_it() {
    let server = Server::start();
    let answer = server.post("/datasets?name=legacy").v2().csv(LEGACY).send();
    let problem = answer
        .refused(422, &["UTF-8", "charset=windows-1252"])
        .json();
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_charset_that_nobody_knows_is_refused_by_name() {
    let server = Server::start();
    for charset in ["klingon", "utf-7", "\"\"", "ebcdic-cp-ch"] {
        let answer = put(&server, "one", charset, "a\n1\n");
        assert!(
            [400, 415, 422].contains(&answer.status),
            "{charset}: {}",
            answer.text()
        );
        let status = answer.status;
        answer.refused(status, &["charset", charset.trim_matches('"')]);
    }
    assert_eq!(server.names(), [""; 0]);
}
