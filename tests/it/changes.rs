//! What changed between two revisions of a dataset.

mod model;

use std::fmt::Write as _;
use std::time::Duration;

use flash::services::memory::Kind;
use serde_json::{Value, json};

use crate::client::{Answer, V2};
use crate::server::Server;

const CSV: &str = "application/vnd.flash.v2+csv";
const NDJSON: &str = "application/vnd.flash.v2+ndjson";

impl Server {
    fn changes_as(&self, accept: &str, query: &str) -> Answer {
        let path = format!("/datasets/people/changes?{query}");
        self.get(&path).accept(accept).send()
    }

    /// How many rows changed: removed, added, changed and unchanged.
    #[track_caller]
    fn counts(&self, query: &str) -> Value {
        let rows = self.changes_as(V2, query).ok().json()["rows"].take();
        json!([
            rows["removed"],
            rows["added"],
            rows["changed"],
            rows["unchanged"]
        ])
    }

    #[track_caller]
    fn lines(&self, query: &str) -> Vec<Value> {
        let text = self.changes_as(NDJSON, query).ok().text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Ada stays, Grace moves, Edsger goes, Alan comes.
fn people() -> Server {
    let server = Server::start();
    server.store(
        "people",
        "id,name,city\n1,Ada,London\n2,Grace,New York\n3,Edsger,Austin\n",
    );
    server.replace(
        "people",
        "id,name,city\n4,Alan,Wilmslow\n2,Grace,Arlington\n1,Ada,London\n",
    );
    server
}

#[test]
fn rows_that_came_and_went_are_counted_wherever_they_are() {
    let server = people();
    let answer = server.changes_as(V2, "from=1&to=2").ok();
    assert_eq!(
        answer.json(),
        json!({
            "name": "people",
            "from": 1,
            "to": 2,
            "schema": { "from": "1.0", "to": "1.0", "changes": [] },
            "key": null,
            "rows": { "removed": 2, "added": 2, "changed": null, "unchanged": 1 },
        })
    );
    // `to` is the newest revision, unless it is named.
    server.replace("people", "id,name,city\n1,Ada,London\n");
    assert_eq!(server.counts("from=2"), json!([2, 0, null, 1]));
    assert_eq!(server.counts("from=1&to=3"), json!([2, 0, null, 1]));
}

#[test]
fn with_a_key_rows_that_have_other_values_are_told_as_they_were_and_as_they_are() {
    let server = people();
    assert_eq!(server.counts("from=1&key=id"), json!([1, 1, 1, 1]));
    assert_eq!(
        server.lines("from=1&key=id"),
        [
            json!({"change": "removed", "row": {"id": 3, "name": "Edsger", "city": "Austin"}}),
            json!({"change": "added", "row": {"id": 4, "name": "Alan", "city": "Wilmslow"}}),
            json!({
                "change": "changed",
                "before": {"id": 2, "name": "Grace", "city": "New York"},
                "after": {"id": 2, "name": "Grace", "city": "Arlington"},
            }),
        ]
    );
    let csv = server.changes_as(CSV, "from=1&key=id").ok();
    assert_eq!(
        csv.text(),
        "change,id,name,city\nremoved,3,Edsger,Austin\nadded,4,Alan,Wilmslow\nbefore,2,Grace,New York\nafter,2,Grace,Arlington\n"
    );
    let file = csv.header("Content-Disposition");
    assert_eq!(file, "inline; filename=\"people-changes.csv\"");
    // Several columns may be the key.
    assert_eq!(server.counts("from=1&key=id,name"), json!([1, 1, 1, 1]));
    assert_eq!(
        server.counts("from=1&key=id,%22city%22"),
        json!([2, 2, 0, 1])
    );
}

#[test]
fn without_a_key_a_changed_row_went_and_came() {
    let server = people();
    let csv = server.changes_as(CSV, "from=1").ok().text();
    assert_eq!(
        csv,
        "change,id,name,city\nremoved,2,Grace,New York\nremoved,3,Edsger,Austin\nadded,4,Alan,Wilmslow\nadded,2,Grace,Arlington\n"
    );
}

#[test]
fn a_row_that_occurs_several_times_counts_as_often() {
    let server = Server::start();
    server.store("people", "name\nAda\nAda\nAda\nBob\n");
    server.replace("people", "name\nAda\nBob\nBob\n");
    assert_eq!(server.counts("from=1"), json!([2, 1, null, 2]));
    let csv = server.changes_as(CSV, "from=1").ok().text();
    assert_eq!(csv, "change,name\nremoved,Ada\nremoved,Ada\nadded,Bob\n");
}

#[test]
fn values_count_and_not_how_they_are_written_nor_where_their_columns_are() {
    let server = Server::start();
    server.store(
        "people",
        "id,price,at,name\n1,1.50,2026-01-01T00:00:00Z,\"Ada\"\n2,2,2026-01-02T00:00:00Z,Bob\n",
    );
    server.replace(
        "people",
        "name;at;price;id\r\nAda;2026-01-01T01:00:00+01:00;15e-1;1\r\nBob;2026-01-02T00:00:00Z;2.0;2\r\n",
    );
    assert_eq!(server.counts("from=1"), json!([0, 0, null, 2]));
    assert_eq!(server.counts("from=1&key=id"), json!([0, 0, 0, 2]));
    assert_eq!(server.changes_as(NDJSON, "from=1").ok().text(), "");
}

#[test]
fn columns_that_only_one_revision_has_are_shown_and_not_compared() {
    let server = Server::start();
    server.store("people", "id,change,old\n1,a,x\n2,b,y\n");
    server.replace("people", "new,id,change\np,1,a\nq,3,c\n");
    assert_eq!(server.counts("from=1"), json!([1, 1, null, 1]));
    let csv = server.changes_as(CSV, "from=1").ok().text();
    assert_eq!(
        csv,
        "change_,new,id,change,old\nremoved,,2,b,y\nadded,q,3,c,\n"
    );
    assert_eq!(
        server.lines("from=1"),
        [
            json!({"change": "removed", "row": {"id": 2, "change": "b", "old": "y"}}),
            json!({"change": "added", "row": {"new": "q", "id": 3, "change": "c"}}),
        ]
    );
    server.replace("people", "other\n1\n");
    assert_eq!(server.counts("from=2"), json!([2, 1, null, 0]));
}

#[test]
fn what_changed_in_the_schema_is_told_in_one_step_from_one_revision_to_the_other() {
    let server = Server::start();
    server.store("people", "id,age,city\n1,36,London\n");
    server.replace("people", "id,age,city\n1,n/a,London\n");
    server.replace("people", "id,age,zip\n1,36.5,00501\n");
    let schema = |query: &str| server.changes_as(V2, query).ok().json()["schema"].take();
    let found = schema("from=1&to=3");
    assert_eq!(
        (&found["from"], &found["to"]),
        (&json!("1.0"), &json!("3.0"))
    );
    let what: Vec<_> = found["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            json!([
                change["column"],
                change["what"],
                change["from"],
                change["to"],
                change["breaking"]
            ])
        })
        .collect();
    assert!(
        what.contains(&json!(["age", "type", "integer", "number", true])),
        "{what:?}"
    );
    assert!(
        what.iter()
            .any(|change| change[0] == "city" && change[4] == true),
        "{what:?}"
    );
    // Of a dataset with many columns, too.
    let wide: Vec<String> = (0..300).map(|column| format!("c{column}")).collect();
    let values = vec!["1"; 300].join(",");
    server.replace("people", format!("{}\n{values}\n", wide.join(",")));
    server.replace("people", format!("{},more\n{values},2\n", wide.join(",")));
    let changes = schema("from=4")["changes"].take();
    assert_eq!(changes.as_array().unwrap().len(), 1);
    assert_eq!(
        (&changes[0]["column"], &changes[0]["what"]),
        (&json!("more"), &json!("added"))
    );
}

