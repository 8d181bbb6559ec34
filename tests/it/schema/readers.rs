//! Who reads a dataset, and which columns they name.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::client::V1;
use crate::clients::Keyed;
use crate::server::{Builder, Server};

/// A server whose clock stands.
fn server() -> (Server, flash::services::Clock) {
    let mut builder = Builder::new();
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let clock = builder.stand_at(now);
    let server = builder.start();
    server.store("people", "id,name,born\n1,Ada,1815\n2,Grace,1906\n");
    (server, clock)
}

/// The readers of the dataset, once all reads are counted.
#[track_caller]
fn readers(server: &Server, name: &str) -> Value {
    server.hand_usage_over();
    let path = format!("/datasets/{name}/readers");
    server.get(&path).v2().send().ok().json()["data"].take()
}

#[test]
fn readers_are_counted_with_the_columns_that_they_name() {
    let (server, clock) = server();
    let (shop, lab) = (server.register("shop"), server.register("lab"));
    let get = |key: &str, path: &str| {
        let path = format!("/datasets/people{path}");
        server.get(&path).v2().with_key(key).send().ok()
    };
    get(&shop, "/rows?select=name&born=gt.1900&order=id.desc");
    get(&shop, "/rows?limit=1");
    let before = clock.now().to_string();
    clock.set(clock.now() + SignedDuration::from_mins(1));
    get(&lab, "/summary");
    get(&lab, "/source");
    let v1 = server.get("/datasets/people").accept(V1);
    v1.with_key(&lab).send().ok();
    // What is refused reads nothing, and what only tells of writes isn't a read.
    let refused = server.get("/datasets/people/rows?select=nothing").v2();
    assert_eq!(refused.with_key(&lab).send().status, 400);
    server.get("/datasets").v2().with_key(&lab).send().ok();
    let expected = json!([
        {"client": "lab", "family": null, "requests": 3, "last_at": clock.now().to_string(), "columns": [], "more_columns": false},
        {"client": "shop", "family": null, "requests": 2, "last_at": before, "columns": ["born", "id", "name"], "more_columns": false},
    ]);
    assert_eq!(readers(&server, "people"), expected);
    server.store("other", "id\n1\n");
    assert_eq!(readers(&server, "other"), json!([]));
}

#[test]
fn anonymous_readers_are_told_apart_by_their_kind_of_user_agent() {
    let (server, _) = server();
    for agent in ["curl/8.5.0", "curl/7.1", "Mozilla/5.0 (X11)"] {
        let get = server.get("/datasets/people/rows?name=eq.Ada").v2();
        get.header("User-Agent", agent).send().ok();
    }
    let found = readers(&server, "people");
    let told = |family: &str| {
        let mut found = found.as_array().unwrap().iter();
        let found = found.find(|reader| reader["family"] == family).unwrap();
        assert!(found["client"].is_null());
        assert_eq!(found["columns"], json!(["name"]));
        found["requests"].clone()
    };
    assert_eq!((told("curl"), told("mozilla")), (json!(2), json!(1)));
}

#[test]
fn remembered_answers_and_304_are_reads_too() {
    let (server, _) = server();
    let key = server.register("shop");
    let get = || {
        server
            .get("/datasets/people/rows?select=born")
            .v2()
            .with_key(&key)
    };
    let tag = get().send().ok().header("ETag").to_owned();
    (0..5).for_each(|_| drop(get().send().ok()));
    let unchanged = get().header("If-None-Match", &tag).send();
    assert_eq!(unchanged.status, 304);
    let found = readers(&server, "people");
    assert_eq!(found[0]["requests"], 7);
    assert_eq!(found[0]["columns"], json!(["born"]));
}

#[test]
fn the_columns_that_were_named_last_are_kept_and_that_there_were_more_is_told() {
    let (server, clock) = server();
    let names: Vec<String> = (0..70).map(|n| format!("c{n:02}")).collect();
    let row: Vec<&str> = names.iter().map(|_| "1").collect();
    server.store("wide", format!("{}\n{}\n", names.join(","), row.join(",")));
    for name in &names {
        clock.set(clock.now() + SignedDuration::from_secs(1));
        let get = server
            .get(&format!("/datasets/wide/rows?select={name}"))
            .v2();
        get.send().ok();
        server.hand_usage_over();
    }
    let found = readers(&server, "wide");
    assert_eq!(found[0]["columns"], json!(names[6..]));
    assert_eq!(found[0]["more_columns"], true);
    assert_eq!(found[0]["requests"], 70);
}

#[test]
fn reads_of_more_than_thirty_days_ago_are_forgotten() {
    let (server, clock) = server();
    let key = server.register("shop");
    let get = |path: &str| server.get(path).v2().with_key(&key).send().ok();
    get("/datasets/people/rows?select=born");
    assert_eq!(readers(&server, "people")[0]["requests"], 1);
    clock.set(clock.now() + SignedDuration::from_hours(20 * 24));
    get("/datasets/people/rows?select=name");
    let found = readers(&server, "people");
    assert_eq!(
        (&found[0]["requests"], &found[0]["columns"]),
        (&json!(2), &json!(["born", "name"]))
    );
    clock.set(clock.now() + SignedDuration::from_hours(20 * 24));
    let found = readers(&server, "people");
    assert_eq!(
        (&found[0]["requests"], &found[0]["columns"]),
        (&json!(1), &json!(["name"]))
    );
    clock.set(clock.now() + SignedDuration::from_hours(20 * 24));
    assert_eq!(readers(&server, "people"), json!([]));
}

#[test]
fn only_the_owner_of_a_dataset_sees_who_reads_it() {
    let (server, _) = server();
    let (owner, other) = (server.register("owner"), server.register("other"));
    let put = server.put("/datasets/mine").v2().with_key(&owner);
    put.csv("id\n1\n").send().created();
    server
        .get("/datasets/mine/rows")
        .v2()
        .with_key(&other)
        .send()
        .ok();
    server.hand_usage_over();
    let get = |key: &str| {
        server
            .get("/datasets/mine/readers")
            .v2()
            .with_key(key)
            .send()
    };
    let found = get(&owner).ok().json();
    assert_eq!(found["data"][0]["client"], "other");
    get(&other).refused(403, &["mine", "another client"]);
    let anonymous = server.get("/datasets/mine/readers").v2().send();
    anonymous.refused(403, &["mine"]);
    server
        .get("/datasets/nothing/readers")
        .v2()
        .send()
        .refused(404, &["nothing"]);
}

#[test]
fn readers_go_with_their_dataset() {
    let (server, _) = server();
    server
        .get("/datasets/people/rows?select=id")
        .v2()
        .send()
        .ok();
    assert_eq!(readers(&server, "people").as_array().unwrap().len(), 1);
    assert_eq!(server.delete("/datasets/people").v2().send().status, 204);
    server.store("people", "id\n1\n");
    assert_eq!(readers(&server, "people"), json!([]));
}

#[test]
fn nobody_is_counted_if_the_operator_does_not_want_it() {
    let server = Server::with(|settings| {
        settings.access.count_usage = flash::settings::CountUsage::Off;
    });
    server.store("people", "id\n1\n");
    server.get("/datasets/people/rows").v2().send().ok();
    assert_eq!(readers(&server, "people"), json!([]));
}
