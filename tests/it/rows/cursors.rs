//! Cursors: they lead through a whole dataset, hold on to their revision, and can't be made up.

use serde_json::json;

use super::{next_link, numbered, numbers, page};
use crate::server::Server;

#[test]
fn a_page_is_an_object_of_data_and_next() {
    let server = Server::start();
    server.store("one", "n,name\n1,Ada\n2,\n");
    let path = "/datasets/one/rows";
    let all = page(&server, path);
    assert_eq!(
        all,
        json!({"data": [{"n": 1, "name": "Ada"}, {"n": 2, "name": null}], "next": null})
    );
    let first = page(&server, "/datasets/one/rows?limit=1");
    assert_eq!(first["data"], json!([{"n": 1, "name": "Ada"}]));
    let cursor = first["next"].as_str().unwrap();
    let last = page(&server, &format!("{path}?limit=1&cursor={cursor}"));
    assert_eq!(
        last,
        json!({"data": [{"n": 2, "name": null}], "next": null})
    );
}

#[test]
fn a_dataset_of_no_rows_is_one_empty_page() {
    let server = Server::start();
    server.store("none", "a,b\n");
    let answer = server.get("/datasets/none/rows").v2().send().ok();
    assert_eq!(answer.json(), json!({"data": [], "next": null}));
    assert!(answer.headers.get("link").is_none());
}

#[test]
fn following_the_links_gives_each_row_once_and_in_order_whatever_the_limit() {
    let server = Server::start();
    let count = 12_500;
    server.store(
        "numbers",
        numbered(count, "some words to fill more than one block"),
    );
    let all: Vec<u64> = (1..=count as u64).collect();
    for limit in [997, 4096, 10_000] {
        let (mut found, mut path) = (
            Vec::new(),
            Some(format!("/datasets/numbers/rows?limit={limit}")),
        );
        while let Some(at) = path {
            let answer = server.get(&at).v2().send().ok();
            let page = answer.json();
            let numbers = numbers(&page);
            assert!(numbers.len() <= limit);
            found.extend(numbers);
            path = next_link(&answer);
            assert_eq!(page["next"].is_string(), path.is_some());
        }
        assert!(found == all, "{limit}: {} rows", found.len());
    }
}

#[test]
fn small_pages_give_each_row_once_too() {
    let server = Server::start();
    server.store("numbers", numbered(50, "x"));
    for limit in [1, 2, 7, 49, 50, 51] {
        let (mut found, mut path) = (
            Vec::new(),
            Some(format!("/datasets/numbers/rows?limit={limit}")),
        );
        while let Some(at) = path {
            let answer = server.get(&at).v2().send().ok();
            found.extend(numbers(&answer.json()));
            path = next_link(&answer);
        }
        assert_eq!(found, (1..=50).collect::<Vec<u64>>(), "{limit}");
    }
}

#[test]
fn a_page_has_100_rows_unless_another_limit_is_asked_for() {
    let server = Server::start();
    server.store("numbers", numbered(10_050, "x"));
    for (query, count) in [("", 100), ("?limit=1", 1), ("?limit=10000", 10_000)] {
        let page = page(&server, &format!("/datasets/numbers/rows{query}"));
        assert_eq!(numbers(&page), (1..=count).collect::<Vec<u64>>(), "{query}");
    }
}

#[test]
fn the_same_page_asked_for_twice_is_the_same() {
    let server = Server::start();
    server.store("numbers", numbered(5000, "x"));
    let first = page(&server, "/datasets/numbers/rows?limit=2345");
    let path = format!(
        "/datasets/numbers/rows?limit=100&cursor={}",
        first["next"].as_str().unwrap()
    );
    let pages: Vec<_> = (0..3)
        .map(|_| server.get(&path).v2().send().ok().body)
        .collect();
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert_eq!(numbers(&page(&server, &path))[0], 2346);
}

#[test]
fn a_limit_that_is_none_and_parameters_unknown_or_repeated_are_400_and_named() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=-5", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=1", "limit"),
        ("page=1", "page"),
        ("per_page=1", "per_page"),
        ("Limit=1", "Limit"),
        ("cursor=a&cursor=a", "cursor"),
    ] {
        let answer = server
            .get(&format!("/datasets/one/rows?{query}"))
            .v2()
            .send();
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        answer.refused(400, &[name]);
    }
}

