//! Writes that are held to what a dataset allows: what changes its schema more is refused, and who would be broken is told.

use serde_json::{Value, json};

use super::allowing::allow;
use super::{append, put, schema};
use crate::client::Answer;
use crate::clients::Keyed;
use crate::server::Server;

const PEOPLE: &str = "id,name\n1,Ada\n2,Grace\n";

/// The changes of an answer in short: what, of which column, from what to what, in which line.
fn told(answer: &Value) -> Vec<String> {
    let Some(changes) = answer["changes"].as_array() else {
        return Vec::new();
    };
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let tell = |change: &Value| {
        let mark = if change["breaking"] == true { "!" } else { "" };
        let parts = ["what", "column", "from", "to", "line"];
        let parts = parts.map(|part| text(&change[part]));
        format!("{mark}{}", parts.join(" "))
    };
    changes.iter().map(tell).collect()
}

#[track_caller]
fn refused(answer: Answer, changes: &[&str]) -> Value {
    let body = answer
        .refused(409, &["the schema of", "schema_changes"])
        .json();
    assert_eq!(body["type"], "urn:flash:problem:schema-change");
    assert_eq!(told(&body), changes);
    body
}

#[test]
fn a_dataset_allows_any_change_until_it_is_told_otherwise() {
    let server = Server::start();
    server.store("people", PEOPLE);
    assert_eq!(server.dataset("people")["schema_changes"], "any");
    let answer = put(&server, "people", "key\nx\n").ok().json();
    // What changes is told, whatever is allowed.
    assert_eq!(
        told(&answer),
        [
            "!removed id integer - -",
            "!removed name string - -",
            "added key - string -"
        ]
    );
    let same = put(&server, "people", "key\ny\n").ok().json();
    assert!(same.get("changes").is_none());
}

#[test]
fn an_additive_dataset_takes_what_breaks_nobody_and_refuses_the_rest() {
    let server = Server::start();
    server.store("people", PEOPLE);
    allow(&server, "people", "additive");
    let answer = put(
        &server,
        "people",
        "id,name,born\n1,Ada,1815-12-10\n2,x,1906-12-09\n",
    )
    .ok();
    assert_eq!(told(&answer.json()), ["added born - date -"]);
    for (csv, changes) in [
        ("id,born\n1,1815-12-10\n", &["!removed name string - -"][..]),
        (
            "id,name,died\n1,Ada,1852-11-27\n",
            &["!renamed born born died -"],
        ),
        ("name,id,born\nAda,1,1815-12-10\n", &["!moved id 1 2 -"]),
        (
            "id,x,name,born\n1,x,Ada,1815-12-10\n",
            &["!added x - string -"],
        ),
        (
            "id,name,born\n1,Ada,1815-12-10\n2.5,Ada,1815-12-10\nx,Ada,1815-12-10\n",
            &["!type id integer string 3"],
        ),
        (
            "id,name,born\n1,Ada,1815-12-10\n2,,1815-12-10\n3,,n/a\n",
            &["!nulls name no nulls nulls 3", "!type born date string 4"],
        ),
        (
            "<html>\n",
            &[
                "!removed id integer - -",
                "!removed name string - -",
                "!removed born date - -",
                "added <html> - string -",
            ],
        ),
    ] {
        let before = server.dataset("people");
        let answer = server.put("/datasets/people?delimiter=,&empty=allow").v2();
        refused(answer.csv(csv).send(), changes);
        assert_eq!(server.dataset("people"), before, "{csv}");
    }
}

#[test]
fn appends_obey_too_and_the_first_line_that_is_to_blame_is_told() {
    let server = Server::start();
    server.store("people", PEOPLE);
    allow(&server, "people", "additive");
    append(&server, "people", "id,name\n3,Edsger\n").ok();
    refused(
        append(&server, "people", "id,name\n4,Ada\nn/a,Ada\n"),
        &["!type id integer string 3"],
    );
    refused(
        append(&server, "people", "id,name\n4,Ada\n5,\n6,\n"),
        &["!nulls name no nulls nulls 3"],
    );
    assert_eq!(server.rows("people").as_array().unwrap().len(), 3);
    // Without a policy they are done, and told.
    allow(&server, "people", "any");
    let answer = append(&server, "people", "id,name\n4,\nn/a,x\n")
        .ok()
        .json();
    assert_eq!(
        told(&answer),
        ["!type id integer string 3", "!nulls name no nulls nulls 2"]
    );
    assert_eq!(answer["schema"], "2.0");
}

#[test]
fn the_first_line_is_found_in_a_file_of_many_blocks() {
    let server = Server::with(|settings| settings.store.blocks.block_bytes = 256);
    let rows = |bad: usize| {
        let row = |n: usize| match n == bad || n == bad + 9_000 {
            true => "x,\n".to_owned(),
            false => format!("{n},Ada\n"),
        };
        std::iter::once("id,name\n".to_owned())
            .chain((1..=100_000).map(row))
            .collect::<String>()
    };
    server.store("people", rows(1_000_000));
    allow(&server, "people", "none");
    for bad in [1, 77_777] {
        let line = bad + 1;
        let changes = [
            format!("!type id integer string {line}"),
            format!("!nulls name no nulls nulls {line}"),
        ];
        let changes = changes.each_ref().map(String::as_str);
        refused(put(&server, "people", &rows(bad)), &changes);
    }
}

