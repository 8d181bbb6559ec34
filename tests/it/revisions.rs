//! The history of a dataset: what it was stays readable for as long as it is kept.

use serde_json::Value;

use crate::client::begin;
use crate::server::Server;

fn numbers(list: &Value) -> Vec<i64> {
    let data = list["data"].as_array().unwrap();
    data.iter()
        .map(|revision| revision["revision"].as_i64().unwrap())
        .collect()
}

/// A server that keeps three revisions, and a dataset that has had five.
fn server() -> Server {
    let server = Server::with(|settings| settings.store.keep_revisions = 3);
    for n in 1..=5 {
        let put = server.put("/datasets/counts").v2();
        put.csv(format!("n\n{n}\n")).send();
    }
    server
}

#[test]
fn the_revisions_that_are_kept_are_listed_with_what_they_were() {
    let server = server();
    let list = server
        .get("/datasets/counts/revisions")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(numbers(&list), [5, 4, 3]);
    assert!(list["next"].is_null());
    let newest = &list["data"][0];
    let dataset = server.dataset("counts");
    assert_eq!(newest["sha256"], dataset["sha256"]);
    assert_eq!(newest["created_at"], dataset["updated_at"]);
    assert_eq!(newest["row_count"], 1);
    assert_eq!(newest["byte_count"], 4);
    assert!(newest["author"].is_null());
}

#[test]
fn a_long_history_comes_in_pages() {
    let server = Server::start();
    server.store("counts", "n\n0\n");
    for n in 1..6 {
        server
            .put("/datasets/counts")
            .v2()
            .csv(format!("n\n{n}\n"))
            .send()
            .ok();
    }
    let mut path = "/datasets/counts/revisions?limit=4".to_owned();
    let first = server.get(&path).v2().send().ok();
    assert_eq!(numbers(&first.json()), [6, 5, 4, 3]);
    let cursor = first.json()["next"].as_str().unwrap().to_owned();
    assert!(first.header("Link").contains(&cursor));
    // What is committed meanwhile moves nothing on the pages that follow.
    server
        .put("/datasets/counts")
        .v2()
        .csv("n\n6\n")
        .send()
        .ok();
    path = format!("{path}&cursor={cursor}");
    let second = server.get(&path).v2().send().ok().json();
    assert_eq!(numbers(&second), [2, 1]);
    assert!(second["next"].is_null());
    server.store("other", "n\n0\n");
    let elsewhere = format!("/datasets/other/revisions?cursor={cursor}");
    server.get(&elsewhere).v2().send().refused(400, &["cursor"]);
}

#[test]
fn an_older_revision_reads_as_it_was_in_every_form() {
    let server = server();
    let rows = |revision: i64| {
        let path = format!("/datasets/counts/rows?revision={revision}");
        server.get(&path).v2().send().ok().json()["data"][0]["n"].clone()
    };
    assert_eq!(rows(3), 3);
    assert_eq!(rows(4), 4);
    assert_eq!(rows(5), 5);
    let get = |path: &str| server.get(path).v2().send().ok();
    assert_eq!(get("/datasets/counts/source?revision=3").text(), "n\n3\n");
    let old = get("/datasets/counts?revision=3");
    assert_eq!(old.json()["revision"], 3);
    let csv = server
        .get("/datasets/counts/rows?revision=4")
        .accept("application/vnd.flash.v2+csv");
    assert_eq!(csv.send().ok().text(), "n\n4\n");
    // Its tag is what it had when it was the newest, and not that of another one.
    let tags: Vec<String> = (3..=5)
        .map(|n| {
            get(&format!("/datasets/counts?revision={n}"))
                .header("ETag")
                .to_owned()
        })
        .collect();
    assert!(tags[0] != tags[1] && tags[1] != tags[2]);
    assert_eq!(get("/datasets/counts").header("ETag"), tags[2]);
}

#[test]
fn a_revision_that_was_pruned_is_gone_and_one_that_never_was_is_not_found() {
    let server = server();
    for path in ["", "/rows", "/source"] {
        let path = |n: i64| format!("/datasets/counts{path}?revision={n}");
        server
            .get(&path(2))
            .v2()
            .send()
            .refused(410, &["2", "counts"]);
        server
            .get(&path(6))
            .v2()
            .send()
            .refused(404, &["6", "revisions"]);
        server.get(&path(0)).v2().send().refused(400, &["revision"]);
    }
    server
        .get("/datasets/counts?revision=x")
        .v2()
        .send()
        .refused(400, &["revision"]);
}

#[test]
fn a_cursor_and_a_revision_must_agree() {
    let server = Server::start();
    server.store("counts", "n\n1\n2\n3\n");
    let page = server
        .get("/datasets/counts/rows?limit=1")
        .v2()
        .send()
        .ok()
        .json();
    let cursor = page["next"].as_str().unwrap().to_owned();
    server
        .put("/datasets/counts")
        .v2()
        .csv("n\n7\n8\n")
        .send()
        .ok();
    let path = |n: i64| format!("/datasets/counts/rows?limit=1&cursor={cursor}&revision={n}");
    let second = server.get(&path(1)).v2().send().ok().json();
    assert_eq!(second["data"][0]["n"], 2);
    server
        .get(&path(2))
        .v2()
        .send()
        .refused(400, &["revision", "1"]);
}

#[test]
fn the_history_goes_with_its_dataset() {
    let server = server();
    server.delete("/datasets/counts").v2().send();
    server
        .get("/datasets/counts/revisions")
        .v2()
        .send()
        .refused(404, &["counts"]);
    server.store("counts", "n\n9\n");
    let list = server
        .get("/datasets/counts/revisions")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(numbers(&list), [1]);
}

#[test]
fn writes_to_one_dataset_at_once_each_make_a_revision_of_their_own() {
    let server = Server::with(|settings| settings.store.keep_revisions = 100);
    server.store("counts", "n\n0\n");
    let begun: Vec<_> = (1..=8)
        .map(|n| {
            let body = format!("n\n{n}\n");
            begin(server.address, "PUT", "/datasets/counts", "", &body)
        })
        .collect();
    std::thread::scope(|scope| {
        for put in begun {
            scope.spawn(move || {
                let answer = put.finish();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            });
        }
    });
    let list = server
        .get("/datasets/counts/revisions")
        .v2()
        .send()
        .ok()
        .json();
    assert_eq!(numbers(&list), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
}
