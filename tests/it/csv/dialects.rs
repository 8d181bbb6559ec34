//! Line ends, quotes and delimiters.

use serde_json::json;

use super::{columns, put};
use crate::server::Server;

const AIRPORTS: &str = include_str!("../../data/airports.csv");
const SALES: &[u8] = include_bytes!("../../data/sales-semicolon.csv");
const STATIONS: &[u8] = include_bytes!("../../data/stations.tsv");

#[test]
fn line_ends_a_missing_last_one_and_a_byte_order_mark_do_not_matter() {
    let server = Server::start();
    for (at, csv) in [
        "a,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\n1,x\n2,y",
        "a,b\r\n1,x\r\n2,y",
        "a,b\r\n1,x\n2,y\r\n",
        "\u{feff}a,b\n1,x\n2,y\n",
        "\u{feff}a,b\r\n1,x\r\n2,y",
        "\u{feff}\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"y\"\n",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("case-{at}");
        let made = put(&server, &name, "", csv).created().json();
        assert_eq!(columns(&made), ["a: integer", "b: string"], "{csv:?}");
        assert_eq!(
            server.rows(&name),
            json!([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
            "{csv:?}"
        );
    }
}

#[test]
fn quotes_protect_delimiters_line_ends_and_quotes() {
    let server = Server::start();
    server.store("airports", AIRPORTS);
    let rows = server.rows("airports");
    assert_eq!(rows.as_array().unwrap().len(), 6);
    assert_eq!(rows[0]["remark"], "runways 10/28, 14/32, 16/34");
    assert_eq!(rows[1]["name"], "Genève Aéroport \"Cointrin\"");
    assert_eq!(rows[1]["remark"], json!(null));
    assert_eq!(rows[2]["remark"], "wind\nwind\nand more wind");
    assert_eq!(
        rows[3],
        json!({
            "iata": "HND", "name": "東京国際空港", "city": "東京", "elevation_m": 11, "remark": "called \"Haneda\"",
        })
    );
    assert_eq!(rows[5]["elevation_m"], -3);
    assert_eq!(rows[5]["remark"], "below the sea 🌊");
}

#[test]
fn text_is_kept_as_it_is() {
    let server = Server::start();
    for (at, text) in [
        "=1+1",
        "=HYPERLINK(\"http://example.com\")",
        "@SUM(A1)",
        "-1+2",
        "+41 44 123 45 67",
        " leading and trailing ",
        "tab\there",
        "<script>alert(1)</script>",
        "back\\slash \\n",
        "\u{1}\u{7f}\u{85}\u{2028}",
        "NULL",
        "e\u{301} is not é",
        "👩‍👩‍👧",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("case-{at}");
        let csv = format!("n,text\n1,\"{}\"\n", text.replace('"', "\"\""));
        server.store(&name, &csv);
        assert_eq!(server.rows(&name), json!([{"n": 1, "text": text}]));
        let v1 = server.get(&format!("/datasets/{name}")).send().ok().json();
        assert_eq!(v1["rows"], json!([["1", text]]));
        let source = server
            .get(&format!("/datasets/{name}/source"))
            .v2()
            .send()
            .ok();
        assert_eq!(source.text(), csv);
    }
}

#[test]
fn the_delimiter_is_found_in_a_header_line_without_a_comma() {
    let server = Server::start();
    for (name, csv) in [
        ("comma", "a,b\n1,\"2,5\"\n"),
        ("semicolon", "a;b\n1;2,5\n"),
        ("tab", "a\tb\n1\t2,5\n"),
        ("pipe", "a|b\n1|2,5\n"),
    ] {
        let made = put(&server, name, "", csv).created().json();
        assert_eq!(columns(&made), ["a: integer", "b: string"], "{name}");
        assert_eq!(server.rows(name), json!([{"a": 1, "b": "2,5"}]), "{name}");
    }
}

#[test]
fn two_delimiters_that_divide_all_rows_evenly_are_refused_until_one_is_stated() {
    let server = Server::start();
    let csv = "a;x,b|y,c\n1;1,2,3\n";
    let refused = put(&server, "one", "", csv);
    refused.refused(422, &["','", "';'", "delimiter="]);
    put(&server, "one", "?delimiter=,", csv).created();
    assert_eq!(
        server.rows("one"),
        json!([{"a;x": "1;1", "b|y": 2, "c": 3}])
    );
}

#[test]
fn a_header_line_of_one_word_is_one_column() {
    let server = Server::start();
    server.store("one", "name\nMiller; Ann\nSmith | Joe\n");
    assert_eq!(
        server.rows("one"),
        json!([{"name": "Miller; Ann"}, {"name": "Smith | Joe"}])
    );
}

#[test]
fn a_stated_delimiter_is_the_one() {
    let server = Server::start();
    for (name, query, csv) in [
        ("comma", "?delimiter=,", "a;x,b\n1,2\n"),
        ("comma-escaped", "?delimiter=%2C", "a;x,b\n1,2\n"),
        ("semicolon", "?delimiter=;", "a,x;b\n1;2\n"),
        ("semicolon-escaped", "?delimiter=%3B", "a,x;b\n1;2\n"),
        ("tab", "?delimiter=%09", "a,x\tb\n1\t2\n"),
        ("pipe", "?delimiter=%7C", "a,x|b\n1|2\n"),
    ] {
        put(&server, name, query, csv).created();
        let first = if csv.contains("a;x") { "a;x" } else { "a,x" };
        assert_eq!(server.rows(name), json!([{first: 1, "b": 2}]), "{name}");
    }
}

#[test]
fn a_delimiter_that_is_none_is_400_and_says_what_is_one() {
    let server = Server::start();
    for query in ["?delimiter=", "?delimiter=%0A", "?delimiter=123456789"] {
        let answer = put(&server, "one", query, "a,b\n1,2\n");
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        answer.refused(400, &["delimiter", "tab"]);
    }
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn tab_separated_values_are_separated_by_tabs_whatever_the_header_holds() {
    let server = Server::start();
    let put = |name: &str, body: &[u8]| {
        let call = server.put(&format!("/datasets/{name}")).v2();
        call.header("Content-Type", "text/tab-separated-values")
            .body(body)
            .send()
            .created()
    };
    put("stations", STATIONS);
    let rows = server.rows("stations");
    assert_eq!(
        rows[0],
        json!({"station": "Mill Road", "line": "north, stopping", "platforms": 2, "opened": "1898-05-01"})
    );
    assert_eq!(rows[2]["station"], "Old \"Gas\" Works");
    put("comma", b"a,b\tc\n1\t2\n");
    assert_eq!(server.rows("comma"), json!([{"a,b": 1, "c": 2}]));
}

#[test]
fn a_file_with_semicolons_and_decimal_commas_loses_no_digit() {
    let server = Server::start();
    let made = put(&server, "sales", "", SALES).created().json();
    assert_eq!(
        columns(&made),
        [
            "Datum: date",
            "Filiale: string",
            "Betrag: string",
            "Anzahl: integer"
        ]
    );
    assert_eq!(
        server.rows("sales"),
        json!([
            {"Datum": "2024-03-01", "Filiale": "Zürich", "Betrag": "1204,50", "Anzahl": 12},
            {"Datum": "2024-03-01", "Filiale": "Bern", "Betrag": "2,5", "Anzahl": 1},
            {"Datum": "2024-03-02", "Filiale": "Zürich", "Betrag": "98,00", "Anzahl": 3},
            {"Datum": "2024-03-02", "Filiale": "Genf; Bahnhof", "Betrag": "0,95", "Anzahl": 7},
        ])
    );
}
