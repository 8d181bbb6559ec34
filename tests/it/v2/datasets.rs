//! Making, reading, replacing, listing and deleting datasets.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, V2};
use crate::server::{Builder, Server};

const PEOPLE: &str = include_str!("../../data/team.csv");

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
fn a_dataset_says_what_it_is() {
    let server = Server::start();
    let made = server
        .put("/datasets/people")
        .v2()
        .csv(PEOPLE)
        .send()
        .created();
    assert_eq!(made.header("Location"), "/datasets/people");
    let dataset = server.dataset("people");
    assert_eq!(
        keys(&dataset),
        [
            "byte_count",
            "columns",
            "created_at",
            "links",
            "name",
            "nulls",
            "reading",
            "revision",
            "row_count",
            "schema",
            "schema_changes",
            "sha256",
            "updated_at",
        ]
    );
    assert_eq!(dataset["name"], "people");
    assert_eq!(dataset["revision"], 1);
    assert_eq!(dataset["row_count"], 4);
    assert_eq!(dataset["byte_count"], PEOPLE.len());
    assert_eq!(dataset["sha256"], hex(PEOPLE.as_bytes()));
    assert_eq!(
        dataset["columns"],
        json!([
            {"name": "id", "type": "integer", "nullable": false},
            {"name": "name", "type": "string", "nullable": false},
            {"name": "born", "type": "date", "nullable": false},
            {"name": "member", "type": "boolean", "nullable": false},
            {"name": "joined", "type": "datetime", "nullable": true},
        ])
    );
    assert_eq!(made.json(), dataset);
}

#[test]
fn the_links_of_a_dataset_lead_somewhere() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let dataset = server.dataset("people");
    let links = dataset["links"].as_object().unwrap();
    assert!(links.len() >= 2, "{links:?}");
    for link in links.values() {
        server.get(link.as_str().unwrap()).v2().send().ok();
    }
}

#[test]
fn a_post_answers_with_the_datasets_it_made() {
    let server = Server::start();
    let answer = server
        .post("/datasets?name=people")
        .v2()
        .csv(PEOPLE)
        .send()
        .created();
    assert_eq!(answer.header("Location"), "/datasets/people");
    assert_eq!(answer.header("Content-Type"), V2);
    assert_eq!(answer.json(), json!({"data": [server.dataset("people")]}));
}

#[test]
fn a_put_creates_and_then_replaces_with_a_new_revision() {
    let server = Server::start();
    let put = |csv: &str| server.put("/datasets/one").v2().csv(csv).send();
    let made = put("a,b\n1,2\n").created().json();
    let replaced = put("c\nx\ny\n").ok().json();
    assert_eq!(replaced["revision"], 2);
    assert_eq!(
        replaced["columns"],
        json!([{"name": "c", "type": "string", "nullable": false}])
    );
    assert_eq!(replaced["created_at"], made["created_at"]);
    assert_eq!(put("c\nz\n").ok().json()["revision"], 3);
    assert_eq!(server.rows("one"), json!([{"c": "z"}]));
    assert_eq!(server.names(), ["one"]);
}

#[test]
fn a_put_that_is_refused_leaves_the_revision_before_it() {
    let server = Server::start();
    server.store("one", "a\nkept\n");
    let before = server.dataset("one");
    let put = |path: &str, csv: &str| server.put(path).v2().csv(csv).send();
    put("/datasets/one", "a,b\n1\n").refused(422, &[]);
    put("/datasets/one", "").refused(422, &[]);
    put("/datasets/one?type.a=integer", "a\nx\n").refused(422, &[]);
    put("/datasets/one?colour=red", "a\nx\n").refused(400, &["colour"]);
    assert_eq!(server.dataset("one"), before);
    assert_eq!(server.rows("one"), json!([{"a": "kept"}]));
}

#[test]
fn a_deleted_dataset_is_gone_with_its_rows_and_source() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let answer = server.delete("/datasets/one").v2().send();
    assert_eq!((answer.status, answer.body.as_slice()), (204, &b""[..]));
    for path in [
        "/datasets/one",
        "/datasets/one/rows",
        "/datasets/one/source",
    ] {
        server.get(path).v2().send().refused(404, &["one"]);
    }
    server.store("one", "b\n2\n");
    assert_eq!(server.dataset("one")["revision"], 1);
    assert_eq!(server.rows("one"), json!([{"b": 2}]));
}

#[test]
fn the_list_is_walked_by_its_cursor_and_its_link_alike() {
    let server = Server::start();
    let all: Vec<_> = (0..7).map(|n| format!("set-{n}")).collect();
    for name in &all {
        server.store(name, "a\n1\n");
    }
    for limit in [1, 3, 6, 7, 100] {
        let (mut found, mut path) = (Vec::new(), Some(format!("/datasets?limit={limit}")));
        while let Some(at) = path {
            let answer = server.get(&at).v2().send().ok();
            let body = answer.json();
            assert_eq!(keys(&body), ["data", "next"]);
            let data = body["data"].as_array().unwrap();
            assert!(data.len() <= limit, "{limit}");
            found.extend(
                data.iter()
                    .map(|one| one["name"].as_str().unwrap().to_owned()),
            );
            path = next_link(&answer);
            let cursor = body["next"].as_str();
            assert_eq!(cursor.is_some(), path.is_some());
            assert!(path.iter().all(|link| link.contains(cursor.unwrap())));
        }
        assert_eq!(found, all, "{limit}");
    }
    let mut alone = server.dataset("set-0");
    // A list doesn't tell how a source is read.
    alone.as_object_mut().unwrap().remove("reading");
    assert_eq!(
        server.get("/datasets?limit=1").v2().send().ok().json()["data"][0],
        alone
    );
}

