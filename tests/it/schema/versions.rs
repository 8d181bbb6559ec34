//! Versions of schemas: which change makes which, and that every answer has them.

use jiff::{SignedDuration, Timestamp};

use super::{append, history, put, revisions, schema};
use crate::client::{Answer, V1, V2};
use crate::server::{Builder, Server};

#[test]
fn major_grows_with_what_may_break_a_client_and_minor_with_the_rest() {
    let server = Server::start();
    for (csv, version) in [
        ("id,name\n1,Ada\n", "1.0"),
        ("id,name\n2,Grace\n3,Ada\n", "1.0"),
        ("id,name,born\n1,Ada,1815-12-10\n", "1.1"),
        ("id,name,born,died\n1,Ada,1815-12-10,\n", "1.2"),
        ("id,name,born,died\n1,Ada,1815-12-10,x\n", "1.3"),
        ("id,name,born,died\n1,Ada,1815-12-10,\n", "2.0"),
        ("id,name,born,died\n1.5,Ada,1815-12-10,\n", "3.0"),
        ("name,id,born,died\nAda,1.5,1815-12-10,\n", "4.0"),
        ("name,id,born\nAda,1.5,1815-12-10\n", "5.0"),
        ("name,id,born_on\nAda,1.5,1815-12-10\n", "6.0"),
        ("x,name,id,born_on\n1,Ada,1.5,1815-12-10\n", "7.0"),
    ] {
        let answer = put(&server, "people", csv);
        assert_eq!(answer.json()["schema"], version, "{csv}");
        assert_eq!(answer.header("Dataset-Schema"), version, "{csv}");
        assert_eq!(schema(&server, "people"), version, "{csv}");
    }
}

#[test]
fn an_append_makes_the_version_that_its_rows_make() {
    let server = Server::start();
    server.store("people", "id,age\n1,36\n");
    for (csv, version) in [
        ("id,age\n2,85\n", "1.0"),
        ("id,age\n3,\n", "2.0"),
        ("id,age\n4,\n", "2.0"),
        ("id,age\n5,1.5\n", "3.0"),
        ("id,age\n6,n/a\n", "4.0"),
    ] {
        let answer = append(&server, "people", csv).ok();
        assert_eq!(answer.json()["schema"], version, "{csv}");
        assert_eq!(answer.header("Dataset-Schema"), version, "{csv}");
    }
    let expected = [
        (1, "1.0"),
        (2, "1.0"),
        (3, "2.0"),
        (4, "2.0"),
        (5, "3.0"),
        (6, "4.0"),
    ];
    assert_eq!(history(&server, "people"), revisions(&expected));
}

#[test]
fn every_answer_about_contents_has_the_version_and_the_revision() {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    put(&server, "people", "id,name,born\n1,Ada,1815-12-10\n").ok();
    let told = |answer: &Answer| {
        (
            answer.header("Dataset-Schema").to_owned(),
            answer.header("Dataset-Revision").to_owned(),
        )
    };
    let expected = ("1.1".to_owned(), "2".to_owned());
    for (path, accept) in [
        ("", V1),
        ("", "text/csv"),
        ("", V2),
        ("/rows", V2),
        ("/rows?id=gt.0&order=name&select=id", V2),
        ("/rows", "application/vnd.flash.v2+csv"),
        ("/rows", "application/vnd.flash.v2+ndjson"),
        ("/summary", V2),
        ("/source", V2),
        ("/bad-rows", V2),
    ] {
        let path = format!("/datasets/people{path}");
        // The third answer is a remembered one.
        for _ in 0..3 {
            let answer = server.get(&path).accept(accept).send().ok();
            assert_eq!(told(&answer), expected, "{path} {accept}");
        }
        let head = server.call("HEAD", &path).accept(accept).send().ok();
        assert_eq!(told(&head), expected, "HEAD {path} {accept}");
        let tag = head.header("ETag").to_owned();
        let get = server.get(&path).accept(accept);
        let unchanged = get.header("If-None-Match", &tag).send();
        assert_eq!(unchanged.status, 304, "{path} {accept}");
        assert_eq!(told(&unchanged), expected, "304 {path} {accept}");
    }
    let part = server.get("/datasets/people/source").v2();
    let part = part.header("Range", "bytes=0-1").send();
    assert_eq!((part.status, told(&part)), (206, expected));
}

