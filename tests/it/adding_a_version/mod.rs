//! A new version is a folder, a line in the registry and its changelog: `docs/adding-a-version.md` walks through the small
//! version 3 that is here, beside the real ones.

mod v3;

use std::fs;
use std::path::Path;

use flash::api::contract::ApiVersion;
use flash::api::versions::VERSIONS;
use flash::api::{v1, v2};
use flash::services::Clock;
use serde_json::{Value, json};

use crate::client::{V1, V1_RELEASE, V2, V2_RELEASE};
use crate::clients::Keyed;
use crate::database::Place;
use crate::lifecycle;
use crate::server::{Builder, Server};

const V3: &str = "application/vnd.flash.v3+json";
const PEOPLE: &str = "id,name\n1,Ada\n2,Grace\n";

/// The registry with version 3 in it: one line more.
const WITH_V3: &[&ApiVersion] = &[
    &v3::VERSION, //
    &v2::VERSION,
    &v1::VERSION,
];

/// A server at `place` with these versions and flags, whose clock stands.
fn server(
    place: Place,
    versions: &'static [&'static ApiVersion],
    flags: &[&str],
) -> (Server, Clock) {
    let mut builder = Builder::at(place);
    let clock = builder.stand_at("2026-12-01T00:00:00Z".parse().unwrap());
    builder.versions = versions;
    builder.settings.lifecycle = lifecycle::flags(flags);
    (builder.start(), clock)
}

fn with_v3() -> Server {
    let (server, _) = server(Place::new(), WITH_V3, &[]);
    server.store("people", PEOPLE);
    server
}

/// The version that a client without a wish is served.
fn served(server: &Server, key: &str) -> String {
    let answer = server.get("/datasets").with_key(key).send().ok();
    answer.header("API-Version").to_owned()
}

#[test]
fn the_versions_that_were_there_do_not_move() {
    let before = Server::start();
    before.store("people", PEOPLE);
    let after = with_v3();
    assert_eq!(VERSIONS.len() + 1, WITH_V3.len());
    for version in ["v1", "v2"] {
        let path = format!("/openapi.json?version={version}");
        let document = |server: &Server| server.get(&path).send().ok().json();
        assert_eq!(document(&before), document(&after), "{version}");
    }
    for (path, accept) in [
        ("/", V1),
        ("/", V2),
        ("/datasets/people", V1),
        ("/datasets/people/rows", V2),
        ("/datasets/people/source", V2),
        ("/datasets/nothing", V1),
        ("/datasets/nothing", V2),
    ] {
        let answer = |server: &Server| {
            let answer = server.get(path).accept(accept).send();
            (
                answer.status,
                answer.header("API-Version").to_owned(),
                answer.body,
            )
        };
        assert_eq!(answer(&before), answer(&after), "{path} {accept}");
    }
}

#[test]
fn a_preview_is_served_to_who_names_it_and_to_nobody_else() {
    let server = with_v3();
    let named = server.get("/datasets/people").accept(V3).send().ok();
    assert_eq!(named.header("API-Version"), "3.0.0");
    assert_eq!(named.header("Content-Type"), V3);
    assert_eq!(named.json()["size"], json!({ "rows": 2, "bytes": 22 }));
    for accept in ["*/*", "application/json", "application/vnd.flash+json"] {
        let answer = server.get("/datasets/people").accept(accept).send().ok();
        assert_eq!(answer.header("API-Version"), V1_RELEASE, "{accept}");
    }
    let key = server.register("shop");
    assert_eq!(served(&server, &key), V2_RELEASE);
    let moved = server.call("PATCH", "/client").with_key(&key);
    let refused = moved.json(&json!({ "version": 3 })).send();
    refused.refused(422, &["v3", "v1", "v2"]);
}

#[test]
fn what_a_version_does_not_mention_is_served_as_in_the_one_before() {
    let server = with_v3();
    for path in [
        "/datasets",
        "/datasets/people/rows",
        "/datasets/people/revisions",
        "/datasets/people/rows?limit=nothing",
    ] {
        let of = |accept: &str| server.get(path).accept(accept).send();
        let (new, old) = (of(V3), of(V2));
        assert_eq!(new.status, old.status, "{path}");
        assert_eq!(new.header("API-Version"), "3.0.0");
        assert_eq!(new.json(), old.json(), "{path}");
    }
    let root = server.get("/").accept(V3).send().ok().json();
    assert_eq!(root["version"], "3.0.0");
    assert_eq!(root["links"]["openapi"], "/openapi.json?version=v3");
    let gone = server.get("/datasets/people/source").accept(V3).send();
    gone.refused(404, &["v2"]);
}

#[test]
fn promotion_moves_no_pinned_client_and_pins_new_ones_to_it() {
    let (server, clock) = server(Place::new(), WITH_V3, &["--promote", "v3=2027-01-01"]);
    let old = server.register("old");
    assert_eq!(served(&server, &old), V2_RELEASE);
    clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    server.services.clients.forget();
    assert_eq!(served(&server, &old), V2_RELEASE);
    let new = server.register("new");
    assert_eq!(served(&server, &new), "3.0.0");
    let anonymous = server.get("/datasets").send().ok();
    assert_eq!(anonymous.header("API-Version"), V1_RELEASE);
    // Who is pinned may move by itself.
    let moved = server.call("PATCH", "/client").with_key(&old);
    moved.json(&json!({ "version": 3 })).send().ok();
    assert_eq!(served(&server, &old), "3.0.0");
}

#[test]
fn while_it_is_a_preview_servers_without_it_serve_every_client_as_well() {
    let (new, _) = server(Place::new(), WITH_V3, &[]);
    let key = new.register("shop");
    assert_eq!(served(&new, &key), V2_RELEASE);
    let place = new.place.clone();
    drop(new);
    let (old, _) = server(place, VERSIONS, &[]);
    assert_eq!(served(&old, &key), V2_RELEASE);
}

#[test]
fn a_client_is_told_what_a_new_version_would_change_for_it() {
    let server = with_v3();
    let key = server.register("shop");
    for path in ["/datasets/people", "/datasets/people/source", "/datasets"] {
        server.get(path).with_key(&key).v2().send().ok();
    }
    server.hand_usage_over();
    let call = server.get("/client/upgrade?to=v3").with_key(&key);
    let answer = call.send().ok().json();
    let operations = answer["operations"].as_array().unwrap();
    let of = |name: &str| {
        let mut found = operations.iter();
        found.find(|one| one["operation"] == name).unwrap()
    };
    assert_eq!(operations.len(), 2);
    assert_eq!(of("get_dataset")["after"], "GET /datasets/{name}");
    assert_eq!(of("get_source")["after"], Value::Null);
    assert_eq!(of("get_source")["breaking"], true);
    assert_eq!(answer["unchanged"], json!(["list_datasets"]));
    let changelog = server.get("/changelog?from=v1&to=v3").send().ok().json();
    let last = changelog["changes"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["version"], &last["kind"]),
        (&json!("3.0.0"), &json!("removed"))
    );
}

#[test]
fn the_walk_through_shows_the_version_that_is_tested_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let walk = read("docs/adding-a-version.md");
    for file in ["mod.rs", "datasets.rs", "changelog.rs"] {
        let code = read(&format!("tests/it/adding_a_version/v3/{file}"));
        // Within the crate it is called so.
        let code = code.replace("flash::", "crate::");
        assert!(walk.contains(code.trim()), "{file} is shown otherwise");
    }
}
