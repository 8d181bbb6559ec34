//! Rows as records, revisions, and what changed between two of them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{BROWSER, has, lacks};
use crate::server::Server;

fn people() -> Server {
    let server = Server::start();
    server.store("people", "id,name,note\n1,Ada,\n2,Lin,<b>x</b>\n");
    server
}

#[test]
fn a_row_is_a_record_with_whole_texts_and_ways_to_those_beside_it() {
    let server = people();
    let long = "long ".repeat(100);
    server.replace(
        "people",
        format!("id,name,note\n1,Ada,\n2,Lin,<b>x</b>\n3,Grace,{long}\n"),
    );
    let page = server.page("/explore/people/rows/2").html();
    has(
        &page,
        &[
            "Row 2",
            "<td>Lin</td>",
            "&#60;b&#62;x&#60;/b&#62;",
            "rel=\"prev\" href=\"/explore/people/rows/1\"",
            "rel=\"next\" href=\"/explore/people/rows/3\"",
            "href=\"/explore/people?name=eq.Lin\"",
        ],
    );
    let last = server.page("/explore/people/rows/3").html();
    has(&last, &[long.trim_end()]);
    lacks(&last, &["rel=\"next\""]);
    let first = server.page("/explore/people/rows/1").html();
    has(&first, &["<i>null</i>", "?note=is.null"]);
    lacks(&first, &["rel=\"prev\""]);
    // It is the row of the view.
    let view = server.page("/explore/people/rows/1?order=id.desc").html();
    has(&view, &["<td>Grace</td>"]);
    for path in [
        "/explore/people/rows/9",
        "/explore/people/rows/0",
        "/explore/people/rows/x",
    ] {
        assert_eq!(server.page(path).status, 404, "{path}");
    }
}

/// Where the record of the seventh row of a table is.
fn record_7(table: &str) -> String {
    let before = table.split("aria-label=\"Row 7\"").next().unwrap();
    let (_, link) = before.rsplit_once("href=\"").unwrap();
    link.split('"').next().unwrap().replace("&#38;", "&")
}

#[test]
fn a_record_has_the_columns_that_a_table_does_not_show() {
    let server = Server::start();
    let names: Vec<String> = (0..100).map(|number| format!("c{number}")).collect();
    let rows: String = (0..150)
        .map(|row| format!("{row}{}\n", ",v".repeat(99)))
        .collect();
    server.store("wide", format!("{}\n{rows}", names.join(",")));
    let table = server.page("/explore/wide").html();
    let page = server.page(&record_7(&table)).html();
    has(&page, &["c99 <small>", "<td>6</td>"]);
    // Of later pages it has those of the table: a cursor belongs to them.
    let next = table
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let table = server.page(&next.replace("&#38;", "&")).html();
    let page = server.page(&record_7(&table)).html();
    has(&page, &["<td>106</td>", "20 of 100 columns are shown"]);
}

#[test]
fn revisions_are_listed_with_how_they_differ() {
    let server = people();
    server.replace("people", "id,name\n1,Ada\n2,Lin\n3,Grace\n");
    let page = server.page("/explore/people/revisions").html();
    has(
        &page,
        &[
            "href=\"/explore/people?revision=2\">Revision 2<",
            "href=\"/explore/people/changes?from=1&amp;to=2\"",
            ">+1</a>",
            "name=\"from\" value=\"1\"",
            "anonymous",
        ],
    );
    let old = server.page("/explore/people?revision=1").html();
    has(&old, &["This is revision 1.", "2 rows", "note"]);
    assert_eq!(server.page("/explore/none/revisions").status, 404);
}

