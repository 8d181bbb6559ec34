//! What means "no value", in each format that it leaves in.

use serde_json::json;

use super::put;
use crate::server::Server;

/// What a path answers in that format of that version.
fn read(server: &Server, path: &str, media_type: &str) -> String {
    let accept = format!("application/vnd.flash.{media_type}");
    server.get(path).accept(&accept).send().ok().text()
}

const CSV: &str = "id,v,w\n1,NA,x\n2,,\"NA\"\n3,-,n/a\n";

#[test]
fn no_value_is_an_empty_field_in_every_csv_and_null_or_an_empty_text_in_json() {
    let server = Server::start();
    put(&server, "one", "?null=NA&null=-", CSV).created();
    let csv = "id,v,w\n1,,x\n2,,\n3,,n/a\n";
    assert_eq!(read(&server, "/datasets/one/rows", "v2+csv"), csv);
    assert_eq!(read(&server, "/datasets/one", "v1+csv"), csv);
    assert_eq!(
        server.rows("one"),
        json!([
            {"id": 1, "v": null, "w": "x"},
            {"id": 2, "v": null, "w": null},
            {"id": 3, "v": null, "w": "n/a"},
        ])
    );
    assert_eq!(
        read(&server, "/datasets/one/rows?limit=1", "v2+ndjson"),
        "{\"id\":1,\"v\":null,\"w\":\"x\"}\n"
    );
    let page = server.get("/datasets/one").send().ok().json();
    let rows = json!([["1", "", "x"], ["2", "", ""], ["3", "", "n/a"]]);
    assert_eq!(page["rows"], rows);
    // However the rows are found.
    for (query, csv) in [
        ("select=w,v&limit=2", "w,v\nx,\n,\n"),
        ("order=id.desc", "id,v,w\n3,,n/a\n2,,\n1,,x\n"),
        ("w=is.null", "id,v,w\n2,,\n"),
    ] {
        let path = format!("/datasets/one/rows?{query}");
        assert_eq!(read(&server, &path, "v2+csv"), csv, "{query}");
    }
    let safe = "/datasets/one/rows?safe=spreadsheet&select=v";
    assert_eq!(read(&server, safe, "v2+csv"), "v\n\"\"\n\"\"\n\"\"\n");
    // The source stays as it came.
    let source = server.get("/datasets/one/source").v2().send().ok();
    assert_eq!(source.text(), CSV);
}

#[test]
fn no_value_that_is_the_only_field_of_its_row_is_quoted() {
    let server = Server::start();
    put(&server, "one", "?null=NA", "v\n1\nNA\n").created();
    for (path, format) in [
        ("/datasets/one/rows", "v2+csv"),
        ("/datasets/one", "v1+csv"),
    ] {
        let csv = read(&server, path, format);
        assert_eq!(csv, "v\n1\n\"\"\n", "{format}");
        // What was read can be stored again: the same values and types.
        put(&server, "again", "", csv);
        assert_eq!(server.rows("again"), json!([{"v": 1}, {"v": null}]));
        let columns = |name| server.dataset(name)["columns"].clone();
        assert_eq!(columns("again"), columns("one"));
    }
}

#[test]
fn no_value_in_rows_that_go_out_in_parts_is_empty() {
    let server = Server::start();
    let long = "x".repeat(300_000);
    let csv = format!("v,w\nNA,{long}\n{long},NA\n");
    put(&server, "long", "?null=NA", csv).created();
    let expected = format!("v,w\n,{long}\n{long},\n");
    assert!(read(&server, "/datasets/long/rows", "v2+csv") == expected);
    assert!(read(&server, "/datasets/long", "v1+csv") == expected);
    let page = server.get("/datasets/long").send().ok().json();
    assert!(page["rows"] == json!([["", long], [long, ""]]));
}

#[test]
fn a_dataset_tells_its_nulls() {
    let server = Server::start();
    let made = put(&server, "one", "?null=NA&null=-", CSV).created().json();
    assert_eq!(made["nulls"], json!(["NA", "-"]));
    let appended = server.post("/datasets/one/rows").v2();
    appended.csv("id,v,w\n4,NA,-\n").send().ok();
    let dataset = server.get("/datasets/one").v2().send().ok().json();
    assert_eq!(dataset["nulls"], json!(["NA", "-"]));
    let list = server.get("/datasets").v2().send().ok().json();
    assert_eq!(list["data"][0]["nulls"], json!(["NA", "-"]));
    let csv = read(&server, "/datasets/one/rows", "v2+csv");
    assert!(csv.ends_with("\n4,,\n"), "{csv}");
    put(&server, "two", "", CSV).created();
    assert_eq!(server.dataset("two")["nulls"], json!([]));
    let csv = read(&server, "/datasets/two/rows", "v2+csv");
    assert_eq!(csv, CSV.replace("\"NA\"", "NA"));
}
