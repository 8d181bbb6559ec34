//! `--json`: the results of commands for programs. The members are those of docs/operations.md.

use serde_json::Value;

use super::stores::put;
use crate::process::{Program, flash};

/// A server that a client and an anonymous caller used, with a dataset.
fn used() -> Program {
    let flags = ["--deprecate", "v1=2020-01-01", "--retire", "v1=2099-01-01"];
    let program = Program::serve(&flags);
    let (_, key) = program.manage(&[
        "clients",
        "add",
        "shop",
        "--note",
        "the shop",
        "--expires",
        "2099-01-01",
    ]);
    let bearer = format!("Bearer {}", key.trim());
    put(&program, "people", "text/csv", "id,name\n1,ada\n");
    let call = program
        .call("GET", "/datasets/people/rows?select=name")
        .v2();
    call.header("Authorization", &bearer).send().ok();
    let call = program.call("GET", "/datasets").accept(crate::client::V1);
    call.header("User-Agent", "curl/8.5.0").send().ok();
    // What was counted is in the store when the server has ended.
    program.restarted(&flags)
}

/// The result of a command as JSON, after checking that it is all of standard output.
#[track_caller]
fn result(program: &Program, arguments: &[&str], code: i32) -> Value {
    let arguments = [arguments, &program.place.arguments()].concat();
    let output = flash(&program.folder(), &arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The members of an object.
fn members(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap();
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn versions_are_listed_with_their_servers_and_users() {
    let program = used();
    let versions = result(&program, &["versions", "--json"], 0);
    assert_eq!(
        members(&versions),
        ["servers", "source", "versions", "warnings"]
    );
    assert_eq!(versions["source"], "servers");
    assert_eq!(versions["warnings"], serde_json::json!([]));
    assert_eq!(
        members(&versions["servers"][0]),
        ["release", "seen_at", "started_at"]
    );
    let v1 = &versions["versions"][1];
    assert_eq!(
        members(v1),
        [
            "brownouts",
            "default",
            "deprecated_at",
            "media_type",
            "promoted_at",
            "retired_at",
            "semantic_version",
            "state",
            "version"
        ]
    );
    assert_eq!(v1["version"], "v1");
    assert_eq!(v1["state"], "deprecated");
    assert_eq!(v1["retired_at"], "2099-01-01T00:00:00Z");
    assert_eq!(v1["default"], true);
    let usage = result(&program, &["versions", "--usage", "--json"], 0);
    assert_eq!(
        members(&usage),
        [
            "refusals", "servers", "since", "source", "usage", "versions", "warnings"
        ]
    );
    let used = usage["usage"].as_array().unwrap();
    let curl = used.iter().find(|one| one["family"] == "curl").unwrap();
    assert_eq!(
        members(curl),
        [
            "client",
            "family",
            "last_at",
            "operation",
            "requests",
            "version"
        ]
    );
    assert_eq!(
        (&curl["version"], &curl["client"], &curl["requests"]),
        (&"v1".into(), &Value::Null, &1.into())
    );
    let shop = used.iter().find(|one| one["client"] == "shop").unwrap();
    assert_eq!(
        (&shop["family"], &shop["operation"]),
        (&Value::Null, &"list_rows".into())
    );
}

#[test]
fn a_retire_check_is_told_with_its_exit_code() {
    let program = used();
    let check = result(&program, &["versions", "retire-check", "v1", "--json"], 1);
    assert_eq!(
        members(&check),
        [
            "can_be_retired",
            "ignored",
            "left_behind",
            "retired_at",
            "servers",
            "silent",
            "since",
            "source",
            "version",
            "warnings"
        ]
    );
    assert_eq!(check["can_be_retired"], false);
    assert_eq!(check["left_behind"][0]["family"], "curl");
    assert_eq!(
        members(&check["left_behind"][0]),
        ["client", "family", "last_at", "requests"]
    );
    let ignoring = [
        "versions",
        "--json",
        "retire-check",
        "v1",
        "--ignore",
        "curl,none,other,mozilla",
    ];
    let check = result(&program, &ignoring, 0);
    assert_eq!(check["can_be_retired"], true);
    assert_eq!(check["ignored"][0]["family"], "curl");
}

#[test]
fn clients_are_listed_and_shown() {
    let program = used();
    let list = result(&program, &["clients", "list", "--json"], 0);
    assert_eq!(members(&list), ["clients"]);
    let shop = &list["clients"][0];
    assert_eq!(
        members(shop),
        [
            "contact",
            "created_at",
            "disabled_at",
            "extensions",
            "first_contact_at",
            "keys",
            "name",
            "note",
            "pin",
            "rate_limit"
        ]
    );
    assert_eq!(
        (&shop["name"], &shop["pin"], &shop["note"]),
        (&"shop".into(), &"v2".into(), &"the shop".into())
    );
    assert_eq!(shop["keys"][0]["expires_at"], "2099-01-01T00:00:00Z");
    let shown = result(&program, &["clients", "show", "shop", "--json"], 0);
    for member in members(shop) {
        assert_eq!(shown[member], shop[member], "{member}");
    }
    assert_eq!(shown["moves"][0]["by"], "first-contact");
    assert_eq!(shown["usage"][0]["operation"], "list_rows");
    assert!(
        shown["refusals"].is_array() && shown["since"].is_string(),
        "{shown}"
    );
    let added = result(&program, &["clients", "add", "other", "--json"], 0);
    assert_eq!(members(&added), ["expires_at", "key", "name"]);
    let rotated = result(&program, &["clients", "rotate-key", "other", "--json"], 0);
    assert_ne!(rotated["key"], added["key"]);
}

#[test]
fn datasets_are_listed_shown_and_checked() {
    let program = used();
    let list = result(&program, &["list", "--json"], 0);
    let people = &list["datasets"][0];
    assert_eq!(
        members(people),
        ["bytes", "columns", "name", "revision", "rows", "updated_at"]
    );
    assert_eq!(
        (&people["name"], &people["rows"], &people["columns"]),
        (&"people".into(), &1.into(), &2.into())
    );
    let shown = result(&program, &["datasets", "show", "people", "--json"], 0);
    assert_eq!(
        members(&shown),
        [
            "columns",
            "days",
            "name",
            "readers",
            "revision",
            "rows",
            "schema",
            "updated_at"
        ]
    );
    assert_eq!(
        shown["columns"][0],
        serde_json::json!({"name": "id", "type": "integer", "nullable": false})
    );
    let reader = &shown["readers"][0];
    assert_eq!(
        members(reader),
        [
            "client",
            "columns",
            "family",
            "last_at",
            "more_columns",
            "requests"
        ]
    );
    assert_eq!(
        (&reader["client"], &reader["columns"][0]),
        (&"shop".into(), &"name".into())
    );
    let check = result(&program, &["check", "--json"], 0);
    assert_eq!(
        members(&check),
        ["blocks", "bytes", "datasets", "problems", "revisions"]
    );
    assert_eq!(check["problems"], serde_json::json!([]));
}

#[test]
fn an_empty_store_is_an_empty_list() {
    let program = Program::serve(&[]);
    assert_eq!(
        result(&program, &["list", "--json"], 0),
        serde_json::json!({"datasets": []})
    );
    assert_eq!(
        result(&program, &["clients", "list", "--json"], 0),
        serde_json::json!({"clients": []})
    );
}