#[test]
fn an_answer_names_the_schema_and_the_revision_that_it_leads_to() {
    let server = people();
    for accept in [V2, CSV] {
        let answer = server.changes_as(accept, "from=1").ok();
        assert_eq!(answer.header("Dataset-Schema"), "1.0");
        assert_eq!(answer.header("Dataset-Revision"), "2");
    }
}

#[test]
fn a_column_whose_type_changed_is_compared_by_its_texts() {
    let server = Server::start();
    server.store("people", "id,age\n1,36\n2,40\n");
    let append = server.post("/datasets/people/rows").v2();
    append.csv("id,age\n3,n/a\n").send().ok();
    assert_eq!(server.dataset("people")["columns"][1]["type"], "string");
    assert_eq!(server.counts("from=1"), json!([0, 1, null, 2]));
    server.replace("people", "id,age\n1,36\n2,41\n3,7\n");
    assert_eq!(server.counts("from=2&key=id"), json!([0, 0, 2, 1]));
    assert_eq!(
        server.lines("from=2&key=id")[0],
        json!({"change": "changed", "before": {"id": 2, "age": "40"}, "after": {"id": 2, "age": 41}})
    );
}

#[test]
fn a_key_that_is_not_unique_is_409_with_two_rows() {
    let server = people();
    server.replace(
        "people",
        "id,name,city\n1,Ada,London\n2,Bob,Rome\n2,Cid,\n3,Dan,Oslo\n",
    );
    let refused = server.changes_as(V2, "from=2&key=id");
    let refused = refused.refused(409, &["key id", "revision 3"]);
    assert_eq!(refused.json()["type"], "urn:flash:problem:key-not-unique");
    assert_eq!(
        refused.json()["rows"],
        json!([
            {"id": 2, "name": "Bob", "city": "Rome"},
            {"id": 2, "name": "Cid", "city": null},
        ])
    );
    for accept in [CSV, NDJSON] {
        assert_eq!(server.changes_as(accept, "from=2&key=id").status, 409);
    }
    assert_eq!(server.counts("from=2&key=id,name"), json!([2, 3, 0, 1]));
    server.replace("people", "id,name,city\n1,Ada,London\n");
    server
        .changes_as(V2, "from=3&key=id")
        .refused(409, &["revision 3"]);
    // A long text is cut.
    let long = "x".repeat(1000);
    server.replace("people", format!("id,name,city\n1,{long},\n1,b,\n"));
    let rows = server.changes_as(V2, "from=4&key=id").json()["rows"].take();
    let cut = rows[0]["name"].as_str().unwrap();
    assert!(
        cut.len() < 100 && cut.starts_with("xxx") && cut.ends_with('…'),
        "{cut}"
    );
}