/// Where the header `Link` says that the list goes on.
fn next_link(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().unwrap();
    let (target, parameters) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(parameters.trim_start_matches([';', ' ']), "rel=\"next\"");
    Some(target.to_owned())
}

#[test]
fn a_limit_or_cursor_that_is_none_is_400_and_named() {
    let server = Server::start();
    server.store("one", "a\n1\n2\n");
    let rows = server
        .get("/datasets/one/rows?limit=1")
        .v2()
        .send()
        .ok()
        .json();
    let foreign = format!("cursor={}", rows["next"].as_str().unwrap());
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("page=1", "page"),
        ("cursor=x&cursor=y", "cursor"),
        ("cursor=bm9uZSBvZiBvdXJz", "cursor"),
        (&foreign, "cursor"),
    ] {
        let answer = server.get(&format!("/datasets?{query}")).v2().send();
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        answer.refused(400, &[name]);
    }
}

#[track_caller]
fn is_problem(answer: &Answer, status: u16, title: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["title"], title);
    let kind = format!(
        "urn:flash:problem:{}",
        title.to_lowercase().replace(' ', "-")
    );
    assert_eq!(problem["type"], kind);
    let detail = problem["detail"].as_str().unwrap();
    assert!(!detail.is_empty() && detail != title, "{problem}");
}

#[test]
fn an_error_is_a_problem_with_the_parts_of_rfc_9457() {
    let server = Server::with(|settings| {
        settings.store.keep_revisions = 1;
        settings.limits.max_body = 1000;
        settings.limits.max_json_body = 1000;
        settings.limits.max_record = 1000;
    });
    server.store("one", "a\n1\n");
    let first = server.get("/datasets/one/rows?revision=1").v2();
    first.send().ok();
    server.put("/datasets/one").v2().csv("a\n2\n").send().ok();
    let gone = || server.get("/datasets/one/rows?revision=1").v2().send();
    server.until(|_| gone().status == 410);
    let post = |path: &str| server.post(path).v2();
    let changed = server.put("/datasets/one").header("If-Match", "\"other\"");
    let answers = [
        (
            400,
            "bad parameter",
            server.get("/datasets?limit=0").v2().send(),
        ),
        (
            404,
            "no such dataset",
            server.get("/datasets/nobody").v2().send(),
        ),
        (404, "no such path", server.get("/nothing").v2().send()),
        (
            405,
            "method not allowed",
            server.call("PATCH", "/datasets").v2().send(),
        ),
        (
            406,
            "no acceptable content coding",
            server
                .get("/datasets")
                .v2()
                .header("Accept-Encoding", "identity;q=0")
                .send(),
        ),
        (
            409,
            "name taken",
            post("/datasets?name=one").csv("a\n1\n").send(),
        ),
        (410, "revision gone", gone()),
        (412, "condition failed", changed.v2().csv("a\n3\n").send()),
        (
            413,
            "body too large",
            post("/datasets?name=two").csv("a\n".repeat(1000)).send(),
        ),
        (
            415,
            "unsupported media type",
            post("/datasets?name=two").body("a\n1\n").send(),
        ),
        (
            422,
            "bad CSV",
            post("/datasets?name=two").csv("a,b\n1\n").send(),
        ),
    ];
    for (status, title, answer) in answers {
        is_problem(&answer, status, title);
    }
}

#[test]
fn a_version_that_is_refused_for_a_while_is_a_problem_too() {
    let mut builder = Builder::new();
    let clock = builder.stand_at("2027-03-01T00:30:00Z".parse().unwrap());
    builder.settings.lifecycle = crate::lifecycle::flags(&[
        "--deprecate",
        "v2=2027-01-01",
        "--brownout",
        "v2=2027-03-01T00:00:00Z/1h",
        "--retire",
        "v2=2027-07-01",
    ]);
    let server = builder.start();
    let ask = || server.get("/datasets").v2().send();
    is_problem(&ask(), 503, "version brownout");
    clock.set("2027-07-01T00:00:00Z".parse().unwrap());
    is_problem(&ask(), 410, "version retired");
}

#[test]
fn an_unknown_parameter_is_400_and_named_wherever_it_is() {
    let server = Server::start();
    server.store("one", "a\n1\n");
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/datasets"),
        ("GET", "/datasets/one"),
        ("GET", "/datasets/one/source"),
        ("DELETE", "/datasets/one"),
        ("PUT", "/datasets/one"),
        ("POST", "/datasets"),
    ] {
        let mut call = server.call(method, &format!("{path}?colour=red")).v2();
        if ["PUT", "POST"].contains(&method) {
            call = call.csv("a\n2\n");
        }
        let answer = call.send();
        assert_eq!(answer.status, 400, "{method} {path}: {}", answer.text());
        answer.refused(400, &["colour"]);
    }
    assert_eq!(server.dataset("one")["revision"], 1);
}
