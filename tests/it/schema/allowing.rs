//! What a dataset allows: who sets it, and how.

use serde_json::json;

use crate::client::Call;
use crate::clients::Keyed;
use crate::server::Server;

const PEOPLE: &str = "id,name\n1,Ada\n2,Grace\n";

/// A change of what a dataset allows, in the making.
pub fn patch(server: &Server, name: &str) -> Call {
    server.call("PATCH", &format!("/datasets/{name}")).v2()
}

/// Sets what a dataset allows.
#[track_caller]
pub fn allow(server: &Server, name: &str, schema_changes: &str) {
    let wish = json!({ "schema_changes": schema_changes });
    let dataset = patch(server, name).json(&wish).send().ok().json();
    assert_eq!(dataset["schema_changes"], schema_changes);
}

#[test]
fn only_the_owner_sets_what_a_dataset_allows() {
    let server = Server::start();
    let (owner, other) = (server.register("owner"), server.register("other"));
    let made = server.put("/datasets/mine").v2().with_key(&owner);
    made.csv(PEOPLE).send().created();
    let wish = json!({"schema_changes": "none"});
    let patch = |key: &str| patch(&server, "mine").with_key(key).json(&wish).send();
    patch(&other).refused(403, &["mine", "another client"]);
    assert_eq!(server.dataset("mine")["schema_changes"], "any");
    patch(&owner).ok();
    assert_eq!(server.dataset("mine")["schema_changes"], "none");
}

#[test]
fn what_a_dataset_allows_is_part_of_its_tag_and_a_change_of_it_no_revision() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let get = || server.get("/datasets/people").v2();
    let first = get().send().ok().header("ETag").to_owned();
    let patched = patch(&server, "people").json(&json!({"schema_changes": "additive"}));
    let patched = patched.header("If-Match", &first).send().ok();
    assert_eq!(patched.header("Dataset-Revision"), "1");
    let second = patched.header("ETag").to_owned();
    assert_ne!(first, second);
    let again = get().header("If-None-Match", &first).send().ok();
    assert_eq!(
        (again.header("ETag"), again.json()),
        (second.as_str(), patched.json())
    );
    assert_eq!(get().header("If-None-Match", &second).send().status, 304);
    // A write is conditional on the revision, which is the same.
    let put = server
        .put("/datasets/people")
        .v2()
        .header("If-Match", &first);
    let put = put.csv(PEOPLE).send().ok();
    assert_eq!(put.header("ETag"), get().send().ok().header("ETag"));
    let stale = patch(&server, "people").header("If-Match", &first);
    stale
        .json(&json!({"schema_changes": "any"}))
        .send()
        .refused(412, &["If-Match"]);
}

#[test]
fn a_change_that_is_sent_again_with_its_key_is_made_once() {
    let server = Server::start();
    server.store("people", PEOPLE);
    let send = |wish: &str| {
        let patch = patch(&server, "people").header("Idempotency-Key", "one");
        patch.json(&json!({"schema_changes": wish})).send()
    };
    let first = send("none").ok();
    allow(&server, "people", "any");
    let second = send("none").ok();
    assert_eq!(second.header("Idempotency-Replayed"), "true");
    assert_eq!(second.body, first.body);
    assert_eq!(server.dataset("people")["schema_changes"], "any");
    send("additive").refused(422, &["Idempotency-Key"]);
}

#[test]
fn a_wish_that_can_not_be_read_is_refused_with_what_is_right() {
    let server = Server::start();
    server.store("people", PEOPLE);
    for body in [
        json!({"schema_changes": "sometimes"}),
        json!({"schema_changes": null}),
        json!({"schema": "additive"}),
        json!({}),
        json!(["additive"]),
    ] {
        patch(&server, "people")
            .json(&body)
            .send()
            .refused(400, &["\"schema_changes\": \"additive\""]);
    }
    let unknown = patch(&server, "people")
        .json(&json!({"schema_changes": "ANY"}))
        .send();
    unknown.refused(400, &["ANY", "any, additive or none"]);
    let csv = patch(&server, "people").csv("a\n");
    assert_eq!(csv.send().status, 415);
    let nothing = patch(&server, "nothing").json(&json!({"schema_changes": "any"}));
    nothing.send().refused(404, &["nothing"]);
}