#[test]
fn an_appended_row_with_the_key_of_a_row_that_both_revisions_have_is_409() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n2,Bob\n");
    let append = |csv: &str| {
        server
            .post("/datasets/people/rows")
            .v2()
            .csv(csv)
            .send()
            .ok()
    };
    append("id,name\n3,Cid\n");
    assert_eq!(server.counts("from=1&key=id"), json!([0, 1, 0, 2]));
    append("id,name\n2,Bobby\n");
    let refused = server
        .changes_as(V2, "from=1&key=id")
        .refused(409, &["revision 3"]);
    assert_eq!(
        refused.json()["rows"],
        json!([{"id": 2, "name": "Bob"}, {"id": 2, "name": "Bobby"}])
    );
}

#[test]
fn what_both_revisions_share_is_not_read() {
    let server = Server::with(|settings| settings.memory.cache_bytes = Some(0));
    let rows: String = (0..30_000)
        .map(|n| format!("{n},text number {n}\n"))
        .collect();
    server.store("people", format!("n,text\n{rows}"));
    server
        .post("/datasets/people/rows")
        .v2()
        .csv("n,text\n30000,last\n")
        .send()
        .ok();
    // Reading the text of the first revision fails from now on.
    server
        .place
        .execute("DELETE FROM chunk_data WHERE run = (SELECT min(run) FROM chunk_data)");
    let rows = server.get("/datasets/people/rows").v2().send();
    assert_eq!(rows.status, 500);
    assert_eq!(server.counts("from=1"), json!([0, 1, null, 30_000]));
    assert_eq!(server.lines("from=1").len(), 1);
}

