//! `If-Match` and `If-None-Match` on writes (RFC 9110 §13).

use crate::client::{Call, V1, V2, begin};
use crate::clients::Keyed;
use crate::server::Server;

fn server() -> (Server, String) {
    let server = Server::start();
    server.store("one", "a\n1\n");
    let tag = tag(&server);
    (server, tag)
}

fn tag(server: &Server) -> String {
    let answer = server.get("/datasets/one").v2().send().ok();
    answer.header("ETag").to_owned()
}

fn put(server: &Server) -> Call {
    server.put("/datasets/one").v2().csv("a\n2\n")
}

#[test]
fn a_write_is_done_only_on_what_its_sender_has_seen() {
    let (server, first) = server();
    put(&server).header("If-Match", &first).send().ok();
    put(&server)
        .header("If-Match", &first)
        .send()
        .refused(412, &["If-Match"]);
    let rows = server.post("/datasets/one/rows").v2().csv("a\n3\n");
    rows.header("If-Match", &first)
        .send()
        .refused(412, &["If-Match"]);
    for version in [V1, V2] {
        let delete = server.delete("/datasets/one").accept(version);
        delete
            .header("If-Match", &first)
            .send()
            .refused(412, &["If-Match"]);
    }
    assert_eq!(server.dataset("one")["revision"], 2);
    let second = tag(&server);
    let rows = server.post("/datasets/one/rows").v2().csv("a\n3\n");
    let answer = rows
        .header("If-Match", &format!("\"x\", {second}"))
        .send()
        .ok();
    let third = answer.header("ETag").to_owned();
    let delete = server.delete("/datasets/one").v2();
    assert_eq!(delete.header("If-Match", &third).send().status, 204);
}

#[test]
fn the_tag_of_any_representation_names_the_revision() {
    let (server, _) = server();
    for (path, accept) in [
        ("/datasets/one", V1),
        ("/datasets/one/rows", V2),
        ("/datasets/one/rows", "application/vnd.flash.v2+csv"),
        ("/datasets/one/source", V2),
    ] {
        let answer = server.get(path).accept(accept).send().ok();
        let tag = answer.header("ETag").to_owned();
        put(&server).header("If-Match", &tag).send().ok();
        put(&server)
            .header("If-Match", &tag)
            .send()
            .refused(412, &[]);
    }
}

#[test]
fn a_put_may_demand_that_there_is_nothing_yet_or_something_already() {
    let (server, tag) = server();
    put(&server)
        .header("If-None-Match", "*")
        .send()
        .refused(412, &[]);
    put(&server)
        .header("If-None-Match", &tag)
        .send()
        .refused(412, &[]);
    put(&server).header("If-Match", "*").send().ok();
    let new = || server.put("/datasets/new").v2().csv("a\n1\n");
    new().header("If-Match", "*").send().refused(412, &[]);
    new().header("If-Match", &tag).send().refused(412, &[]);
    new().header("If-None-Match", "*").send().created();
    new().header("If-None-Match", "*").send().refused(412, &[]);
}

#[test]
fn a_weak_tag_never_matches_a_write_and_an_unquoted_one_is_refused() {
    let (server, tag) = server();
    put(&server)
        .header("If-Match", &format!("W/{tag}"))
        .send()
        .refused(412, &[]);
    let bare = tag.trim_matches('"');
    put(&server)
        .header("If-Match", bare)
        .send()
        .refused(400, &["quotes"]);
    put(&server)
        .header("If-None-Match", bare)
        .send()
        .refused(400, &["quotes"]);
    assert_eq!(server.dataset("one")["revision"], 1);
}

#[test]
fn a_condition_is_looked_at_when_the_write_is_done_not_only_when_it_begins() {
    let (server, tag) = server();
    let header = format!("If-Match: {tag}\r\n");
    let begun = begin(server.address, "PUT", "/datasets/one", &header, "a\n7\n");
    put(&server).send().ok();
    let answer = begun.finish();
    assert!(answer.starts_with("HTTP/1.1 412"), "{answer}");
    assert_eq!(server.rows("one")[0]["a"], 2);
    let header = "If-None-Match: *\r\n";
    let begun = begin(server.address, "PUT", "/datasets/new", header, "a\n7\n");
    server.store("new", "a\n1\n");
    let answer = begun.finish();
    assert!(answer.starts_with("HTTP/1.1 412"), "{answer}");
}

#[test]
fn of_many_writes_with_the_same_tag_one_is_done() {
    let (server, tag) = server();
    let header = format!("If-Match: {tag}\r\n");
    let begun: Vec<_> = (0..8)
        .map(|_| {
            begin(
                server.address,
                "POST",
                "/datasets/one/rows",
                &header,
                "a\n7\n",
            )
        })
        .collect();
    let done: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = begun
            .into_iter()
            .map(|one| scope.spawn(move || one.finish().starts_with("HTTP/1.1 200")))
            .collect();
        threads
            .into_iter()
            .filter_map(|one| one.join().ok())
            .map(usize::from)
            .sum()
    });
    assert_eq!(done, 1);
    assert_eq!(server.dataset("one")["row_count"], 2);
}