#[test]
fn revisions_tell_the_versions_of_their_schema_and_what_changed_about_columns() {
    let server = people();
    server.replace("people", "id,name,note,more\n1,Ada,,x\n");
    server.replace("people", "id,name,note,more\n1,Ada,,x\n2,Lin,,y\n");
    server.replace("people", "id,name\nx,Ada\n");
    let page = server.page("/explore/people/revisions").html();
    has(
        &page,
        &[
            "href=\"/explore/people?schema=2\" title=\"The newest revision with schema 2\">2.0</a>",
            "href=\"/explore/people?schema=1\" title=\"The newest revision with schema 1\">1.1</a>",
            "<small>more is added</small>",
            "id changes from integer to string, ",
            "note is gone",
        ],
    );
    assert_eq!(page.matches("?schema=").count(), 2);
    // The newest revision with the schema that a link names.
    let view = server.page("/explore/people?schema=1&order=id.desc&limit=1");
    let view = view.html();
    has(
        &view,
        &[
            "This is revision 3.",
            "schema 1.1",
            "<td>Lin</td>",
            "/datasets/people/rows?schema=1",
            "href=\"/explore/people?order=id.desc&#38;limit=1&#38;revision=3&#38;cursor=",
        ],
    );
    // It is no filter, and a record of it stays in it.
    lacks(&view, &["aria-label=\"Filters\"", "not shown"]);
    let record = server.page("/explore/people/rows/1?schema=1").html();
    has(&record, &["more <small>", "/explore/people?schema=1"]);
    assert_eq!(server.page("/explore/people?schema=9").status, 404);
}

#[test]
fn what_changed_between_two_revisions_is_told_column_by_column() {
    let server = people();
    server.replace("people", "id,full,note\n1.5,Ada,x\n,Lin,y\n3,Grace,z\n");
    let page = server.page("/explore/people/changes?from=1&to=2").html();
    has(
        &page,
        &[
            "Revision 1",
            "Revision 2",
            "+1",
            ">id</th><td>was integer, is number</td>",
            ">id</th><td>has nulls now</td>",
            ">full</th><td>new, string</td>",
            ">note</th><td>has no nulls any more</td>",
            ">name</th><td>gone, was string</td>",
        ],
    );
    let same = server.page("/explore/people/changes?from=2&to=2").html();
    has(&same, &["The columns are the same"]);
    for (path, status) in [
        ("/explore/people/changes", 400),
        ("/explore/people/changes?from=1&to=9", 404),
        ("/explore/people/changes?from=x&to=1", 400),
    ] {
        assert_eq!(server.page(path).status, status, "{path}");
    }
}

#[test]
fn rows_that_came_went_or_changed_are_counted_and_shown() {
    let server = Server::start();
    server.store(
        "people",
        "id,name,city\n1,Ada,London\n2,Grace,New York\n3,Edsger,Austin\n",
    );
    server.replace(
        "people",
        "id,name,born\n1,Ada,1815\n2,Grace <b>,\n4,Alan,1912\n",
    );
    let url = "/explore/people/changes?from=1&to=2";
    let page = server.page(url).html();
    has(
        &page,
        &[
            "<span>2 rows removed</span><span>2 added</span><span>1 unchanged</span>",
            "<th scope=\"col\">born</th><th scope=\"col\">city</th></tr>",
            "<th scope=\"row\">removed</th><td>3</td><td>Edsger</td><td></td><td>Austin</td>",
            "<th scope=\"row\">added</th><td>2</td><td>Grace &#60;b&#62;</td><td><i>null</i></td><td></td>",
            "href=\"/datasets/people/changes?version=v2&#38;format=csv&#38;from=1&#38;to=2\"",
            "<option value=\"name\">",
        ],
    );
    lacks(&page, &["<mark>", "<option value=\"born\">"]);
    let page = server.page(&format!("{url}&key=id")).html();
    has(
        &page,
        &[
            "<span>1 row removed</span><span>1 added</span><span>1 changed</span><span>1 unchanged</span>",
            "<th scope=\"row\">before</th><td>2</td><td><mark>Grace</mark></td><td></td><td>New York</td>",
            "<th scope=\"row\">after</th><td>2</td><td><mark>Grace &#60;b&#62;</mark></td>",
            "value=\"id\" autocomplete",
            "format=ndjson&#38;from=1&#38;to=2&#38;key=id\"",
        ],
    );
    // The later revision is on the right, whichever was asked for first.
    let turned = server.page("/explore/people/changes?from=2&to=1").html();
    has(
        &turned,
        &["<span>2 rows removed</span><span>2 added</span>"],
    );
    let same = server.page("/explore/people/changes?from=2&to=2").html();
    lacks(&same, &["Key columns"]);
}