#[test]
fn revisions_that_cannot_be_compared_are_refused_with_what_is_right() {
    let server = Server::with(|settings| settings.store.keep_revisions = 2);
    server.store("people", "id,name\n1,Ada\n");
    for name in ["Bob", "Cid"] {
        server.replace("people", format!("id,name\n1,{name}\n"));
    }
    let refused = |query: &str, status: u16, words: &[&str]| {
        server.changes_as(V2, query).refused(status, words);
    };
    refused("", 400, &["\"from\"", "older revision"]);
    refused("from=0", 400, &["\"from\"", "from 1 on"]);
    refused("from=two", 400, &["\"two\"", "\"from\""]);
    refused("from=2&to=2", 400, &["\"from\"", "older than 2"]);
    refused("from=3&to=2", 400, &["\"from\"", "older than 2"]);
    refused("from=3", 400, &["\"from\"", "older than 3"]);
    refused(
        "from=1&to=3",
        410,
        &["revision 1", "/datasets/people/revisions"],
    );
    refused(
        "from=2&to=4",
        404,
        &["revision 4", "/datasets/people/revisions"],
    );
    refused("from=2&limit=3", 400, &["\"limit\"", "from, to, key"]);
    refused("from=2&key=zip", 400, &["\"zip\"", "id, name"]);
    refused("from=2&key=id,id", 400, &["each once", "id, name"]);
    refused("from=2&key=", 400, &["id, name"]);
    refused("from=2&key=%22id", 400, &["double quote"]);
    refused("from=2&safe=spreadsheet", 400, &["\"safe\"", "CSV"]);
    let nothing = server.get("/datasets/nothing/changes?from=1").v2().send();
    nothing.refused(404, &["nothing"]);
    // A key of a client doesn't belong into a URL here either.
    refused("from=2&key=flash_abc", 400, &["Authorization"]);
    let v1 = server.get("/datasets/people/changes?from=1").send();
    assert_eq!(v1.status, 404);
}

#[test]
fn a_client_that_has_the_answer_already_is_told_so() {
    let server = people();
    for accept in [V2, CSV, NDJSON] {
        let tag = server.changes_as(accept, "from=1").ok();
        let again = server.get("/datasets/people/changes?from=1").accept(accept);
        let again = again.header("If-None-Match", tag.header("ETag")).send();
        assert_eq!(again.status, 304, "{accept}");
    }
    server.replace("people", "id\n1\n");
    let tag = server.changes_as(V2, "from=1&to=2").ok();
    let other = server.get("/datasets/people/changes?from=1").v2();
    let other = other.header("If-None-Match", tag.header("ETag")).send();
    assert_eq!(other.status, 200);
}

#[test]
fn formulas_are_guarded_for_spreadsheets() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    server.replace("people", "id,name\n1,=1+1\n");
    let csv = server
        .changes_as(CSV, "from=1&safe=spreadsheet")
        .ok()
        .text();
    assert_eq!(csv, "change,id,name\nremoved,1,Ada\nadded,1,'=1+1\n");
}

fn numbered(rows: usize, changed: impl Fn(usize) -> bool) -> String {
    let mut csv = "id,text\n".to_owned();
    for row in 0..rows {
        let word = if changed(row) { "other" } else { "text" };
        writeln!(csv, "{row},{word} number {row}").unwrap();
    }
    csv
}

