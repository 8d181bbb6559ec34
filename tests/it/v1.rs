//! Version 1: a list of CSVs in which everything is a string.

mod names;

use serde_json::{Value, json};

use crate::client::V1;
use crate::server::Server;

const PEOPLE: &str = include_str!("../data/team.csv");
const AIRPORTS: &str = include_str!("../data/airports.csv");

/// A server with a dataset `numbers` of so many rows, 1, 2, 3, …
fn numbers(count: usize) -> Server {
    let server = Server::start();
    let mut csv = "n\n".to_owned();
    csv.extend((1..=count).map(|n| format!("{n}\n")));
    server.store("numbers", csv);
    server
}

#[track_caller]
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_post_answers_with_what_was_stored_and_where_it_is() {
    let server = Server::start();
    let answer = server
        .post("/datasets?name=people")
        .csv("id,name\n1,Ada\n")
        .send()
        .created();
    assert_eq!(answer.header("Location"), "/datasets/people");
    assert_eq!(answer.header("Content-Type"), V1);
    let body = answer.json();
    assert_eq!(keys(&body), ["datasets"]);
    let [dataset] = body["datasets"].as_array().unwrap().as_slice() else {
        panic!("{body}");
    };
    assert_eq!(keys(dataset), ["columns", "created_at", "name", "rows"]);
    assert_eq!(dataset["name"], "people");
    assert_eq!(dataset["columns"], json!(["id", "name"]));
    assert_eq!(dataset["rows"], 1);
    let created = dataset["created_at"].as_str().unwrap();
    assert!(created.contains('T') && created.ends_with('Z'), "{created}");
}

#[test]
fn what_was_posted_reads_back_at_once_and_everything_is_a_string() {
    let server = Server::start();
    server
        .post("/datasets?name=people")
        .csv(PEOPLE)
        .send()
        .created();
    let body = server.get("/datasets/people").send().ok().json();
    assert_eq!(
        body,
        json!({
            "name": "people",
            "columns": ["id", "name", "born", "member", "joined"],
            "rows": [
                ["1", "Ada Lovelace", "1815-12-10", "true", "2024-01-05T09:30:00Z"],
                ["2", "Grace Hopper", "1906-12-09", "true", "2024-01-05T09:31:12Z"],
                ["3", "Mary Jackson", "1921-04-09", "false", ""],
                ["4", "Hedy Lamarr", "1914-11-09", "true", "2024-02-29T23:59:59+01:00"],
            ],
            "page": 1,
            "per_page": 100,
            "total": 4,
        })
    );
}

#[test]
fn rows_come_in_pages_in_the_order_of_the_file() {
    let server = numbers(250);
    for (query, first, last, page, per_page) in [
        ("", 1, 100, 1, 100),
        ("?page=3", 201, 250, 3, 100),
        ("?per_page=7&page=2", 8, 14, 2, 7),
        ("?per_page=1000", 1, 250, 1, 1000),
        ("?per_page=1&page=250", 250, 250, 250, 1),
        ("?page=25&per_page=10", 241, 250, 25, 10),
    ] {
        let body = server
            .get(&format!("/datasets/numbers{query}"))
            .send()
            .ok()
            .json();
        let expected: Vec<_> = (first..=last).map(|n| json!([n.to_string()])).collect();
        assert_eq!(body["rows"], Value::Array(expected), "{query}");
        assert_eq!(body["page"], page, "{query}");
        assert_eq!(body["per_page"], per_page, "{query}");
        assert_eq!(body["total"], 250, "{query}");
    }
}

#[test]
fn a_page_past_the_end_is_empty_and_no_error() {
    let server = numbers(3);
    for query in [
        "page=2",
        "page=4&per_page=1",
        "page=1000000",
        "page=9007199254740&per_page=1000",
    ] {
        let body = server
            .get(&format!("/datasets/numbers?{query}"))
            .send()
            .ok()
            .json();
        assert_eq!(body["rows"], json!([]), "{query}");
        assert_eq!(body["total"], 3, "{query}");
    }
    let list = server.get("/datasets?page=9").send().ok().json();
    assert_eq!(list["datasets"], json!([]));
    assert_eq!(list["total"], 1);
}

#[test]
fn a_page_number_that_is_none_is_400_and_named() {
    let server = numbers(3);
    for (query, name) in [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=one", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=99999999999999999999999", "page"),
        ("per_page=0", "per_page"),
        ("per_page=1001", "per_page"),
        ("per_page=x", "per_page"),
    ] {
        for path in ["/datasets/numbers", "/datasets"] {
            let answer = server.get(&format!("{path}?{query}")).send();
            assert_eq!(answer.status, 400, "{path}?{query}: {}", answer.text());
            answer.refused(400, &[&format!("{name:?}")]);
        }
    }
}

#[test]
fn a_parameter_that_is_unknown_or_repeated_is_400_and_named() {
    let server = numbers(3);
    for (method, path, name) in [
        ("GET", "/?colour=red", "colour"),
        ("GET", "/datasets?limit=2", "limit"),
        ("GET", "/datasets?page=1&page=1", "page"),
        ("GET", "/datasets/numbers?Page=1", "Page"),
        ("GET", "/datasets/numbers?per_page=2&per_page=2", "per_page"),
        ("DELETE", "/datasets/numbers?force=1", "force"),
        ("POST", "/datasets?name=a&name=b", "name"),
        ("POST", "/datasets?name=a&delimeter=;", "delimeter"),
        (
            "POST",
            "/datasets?name=a&delimiter=;&delimiter=;",
            "delimiter",
        ),
    ] {
        let mut call = server.call(method, path);
        if method == "POST" {
            call = call.csv("a\n1\n");
        }
        let answer = call.send();
        assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text());
        answer.refused(400, &[name]);
    }
    assert_eq!(server.names(), ["numbers"]);
}

