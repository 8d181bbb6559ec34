//! What a move to another version would change for the client that asks.

use serde_json::{Value, json};

use crate::client::{V1, V2};
use crate::clients::Keyed;
use crate::server::Server;

/// A server on which `shop` read a dataset and deleted one in v1, and listed datasets in v2.
fn used() -> (Server, String) {
    let server = Server::start();
    server.store("people", "id,name\n1,Ada\n");
    let key = server.register("shop");
    let call = |method: &str, path: &str, accept: &str| {
        let call = server.call(method, path).with_key(&key);
        call.accept(accept).send().status
    };
    assert_eq!(call("GET", "/datasets/people", V1), 200);
    assert_eq!(call("GET", "/datasets/people", V1), 200);
    assert_eq!(call("DELETE", "/datasets/nothing", V1), 404);
    assert_eq!(call("GET", "/datasets", V2), 200);
    server.hand_usage_over();
    (server, key)
}

fn operations(answer: &Value) -> Vec<&str> {
    let all = answer["operations"].as_array().unwrap();
    all.iter()
        .map(|one| one["operation"].as_str().unwrap())
        .collect()
}

#[test]
fn a_client_is_told_what_differs_in_the_operations_it_really_used() {
    let (server, key) = used();
    for path in ["/client/upgrade?to=v2", "/client/upgrade"] {
        let call = server.get(path).with_key(&key).v2();
        let answer = call.send().ok().json();
        assert_eq!(answer["to"], "v2");
        assert_eq!(answer["breaking"], true);
        assert_eq!(operations(&answer), ["delete_dataset", "get_dataset"]);
        let dataset = &answer["operations"][1];
        assert_eq!(
            (&dataset["from"], &dataset["requests"]),
            (&json!("v1"), &json!(2))
        );
        assert_eq!(dataset["before"], "GET /datasets/{name}");
        assert_eq!(dataset["after"], "GET /datasets/{name}");
        assert_eq!(dataset["breaking"], true);
        let changes = dataset["changes"].as_array().unwrap();
        assert!(
            changes
                .iter()
                .all(|change| change["operation"] == "get_dataset")
        );
        assert!(changes[0]["before"].as_str().unwrap().contains("\"rows\""));
        assert!(
            changes[0]["after"]
                .as_str()
                .unwrap()
                .contains("\"row_count\"")
        );
        // Errors are said otherwise in all of v2, and it lists datasets there already.
        assert_eq!(answer["everywhere"][0]["operation"], Value::Null);
        assert_eq!(answer["unchanged"], json!(["list_datasets"]));
    }
}

#[test]
fn nothing_changes_for_who_uses_the_newest_version_alone() {
    let server = Server::start();
    let key = server.register("shop");
    server.get("/datasets").with_key(&key).v2().send().ok();
    server.hand_usage_over();
    let call = server.get("/client/upgrade?to=v2").with_key(&key);
    let answer = call.send().ok().json();
    assert_eq!(answer["breaking"], false);
    assert_eq!(
        (&answer["operations"], &answer["everywhere"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(answer["unchanged"], json!(["list_datasets"]));
}

#[test]
fn both_versions_have_it_and_only_registered_clients_are_told() {
    let (server, key) = used();
    for accept in [V1, V2] {
        let path = "/client/upgrade?to=v2";
        server.get(path).with_key(&key).accept(accept).send().ok();
        let anonymous = server.get(path).accept(accept).send();
        anonymous.refused(401, &["only registered clients"]);
    }
}

#[test]
fn a_version_to_move_to_is_one_there_is_and_no_older_than_those_used() {
    let (server, key) = used();
    let ask = |to: &str| {
        let path = format!("/client/upgrade?to={to}");
        server.get(&path).with_key(&key).v2().send()
    };
    ask("v9").refused(400, &["to", "v9", "one of v1, v2"]);
    ask("2").refused(400, &["to", "one of v1, v2"]);
    ask("v1").refused(400, &["to", "v2, which you use already"]);
}