#[test]
fn large_revisions_are_compared_in_several_passes_when_memory_is_short() {
    let server = Server::with(|settings| {
        settings.timeouts.query_timeout = Duration::from_secs(300);
    });
    let rows = 40_000;
    let is_changed = |row: usize| row % 1000 == 7;
    server.store("people", numbered(rows, |_| false));
    server.replace("people", numbered(rows + 5, is_changed));
    let queries = ["from=1", "from=1&key=id"];
    let expected = queries.map(|query| {
        (
            server.counts(query),
            server.changes_as(CSV, query).ok().text(),
        )
    });
    assert_eq!(expected[0].0, json!([40, 45, null, 39_960]));
    assert_eq!(expected[1].0, json!([0, 5, 40, 39_960]));
    // All but a little of the memory is taken.
    let share = server
        .services
        .memory
        .load()
        .find(|share| share.kind == Kind::Large)
        .unwrap();
    let taking = server
        .services
        .memory
        .take(Kind::Large, share.bytes - (300 << 10));
    let held = server.wait_for(taking).unwrap();
    for (query, expected) in queries.iter().zip(&expected) {
        assert_eq!(server.counts(query), expected.0);
        assert!(
            server.changes_as(CSV, query).ok().text() == expected.1,
            "{query}"
        );
    }
    // Much differs, so what the passes find is not kept.
    server.replace("people", numbered(rows, |row| row % 2 == 0));
    assert_eq!(
        server.counts("from=1"),
        json!([20_000, 20_000, null, 20_000])
    );
    for (query, lines) in [("from=1", 40_000), ("from=1&key=id", 20_000)] {
        let text = server.changes_as(NDJSON, query).ok().text();
        let mut ids: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|line| {
                let row = if line["change"] == "changed" {
                    &line["after"]
                } else {
                    &line["row"]
                };
                row["id"].as_u64().unwrap()
            })
            .collect();
        assert_eq!(ids.len(), lines, "{query}");
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.iter().copied().eq((0..40_000).step_by(2)), "{query}");
    }
    drop(held);
}

#[test]
fn a_comparison_that_gets_no_memory_is_503() {
    let server = Server::with(|settings| {
        settings.timeouts.store_timeout = Duration::from_millis(100);
    });
    server.store("people", "id\n1\n");
    server.replace("people", "id\n2\n");
    let held = server.wait_for(server.services.memory.take(Kind::Large, usize::MAX));
    server.changes_as(V2, "from=1").refused(503, &["memory"]);
    drop(held);
    assert_eq!(server.counts("from=1"), json!([1, 1, null, 0]));
}

#[test]
fn a_comparison_that_takes_longer_than_a_query_may_is_503_and_ends() {
    let server = Server::with(|settings| {
        settings.timeouts.query_timeout = Duration::from_millis(1);
    });
    let rows: String = (0..200_000)
        .map(|n| format!("{n},text number {n}\n"))
        .collect();
    server.store("people", format!("id,text\n{rows}"));
    server.replace("people", format!("id,text\n{rows}0,\n"));
    for accept in [V2, CSV] {
        let refused = server.changes_as(accept, "from=1");
        refused.refused(503, &["--query-timeout", "comparing"]);
    }
    // Its memory is free again as soon as its work has ended.
    server.until(|server| server.services.memory.load().all(|share| share.held == 0));
}

#[test]
fn long_rows_are_sent_in_parts() {
    let server = Server::start();
    let long = |letter: &str| letter.repeat(3 << 20);
    server.store("people", format!("id,text\n1,{}\n2,b\n", long("a")));
    server.replace("people", format!("id,text\n1,{}\n2,b\n", long("c")));
    let csv = server.changes_as(CSV, "from=1&key=id").ok().text();
    let expected = format!(
        "change,id,text\nbefore,1,{}\nafter,1,{}\n",
        long("a"),
        long("c")
    );
    assert!(csv == expected);
    let line = &server.lines("from=1&key=id")[0];
    assert_eq!(line["before"]["text"].as_str().unwrap().len(), 3 << 20);
    assert_eq!(line["after"]["text"].as_str().unwrap(), long("c"));
}