#[test]
fn a_key_that_can_not_be_one_is_explained_beside_its_field() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n1,<b>Lin\n");
    server.replace("people", "id,name\n1,Ada\n");
    let url = "/explore/people/changes?from=1&to=2";
    let repeated = server.page(&format!("{url}&key=id"));
    assert_eq!(repeated.status, 409);
    let page = repeated.text();
    has(&page, &["role=\"alert\"", "&#60;b&#62;Lin", "Key columns"]);
    let unknown = server.page(&format!("{url}&key=%3Cx%3E"));
    assert_eq!(unknown.status, 400);
    has(&unknown.text(), &["&#60;x&#62;", "id, name"]);
}

#[test]
fn of_many_changed_rows_the_first_are_shown_on_a_small_page() {
    let server = Server::start();
    let rows = |from: u32| -> String {
        let rows = (0..5000).map(|row| format!("{},{}\n", row + from, "long ".repeat(30)));
        rows.collect()
    };
    let names: Vec<String> = (0..40).map(|number| format!(",c{number}")).collect();
    server.store(
        "wide",
        format!("id,text{}\n1,x{}\n", names.concat(), ",1".repeat(40)),
    );
    server.replace(
        "wide",
        format!("id,text{}\n2,x{}\n", names.concat(), ",1".repeat(40)),
    );
    let page = server.page("/explore/wide/changes?from=1&to=2").html();
    has(&page, &["20 of 42 columns are shown."]);
    server.store("many", format!("id,text\n{}", rows(0)));
    server.replace("many", format!("id,text\n{}", rows(9000)));
    let call = server.browse("/explore/many/changes?from=1&to=2");
    let packed = call.header("Accept-Encoding", "gzip").send().ok();
    assert!(packed.body.len() < 14 << 10, "{}", packed.body.len());
    let page = server.page("/explore/many/changes?from=1&to=2").html();
    has(
        &page,
        &[
            "<span>5,000 rows removed</span>",
            "These are the first rows",
        ],
    );
    assert_eq!(page.matches("<th scope=\"row\">removed").count(), 50);
}

#[test]
fn a_dataset_is_replaced_by_a_form() {
    let server = people();
    let form = server.page("/explore/people/replace").html();
    has(
        &form,
        &[
            "action=\"/explore/people/replace\" method=\"post\" enctype=\"multipart/form-data\"",
            "Revision 1 (2 rows)",
            "<span>name</span> <small>string</small>",
        ],
    );
    let send = |name: &str, content: &str| {
        let call = server.post("/explore/people/replace").accept(BROWSER);
        let call = call.header("Content-Type", super::uploads::MULTIPART);
        call.body(super::uploads::form(name, content)).send()
    };
    let page = send("whatever it is called.csv", "id\n7\n8\n9\n").html();
    has(&page, &["Replaced", "href=\"/explore/people\"", "3 rows"]);
    assert_eq!(server.dataset("people")["revision"], 2);
    assert_eq!(server.names(), ["people"]);
    let dry = server
        .post("/explore/people/replace?dry_run=true")
        .accept(BROWSER);
    let dry = dry.header("Content-Type", super::uploads::MULTIPART);
    let dry = dry
        .body(super::uploads::form("p.csv", "id,more\nx,1\n"))
        .send()
        .html();
    has(
        &dry,
        &[
            "What would be made",
            "id: type from integer to string",
            "more: added",
        ],
    );
    assert_eq!(server.dataset("people")["revision"], 2);
    let refused = send("bad.csv", "a,b\n1\n");
    assert_eq!(refused.status, 422);
    has(&refused.text(), &["Line 2"]);
    assert_eq!(server.dataset("people")["revision"], 2);
    let empty = server.post("/explore/people/replace").accept(BROWSER);
    let empty = empty.header("Content-Type", super::uploads::MULTIPART);
    assert_eq!(empty.body("--XX--\r\n").send().status, 400);
}

#[test]
fn a_compressed_file_replaces_a_dataset_too() {
    let server = people();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(b"id\n1\n").unwrap();
    let packed = packed.finish().unwrap();
    let head = b"--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.csv.gz\"\r\nContent-Type: application/gzip\r\n\r\n";
    let body = [head.as_slice(), &packed, b"\r\n--XX--\r\n"].concat();
    let call = server.post("/explore/people/replace").accept(BROWSER);
    let call = call.header("Content-Type", super::uploads::MULTIPART);
    has(&call.body(body).send().html(), &["Replaced", "1 row,"]);
}