#[test]
fn a_forged_cursor_is_400() {
    let server = Server::start();
    server.store("one", numbered(9, "x"));
    server.store("two", "a\n1\n");
    let first = page(&server, "/datasets/one/rows?limit=1");
    let genuine = first["next"].as_str().unwrap().to_owned();
    let list = page(&server, "/datasets?limit=1")["next"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut forged: Vec<String> = ["1", "AAAA", "eyJyb3ciOjF9", "%00", "a b"]
        .map(str::to_owned)
        .into();
    forged.extend([
        list,
        format!("{genuine}A"),
        genuine[1..].to_owned(),
        "A".repeat(4000),
    ]);
    for at in 0..genuine.len() {
        let mut changed = genuine.clone().into_bytes();
        changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
        forged.push(String::from_utf8(changed).unwrap());
    }
    for cursor in forged {
        let path = format!("/datasets/one/rows?cursor={}", cursor.replace(' ', "%20"));
        let answer = server.get(&path).v2().send();
        assert_eq!(answer.status, 400, "{cursor}: {}", answer.text());
        answer.refused(400, &["cursor"]);
    }
}

#[test]
fn a_cursor_of_another_dataset_is_400_and_says_so() {
    let server = Server::start();
    server.store("one", numbered(9, "x"));
    server.store("two", numbered(9, "y"));
    let first = page(&server, "/datasets/one/rows?limit=1");
    let path = format!(
        "/datasets/two/rows?cursor={}",
        first["next"].as_str().unwrap()
    );
    let answer = server.get(&path).v2().send();
    answer.refused(400, &["cursor", "another dataset"]);
}

#[test]
fn a_cursor_goes_on_with_its_revision_when_the_dataset_is_replaced() {
    let server = Server::start();
    server.store("one", numbered(10, "old"));
    let first = page(&server, "/datasets/one/rows?limit=4");
    server
        .put("/datasets/one")
        .v2()
        .csv("other\n7\n")
        .send()
        .ok();
    let path = format!(
        "/datasets/one/rows?limit=4&cursor={}",
        first["next"].as_str().unwrap()
    );
    let second = page(&server, &path);
    assert_eq!(numbers(&second), [5, 6, 7, 8]);
    assert_eq!(second["data"][0]["mark"], "old");
    let path = format!(
        "/datasets/one/rows?cursor={}",
        second["next"].as_str().unwrap()
    );
    assert_eq!(numbers(&page(&server, &path)), [9, 10]);
    assert_eq!(server.rows("one"), json!([{"other": 7}]));
}

#[test]
fn a_page_of_an_older_revision_has_another_tag_than_the_newest_one() {
    let server = Server::start();
    server.store("one", numbered(10, "old"));
    let first = server.get("/datasets/one/rows?limit=4").v2().send().ok();
    server
        .put("/datasets/one")
        .v2()
        .csv(numbered(10, "new"))
        .send()
        .ok();
    let path = format!(
        "/datasets/one/rows?limit=4&cursor={}",
        first.json()["next"].as_str().unwrap()
    );
    let older = server.get(&path).v2().send().ok();
    let newest = server.get("/datasets/one/rows?limit=4").v2().send().ok();
    assert_eq!(older.header("ETag"), first.header("ETag"));
    assert_ne!(newest.header("ETag"), first.header("ETag"));
}

#[test]
fn a_cursor_is_410_when_its_revision_was_pruned() {
    for keep in [1, 2, 3] {
        let server = Server::with(|settings| settings.store.keep_revisions = keep);
        server.store("one", numbered(10, "old"));
        let first = page(&server, "/datasets/one/rows?limit=4");
        let path = format!(
            "/datasets/one/rows?limit=4&cursor={}",
            first["next"].as_str().unwrap()
        );
        for replaced in 1..=keep {
            server
                .put("/datasets/one")
                .v2()
                .csv(numbered(10, "new"))
                .send()
                .ok();
            let answer = server.get(&path).v2().send();
            let expected = if replaced == keep { 410 } else { 200 };
            assert_eq!(
                answer.status,
                expected,
                "{keep} kept, {replaced} replaced: {}",
                answer.text()
            );
        }
        server.get(&path).v2().send().refused(410, &["revision 1"]);
    }
}

#[test]
fn a_cursor_is_404_when_its_dataset_is_gone_and_410_when_that_was_made_anew() {
    let server = Server::start();
    server.store("one", numbered(10, "old"));
    let first = page(&server, "/datasets/one/rows?limit=4");
    let path = format!(
        "/datasets/one/rows?limit=4&cursor={}",
        first["next"].as_str().unwrap()
    );
    server.delete("/datasets/one").send();
    server.get(&path).v2().send().refused(404, &["one"]);
    server.store("one", numbered(10, "new"));
    server.get(&path).v2().send().refused(410, &[]);
}