#[test]
fn answers_to_writes_have_them_too_also_when_they_are_sent_again() {
    let server = Server::start();
    let told = |answer: &Answer| {
        let headers = ["Dataset-Schema", "Dataset-Revision"];
        headers.map(|name| answer.header(name).to_owned())
    };
    for accept in [V1, V2] {
        let name = format!("made-{}", accept.len() + usize::from(accept == V1));
        let post = server
            .post(&format!("/datasets?name={name}"))
            .accept(accept);
        assert_eq!(told(&post.csv("id\n1\n").send().created()), ["1.0", "1"]);
    }
    server.store("people", "id\n1\n");
    for _ in 0..2 {
        let put = server.put("/datasets/people").v2();
        let put = put.header("Idempotency-Key", "one").csv("id\nx\n");
        assert_eq!(told(&put.send().ok()), ["2.0", "2"]);
    }
    // Two datasets have no version together.
    let list =
        serde_json::json!([{"name": "a", "csv": "id\n1\n"}, {"name": "b", "csv": "id\n1\n"}]);
    let several = server.post("/datasets").v2().json(&list).send().created();
    assert!(several.headers.get("Dataset-Schema").is_none());
    assert_eq!(several.json()["data"][1]["schema"], "1.0");
}

#[test]
fn a_dataset_that_is_made_again_continues_the_versions_of_its_name() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    put(&server, "people", "id\nx\n").ok();
    let delete = || server.delete("/datasets/people").v2().send();
    assert_eq!(delete().status, 204);
    // Columns as before break nobody.
    let again = put(&server, "people", "id\ny\n").created();
    assert_eq!(again.header("Dataset-Schema"), "2.0");
    assert_eq!(again.header("Dataset-Revision"), "1");
    assert_eq!(delete().status, 204);
    let other = server
        .post("/datasets?name=people")
        .v2()
        .csv("id,name\nz,Ada\n");
    assert_eq!(other.send().created().header("Dataset-Schema"), "3.0");
    assert_eq!(schema(&server, "people"), "3.0");
}

#[test]
fn a_name_is_forgotten_long_after_its_dataset_was_deleted() {
    let mut builder = Builder::new();
    let clock = builder.stand_at("2026-11-30T12:00:00Z".parse::<Timestamp>().unwrap());
    let server = builder.start();
    server.store("people", "id\n1\n");
    assert_eq!(server.delete("/datasets/people").v2().send().status, 204);
    assert_eq!(server.place.former_schemas(), 1);
    server
        .place
        .let_pass(SignedDuration::from_hours(401 * 24), &clock);
    server.until(|server| server.place.former_schemas() == 0);
    server.store("people", "name\nAda\n");
    assert_eq!(schema(&server, "people"), "1.0");
}

#[test]
fn revisions_of_an_earlier_release_get_their_versions_from_the_oldest_that_is_kept() {
    let server = Server::with(|settings| settings.store.keep_revisions = 5);
    for csv in [
        "id\n1\n",
        "id\nx\n",
        "id,n\nx,1\n",
        "id,n\nx,\n",
        "id,n\nx,\n",
    ] {
        put(&server, "people", csv);
    }
    let expected = revisions(&[(1, "1.0"), (2, "2.0"), (3, "2.1"), (4, "3.0"), (5, "3.0")]);
    assert_eq!(history(&server, "people"), expected);
    server.place.forget_schemas();
    let server = server.restart();
    assert_eq!(history(&server, "people"), expected);
    let old = server
        .get("/datasets/people/rows?revision=3")
        .v2()
        .send()
        .ok();
    assert_eq!(old.header("Dataset-Schema"), "2.1");
    // They are stored after a while, whether or not anybody writes.
    server.until(|server| server.place.revisions_without_schema() == 0);
    assert_eq!(history(&server, "people"), expected);
    assert_eq!(
        append(&server, "people", "id,n\ny,1.5\n")
            .ok()
            .header("Dataset-Schema"),
        "4.0"
    );
}

#[test]
fn a_revision_that_an_earlier_release_adds_continues_the_versions() {
    let server = Server::start();
    server.store("people", "id\n1\n");
    put(&server, "people", "id\nx\n").ok();
    server.place.note_schema();
    put(&server, "people", "id,name\nx,Ada\n").ok();
    server.place.as_of_an_earlier_release(3, 1);
    let server = server.restart();
    assert_eq!(schema(&server, "people"), "2.1");
    // If it keeps only its own, what came before is known only in short.
    server.place.as_of_an_earlier_release(3, 3);
    let server = server.restart();
    assert_eq!(schema(&server, "people"), "3.0");
    put(&server, "people", "id,name,born\nx,Ada,1815-12-10\n").ok();
    assert_eq!(
        history(&server, "people"),
        revisions(&[(3, "3.0"), (4, "3.1")])
    );
}
