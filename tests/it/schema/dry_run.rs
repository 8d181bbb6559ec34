//! Dry runs: what a write would make, without making it.

use serde_json::{Value, json};

use super::{history, revisions};
use crate::client::{Answer, V1};
use crate::clients::Keyed;
use crate::sample::large_csv;
use crate::server::Server;

const PEOPLE: &str = "id,name\n1,Ada\n";

fn dry_put(server: &Server, name: &str, query: &str, csv: &str) -> Answer {
    let path = format!("/datasets/{name}?dry_run=true{query}");
    server.put(&path).v2().csv(csv).send()
}

fn dry_append(server: &Server, name: &str, csv: &str) -> Answer {
    let path = format!("/datasets/{name}/rows?dry_run=true");
    server.post(&path).v2().csv(csv).send()
}

/// Without what differs because one of them was stored: times, and what only a dry run has.
fn comparable(mut body: Value) -> Value {
    let members = body.as_object_mut().unwrap();
    for name in ["created_at", "updated_at", "dry_run", "used_by"] {
        members.remove(name);
    }
    body
}

#[test]
fn a_dry_run_tells_what_the_write_then_makes_and_stores_nothing() {
    let server = Server::start();
    let first = dry_put(&server, "people", "", PEOPLE).ok();
    assert_eq!(first.json()["dry_run"], true);
    assert!(first.headers.get("Location").is_none());
    assert_eq!(server.names(), [""; 0]);
    let made = server
        .put("/datasets/people")
        .v2()
        .csv(PEOPLE)
        .send()
        .created();
    assert_eq!(comparable(first.json()), comparable(made.json()));
    for csv in ["id,name\n1,NA\n2,x\n", "id\nx\n", "id\nx\n"] {
        let before = server.dataset("people");
        let dry = dry_put(&server, "people", "", csv).ok().json();
        assert_eq!(server.dataset("people"), before);
        let real = server
            .put("/datasets/people")
            .v2()
            .csv(csv)
            .send()
            .ok()
            .json();
        assert_eq!(comparable(dry), comparable(real), "{csv}");
    }
    for csv in ["id\ny\n", "id\n\"\"\n", "id\n"] {
        let before = server.dataset("people");
        let dry = dry_append(&server, "people", csv).ok().json();
        assert_eq!(server.dataset("people"), before);
        let real = server
            .post("/datasets/people/rows")
            .v2()
            .csv(csv)
            .send()
            .ok()
            .json();
        assert_eq!(comparable(dry), comparable(real), "{csv}");
    }
    assert_eq!(
        history(&server, "people").last(),
        revisions(&[(7, "3.0")]).last()
    );
}

#[test]
fn a_list_of_csvs_has_a_dry_run_too() {
    let server = Server::start();
    let list = json!([{"name": "a", "csv": PEOPLE}, {"name": "b", "csv": "x\nNA\n1\n"}]);
    let dry = server
        .post("/datasets?dry_run=true")
        .v2()
        .json(&list)
        .send()
        .ok();
    assert_eq!(server.names(), [""; 0]);
    let real = server.post("/datasets").v2().json(&list).send().created();
    for at in 0..2 {
        let (dry, real) = (
            dry.json()["data"][at].clone(),
            real.json()["data"][at].clone(),
        );
        assert_eq!(comparable(dry), comparable(real));
    }
    // What is taken is refused, as it would be.
    let again = server
        .post("/datasets?dry_run=true")
        .v2()
        .json(&list)
        .send();
    again.refused(409, &["a exists already"]);
    let one = server
        .post("/datasets?name=c&dry_run=true")
        .v2()
        .csv(PEOPLE)
        .send()
        .ok();
    assert_eq!(one.json()["data"][0]["dry_run"], true);
    assert!(one.headers.get("Location").is_none());
}

#[test]
fn a_large_dry_run_leaves_no_block_behind() {
    let server = Server::start();
    let csv = large_csv(3 << 20);
    let dry = dry_put(&server, "large", "", &csv).ok().json();
    assert_eq!(server.place.blocks(), 0);
    assert_eq!(dry["byte_count"], csv.len());
    server.store("large", &csv);
    let (blocks, before) = (server.place.blocks(), server.dataset("large"));
    assert_eq!(comparable(dry), comparable(before.clone()));
    let replaced = dry_put(&server, "large", "", &csv).ok().json();
    assert_eq!(
        (&replaced["revision"], &replaced["sha256"]),
        (&json!(2), &before["sha256"])
    );
    assert_eq!(server.place.blocks(), blocks);
    // The digest of many appended rows needs them for a while.
    let appended = dry_append(&server, "large", &csv).ok().json();
    server.until(|server| server.place.uploads() == 0);
    assert_eq!(server.dataset("large"), before);
    let real = server
        .post("/datasets/large/rows")
        .v2()
        .csv(&csv)
        .send()
        .ok()
        .json();
    assert_eq!(comparable(appended), comparable(real));
}