#[test]
fn a_read_may_demand_a_representation() {
    let (server, tag) = server();
    let get = || server.get("/datasets/one").v2();
    get().header("If-Match", &tag).send().ok();
    get().header("If-Match", "*").send().ok();
    get()
        .header("If-Match", "\"other\"")
        .send()
        .refused(412, &["If-Match"]);
    get()
        .header("If-Match", &format!("W/{tag}"))
        .send()
        .refused(412, &[]);
}

#[test]
fn a_creation_never_is_of_what_if_match_names_and_always_of_what_is_not_there() {
    let (server, tag) = server();
    for (number, version) in [V1, V2].into_iter().enumerate() {
        let post = |name: &str| {
            let call = server.post(&format!("/datasets?name={name}"));
            call.accept(version).csv("a\n2\n")
        };
        for condition in ["*", &tag, "\"other\"", &format!("W/{tag}")] {
            for name in ["one", "new"] {
                let answer = post(name).header("If-Match", condition).send();
                answer.refused(412, &["If-Match", "PUT /datasets/{name}"]);
            }
        }
        for (name, condition) in [("x", "*"), ("y", "\"other\""), ("z", &*tag)] {
            let name = format!("{name}-{number}");
            let create = || post(&name).header("If-None-Match", condition).send();
            create().created();
            assert_eq!(create().status, 409);
        }
    }
    let list = serde_json::json!([{ "name": "new", "csv": "a\n1\n" }]);
    let call = server.post("/datasets").header("If-Match", "*");
    call.json(&list).send().refused(412, &["If-Match"]);
    let form = "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"new.csv\"\r\n\r\na\n1\n\r\n--x--\r\n";
    let call = server.post("/datasets").header("If-Match", "*").body(form);
    let call = call.header("Content-Type", "multipart/form-data; boundary=x");
    call.send().refused(412, &["If-Match"]);
    assert_eq!(server.dataset("one")["revision"], 1);
    assert!(!server.names().contains(&"new".to_owned()));
}

#[test]
fn what_has_no_tag_meets_no_condition_on_one() {
    let (server, tag) = server();
    let key = server.register("shop");
    let move_to = |version: u32| {
        let call = server.call("PATCH", "/client").v2().with_key(&key);
        call.json(&serde_json::json!({ "version": version }))
    };
    move_to(1).header("If-Match", "*").send().ok();
    move_to(2).header("If-None-Match", "\"other\"").send().ok();
    move_to(1)
        .header("If-Match", &tag)
        .send()
        .refused(412, &["If-Match", "no entity tag"]);
    move_to(1)
        .header("If-None-Match", "*")
        .send()
        .refused(412, &["If-None-Match"]);
    let client = || server.get("/client").v2().with_key(&key);
    assert_eq!(client().send().ok().json()["pin"], "v2");
    for path in ["/", "/datasets", "/datasets/one/revisions", "/client"] {
        let get = |name: &str, value: &str| {
            let call = server.get(path).v2().with_key(&key);
            call.header(name, value).send()
        };
        get("If-Match", "*").ok();
        get("If-None-Match", &tag).ok();
        get("If-Match", &tag).refused(412, &["no entity tag"]);
        assert_eq!(get("If-None-Match", "*").status, 304, "{path}");
        let head = server.call("HEAD", path).v2().with_key(&key);
        assert_eq!(head.header("If-Match", &tag).send().status, 412, "{path}");
    }
    // Conditions count only where the answer would be a success without them (RFC 9110 §13.2.1).
    let bad = server.get("/datasets?colour=red").v2();
    bad.header("If-Match", &tag)
        .send()
        .refused(400, &["colour"]);
}

#[test]
fn a_condition_on_a_date_is_refused_where_something_would_be_changed() {
    let (server, _) = server();
    let date = "Sun, 22 Nov 2026 12:00:00 GMT";
    for (method, path) in [
        ("PUT", "/datasets/one"),
        ("POST", "/datasets?name=new"),
        ("POST", "/datasets/one/rows"),
        ("DELETE", "/datasets/one"),
        ("PATCH", "/client"),
    ] {
        let call = server.call(method, path).v2().csv("a\n2\n");
        let answer = call.header("If-Unmodified-Since", date).send();
        answer.refused(412, &["If-Unmodified-Since", "If-Match"]);
    }
    assert_eq!(server.dataset("one")["revision"], 1);
    let get = server.get("/datasets/one").v2();
    get.header("If-Unmodified-Since", date).send().ok();
}