#[test]
fn the_list_of_datasets_comes_in_pages_too() {
    let server = Server::start();
    let many: Vec<_> = (10..45)
        .map(|n| json!({"name": format!("set-{n}"), "csv": "a\n1\n"}))
        .collect();
    server.post("/datasets").json(&json!(many)).send().created();
    let names = |query: &str, page: u32, per_page: u32| {
        let body = server.get(&format!("/datasets{query}")).send().ok().json();
        assert_eq!(keys(&body), ["datasets", "page", "per_page", "total"]);
        assert_eq!(body["total"], 35, "{query}");
        assert_eq!(body["page"], page, "{query}");
        assert_eq!(body["per_page"], per_page, "{query}");
        let datasets = body["datasets"].as_array().unwrap();
        datasets
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = (10..45).map(|n| format!("set-{n}")).collect();
    assert_eq!(names("", 1, 30), all[..30]);
    assert_eq!(names("?page=2", 2, 30), all[30..]);
    assert_eq!(names("?page=3&per_page=9", 3, 9), all[18..27]);
}

#[test]
fn pages_of_the_list_follow_each_other_from_the_first_to_the_last() {
    let server = Server::start();
    let many: Vec<_> = (10..45)
        .map(|n| json!({"name": format!("set-{n}"), "csv": "a\n1\n"}))
        .collect();
    server.post("/datasets").json(&json!(many)).send().created();
    for per_page in [1, 2, 4, 7, 34, 35, 36] {
        let mut names = Vec::new();
        for page in 1..=36 {
            let list = server.get(&format!("/datasets?page={page}&per_page={per_page}"));
            let list = list.send().ok().json();
            assert_eq!(list["total"], 35);
            let datasets = list["datasets"].as_array().unwrap();
            names.extend(datasets.iter().map(|one| one["name"].clone()));
        }
        let all: Vec<_> = (10..45).map(|n| json!(format!("set-{n}"))).collect();
        assert_eq!(names, all, "{per_page} a page");
    }
}

#[test]
fn as_csv_all_of_it_comes() {
    let server = Server::start();
    server.store("airports", AIRPORTS);
    server.store("many", numbers_csv(2500));
    let call = server.get("/datasets/airports").accept("text/csv");
    assert_eq!(call.send().ok().text(), AIRPORTS);
    let call = server
        .get("/datasets/many")
        .accept("application/vnd.flash.v1+csv");
    assert_eq!(call.send().ok().text(), numbers_csv(2500));
}

fn numbers_csv(count: usize) -> String {
    let mut csv = "n\n".to_owned();
    csv.extend((1..=count).map(|n| format!("{n}\n")));
    csv
}

#[test]
fn a_deleted_dataset_is_gone_and_its_name_is_free() {
    let server = numbers(3);
    let answer = server.delete("/datasets/numbers").send();
    assert_eq!((answer.status, answer.body.as_slice()), (204, &b""[..]));
    server
        .get("/datasets/numbers")
        .send()
        .refused(404, &["numbers"]);
    server
        .delete("/datasets/numbers")
        .send()
        .refused(404, &["numbers"]);
    assert_eq!(server.get("/datasets").send().ok().json()["total"], 0);
    server
        .post("/datasets?name=numbers")
        .csv("m\n9\n")
        .send()
        .created();
    let body = server.get("/datasets/numbers").send().ok().json();
    assert_eq!(body["columns"], json!(["m"]));
    assert_eq!(body["rows"], json!([["9"]]));
}

#[test]
fn an_error_is_one_sentence_under_error() {
    let server = numbers(3);
    for answer in [
        server.get("/datasets/nobody").send(),
        server.get("/datasets?page=0").send(),
        server.post("/datasets?name=x").csv("a,b\n1\n").send(),
        server.post("/datasets?name=numbers").csv("a\n1\n").send(),
        server.call("PATCH", "/datasets").send(),
        server.get("/nothing").send(),
    ] {
        assert!(answer.status >= 400);
        let body = answer.json();
        assert_eq!(keys(&body), ["error"], "{body}");
        assert!(body["error"].as_str().unwrap().len() > 10, "{body}");
    }
}

#[test]
fn a_csv_with_a_mistake_is_refused_with_its_line() {
    let server = Server::start();
    let call = server.post("/datasets?name=x").csv("a,b\n1,2\n3\n");
    call.send().refused(422, &["line 3"]);
    assert_eq!(server.names(), [""; 0]);
}

#[test]
fn a_reader_that_has_the_page_already_gets_304() {
    let server = numbers(3);
    for accept in [V1, "text/csv"] {
        let first = server.get("/datasets/numbers").accept(accept).send().ok();
        let tag = first.header("ETag");
        let again = server
            .get("/datasets/numbers")
            .accept(accept)
            .header("If-None-Match", tag);
        let again = again.send();
        assert_eq!(
            (again.status, again.body.as_slice()),
            (304, &b""[..]),
            "{accept}"
        );
        assert_eq!(again.header("ETag"), tag);
    }
}