#[test]
fn what_would_be_refused_is_refused() {
    let server = Server::start();
    let key = server.register("owner");
    let made = server.put("/datasets/people").v2().with_key(&key);
    made.csv(PEOPLE).send().created();
    dry_put(&server, "people", "", PEOPLE).refused(403, &["people"]);
    server.store("free", PEOPLE);
    dry_put(&server, "free", "", "id,name\n1\n").refused(422, &["line"]);
    dry_put(&server, "free", "", "id,name\n").refused(422, &["empty=allow"]);
    dry_put(&server, "free", "&empty=allow", "id,name\n").ok();
    let strict = dry_put(&server, "free", "&schema_changes=none", "id\n1\n");
    let strict = strict.refused(409, &["name is gone"]).json();
    assert_eq!(strict["changes"][0]["what"], "removed");
    dry_append(&server, "nothing", PEOPLE).refused(404, &["nothing"]);
    let stale = server.put("/datasets/free?dry_run=true").v2();
    let stale = stale.header("If-Match", "\"1f-2.0.0-json\"");
    stale.csv(PEOPLE).send().refused(412, &["If-Match"]);
    let only_new = server.put("/datasets/free?dry_run=true").v2();
    let only_new = only_new.header("If-None-Match", "*");
    only_new.csv(PEOPLE).send().refused(412, &["If-None-Match"]);
    for value in ["yes", "1", ""] {
        let path = format!("/datasets/free?dry_run={value}");
        let put = server.put(&path).v2().csv(PEOPLE).send();
        put.refused(400, &["dry_run", "true or false"]);
    }
    let real = server.put("/datasets/free?dry_run=false").v2();
    assert!(real.csv(PEOPLE).send().ok().json().get("dry_run").is_none());
    // Version 1 has none.
    let v1 = server.post("/datasets?name=x&dry_run=true").accept(V1);
    v1.csv(PEOPLE).send().refused(400, &["dry_run"]);
}

#[test]
fn a_dry_run_tells_who_would_be_broken() {
    let server = Server::start();
    let key = server.register("shop");
    server.store("people", PEOPLE);
    let rows = server.get("/datasets/people/rows?order=name").v2();
    rows.with_key(&key).send().ok();
    server.hand_usage_over();
    let dry = dry_put(&server, "people", "", "id\n1\n").ok().json();
    assert_eq!(dry["schema"], "2.0");
    assert_eq!(dry["changes"][0]["column"], "name");
    assert_eq!(dry["used_by"][0]["client"], "shop");
    assert_eq!(dry["used_by"][0]["columns"], json!(["name"]));
    let same = dry_put(&server, "people", "", PEOPLE).ok().json();
    assert!(same.get("used_by").is_none() && same.get("changes").is_none());
}

#[test]
fn rows_that_would_be_set_aside_are_counted() {
    let server = Server::start();
    let csv = "id,name\n1,Ada\n2\n3,Grace\n";
    let dry = dry_put(&server, "people", "&bad_rows=set-aside", csv)
        .ok()
        .json();
    assert_eq!(dry["bad_rows"]["count"], 1);
    assert_eq!(dry["bad_rows"]["first"][0]["line"], 3);
    assert_eq!(dry["row_count"], 2);
    assert_eq!(server.place.source_blocks(), 0);
    server
        .get("/datasets/people/bad-rows")
        .v2()
        .send()
        .refused(404, &["people"]);
}

#[test]
fn a_dry_run_leaves_its_key_to_the_write() {
    let server = Server::start();
    let send = |query: &str| {
        let put = server.put(&format!("/datasets/people{query}")).v2();
        put.header("Idempotency-Key", "one").csv(PEOPLE).send()
    };
    for _ in 0..2 {
        let dry = send("?dry_run=true").ok();
        assert!(dry.headers.get("Idempotency-Replayed").is_none());
        server.until(|server| server.place.keys() == 0);
    }
    send("").created();
    let again = send("").created();
    assert_eq!(again.header("Idempotency-Replayed"), "true");
    send("?dry_run=true").refused(422, &["Idempotency-Key"]);
}

#[test]
fn a_tag_of_a_dry_run_matches_nothing_later() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let tag = dry_put(&server, "people", "", PEOPLE)
        .ok()
        .header("ETag")
        .to_owned();
    server.put("/datasets/people").v2().csv(PEOPLE).send().ok();
    let put = server.put("/datasets/people").v2().header("If-Match", &tag);
    put.csv(PEOPLE).send().refused(412, &["If-Match"]);
}