#[test]
fn a_dataset_that_allows_nothing_keeps_its_schema_as_it_is() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n2,\n");
    allow(&server, "people", "none");
    put(&server, "people", "id,name\n7,\n8,x\n").ok();
    refused(
        put(&server, "people", "id,name,born\n7,,1815-12-10\n"),
        &["added born - date -"],
    );
    refused(
        put(&server, "people", "id,name\n7,x\n"),
        &["nulls name nulls no nulls -"],
    );
    assert_eq!(schema(&server, "people"), "1.0");
}

#[test]
fn a_write_may_be_stricter_than_its_dataset_and_never_laxer() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let write = |query: &str, csv: &str| {
        let path = format!("/datasets/people?{query}");
        server.put(&path).v2().csv(csv).send()
    };
    refused(
        write("schema_changes=none", "id,name,born\n1,Ada,1815-12-10\n"),
        &["added born - date -"],
    );
    refused(
        write("schema_changes=additive", "id\n1\n"),
        &["!removed name string - -"],
    );
    let rows = server
        .post("/datasets/people/rows?schema_changes=additive")
        .v2();
    refused(
        rows.csv("id,name\n3,\n").send(),
        &["!nulls name no nulls nulls 2"],
    );
    allow(&server, "people", "additive");
    refused(
        write("schema_changes=any", "id\n1\n"),
        &["!removed name string - -"],
    );
    write("schema_changes=sometimes", PEOPLE)
        .refused(400, &["schema_changes", "any, additive or none"]);
    // There is nothing to compare the first upload with.
    let new = server.put("/datasets/new?schema_changes=none").v2();
    new.csv(PEOPLE).send().created();
}

#[test]
fn a_new_dataset_gets_what_the_server_says() {
    let server = Server::with(|settings| {
        settings.store.schema_changes = flash::settings::SchemaChanges::Additive;
    });
    server.store("people", PEOPLE);
    assert_eq!(server.dataset("people")["schema_changes"], "additive");
    refused(
        put(&server, "people", "id\n1\n"),
        &["!removed name string - -"],
    );
    let posted = server
        .post("/datasets?name=posted")
        .v2()
        .csv(PEOPLE)
        .send()
        .created();
    assert_eq!(posted.json()["data"][0]["schema_changes"], "additive");
    // A later start with another setting changes no dataset.
    let server = server.restart();
    assert_eq!(server.dataset("people")["schema_changes"], "additive");
    server.store("other", PEOPLE);
    assert_eq!(server.dataset("other")["schema_changes"], "any");
}

#[test]
fn a_refusal_names_who_would_be_broken() {
    let server = Server::start();
    let key = server.register("shop");
    server.store("people", PEOPLE);
    allow(&server, "people", "additive");
    let rows = server
        .get("/datasets/people/rows?select=id&name=eq.Ada")
        .v2();
    rows.with_key(&key).send().ok();
    let all = server.get("/datasets/people/rows").v2();
    all.header("User-Agent", "curl/8.5.0").send().ok();
    server.hand_usage_over();
    let body = refused(
        put(&server, "people", "id\n1\n"),
        &["!removed name string - -"],
    );
    let used_by = body["used_by"].as_array().unwrap();
    assert_eq!(used_by.len(), 2);
    let found = |name: &str, value: &str| used_by.iter().find(|one| one[name] == value).unwrap();
    let shop = found("client", "shop");
    assert_eq!(
        (&shop["columns"], &shop["requests"]),
        (&json!(["name"]), &json!(1))
    );
    assert!(shop["family"].is_null() && shop["last_at"].is_string());
    let curl = found("family", "curl");
    assert_eq!(
        (&curl["columns"], &curl["client"]),
        (&json!([]), &Value::Null)
    );
}

#[test]
fn types_and_nulls_that_were_stated_stay_until_others_are() {
    let server = Server::start();
    let path = "/datasets/people?type.zip=string&null=NA";
    server
        .put(path)
        .v2()
        .csv("id,zip\n1,00501\nNA,10001\n")
        .send()
        .created();
    allow(&server, "people", "additive");
    // Without what was stated, zip would be integers, and id strings.
    let kept = put(&server, "people", "id,zip\n1,10001\nNA,10002\n")
        .ok()
        .json();
    assert!(kept.get("changes").is_none(), "{kept}");
    append(&server, "people", "id,zip\nNA,10003\n").ok();
    assert_eq!(schema(&server, "people"), "1.0");
    let other = server.put("/datasets/people?type.zip=integer").v2();
    refused(
        other.csv("id,zip\n1,10001\nNA,10002\n").send(),
        &["!type zip string integer -"],
    );
    // A value that doesn't fit what was stated is refused as it always was.
    let typed = server.put("/datasets/typed?type.id=integer").v2();
    typed.csv("id\n1\n").send().created();
    put(&server, "typed", "id\nx\n").refused(422, &["id", "integer"]);
}
