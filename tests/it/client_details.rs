//! `flash clients`: notes, contacts, keys that expire, and the removal of a client.

use crate::process::Program;

fn key_of(text: &str) -> String {
    format!("Bearer {}", text.trim())
}

#[test]
fn a_client_has_a_note_and_a_contact_that_can_be_changed_and_removed() {
    let program = Program::serve(&[]);
    let add = [
        "clients",
        "add",
        "shop",
        "--note",
        "the web shop",
        "--contact",
        "ada@shop.example",
    ];
    let (code, text) = program.manage(&add);
    assert_eq!(code, 0, "{text}");
    let (_, shown) = program.manage(&["clients", "show", "shop"]);
    assert!(shown.contains("note           the web shop\n"), "{shown}");
    assert!(
        shown.contains("contact        ada@shop.example\n"),
        "{shown}"
    );
    let (_, list) = program.manage(&["clients", "list"]);
    assert!(
        list.contains("shop  not pinned yet  ada@shop.example"),
        "{list}"
    );
    let (code, text) = program.manage(&[
        "clients",
        "set",
        "shop",
        "--contact",
        "bob@shop.example",
        "--note",
        "",
    ]);
    assert_eq!(code, 0, "{text}");
    let (_, shown) = program.manage(&["clients", "show", "shop"]);
    assert!(!shown.contains("note "), "{shown}");
    assert!(
        shown.contains("contact        bob@shop.example\n"),
        "{shown}"
    );
    for (arguments, code, words) in [
        (&["clients", "set", "shop"][..], 2, ""),
        (
            &["clients", "set", "nobody", "--note", "x"],
            1,
            "no client named nobody",
        ),
        (
            &["clients", "set", "shop", "--note", "a\nb"],
            2,
            "write one line",
        ),
        (
            &["clients", "set", "shop", "--expires", "2020-01-01"],
            2,
            "in the past",
        ),
        (
            &["clients", "set", "shop", "--expires", "soon"],
            2,
            "isn't a date",
        ),
    ] {
        let (found, text) = program.manage(arguments);
        assert_eq!(found, code, "{text}");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_key_expires_when_it_is_said_and_lists_tell_it() {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop", "--expires", "2099-06-30"]);
    let call = || {
        program
            .call("GET", "/client")
            .header("Authorization", &key_of(&key))
    };
    call().send().ok();
    let (_, list) = program.manage(&["clients", "list"]);
    assert!(
        list.contains("shop  v2  expires 2099-06-30T00:00:00Z"),
        "{list}"
    );
    let (_, shown) = program.manage(&["clients", "show", "shop"]);
    assert!(
        shown.contains("never expires") || shown.contains("expires at 2099-06-30"),
        "{shown}"
    );
    // Another key lives longer.
    let (_, second) = program.manage(&["clients", "rotate-key", "shop", "--expires", "40000d"]);
    assert!(second.starts_with("flash_"), "{second}");
    let (_, list) = program.manage(&["clients", "list"]);
    assert!(!list.contains("2099"), "{list}");
    let (_, shown) = program.manage(&["clients", "show", "shop"]);
    assert_eq!(shown.matches("expires at ").count(), 2, "{shown}");
    program.manage(&["clients", "set", "shop", "--expires", "never"]);
    let (_, shown) = program.manage(&["clients", "show", "shop"]);
    assert_eq!(shown.matches("never expires").count(), 2, "{shown}");
}

#[test]
fn a_key_that_is_about_to_expire_is_warned_of_once() {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop", "--expires", "3d"]);
    for _ in 0..3 {
        let call = program.call("GET", "/client");
        call.header("Authorization", &key_of(&key)).send().ok();
    }
    let line = program.line_with("the key that shop uses expires at");
    assert!(
        line.contains("WARN") && line.contains("rotate-key shop"),
        "{line}"
    );
}

#[test]
fn a_client_is_removed_with_everything_about_it_and_its_name_is_free() {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop"]);
    let bearer = key_of(&key);
    let call = program.call("PUT", "/datasets/people").v2().csv("id\n1\n");
    call.send().created();
    let call = program.call("GET", "/datasets/people/rows").v2();
    call.header("Authorization", &bearer).send().ok();
    // What was counted is in the store when the server has ended.
    let program = program.restarted(&[]);
    let (code, text) = program.manage(&["clients", "remove", "shop"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("shop sent 1 request in the last 30 days"),
        "{text}"
    );
    assert!(text.contains("--yes"), "{text}");
    let (code, text) = program.manage(&["clients", "remove", "shop", "--yes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("shop is removed, with 1 key"), "{text}");
    let (code, text) = program.manage(&["clients", "show", "shop"]);
    assert_eq!(code, 1, "{text}");
    let (_, usage) = program.manage(&["versions", "--usage"]);
    assert!(!usage.contains("shop"), "{usage}");
    let (_, readers) = program.manage(&["datasets", "show", "people"]);
    assert!(readers.contains("nobody in the last 30 days"), "{readers}");
    let call = program
        .call("GET", "/client")
        .header("Authorization", &bearer);
    assert_eq!(call.send().status, 401);
    // The name can be given again, to somebody else.
    let (code, other) = program.manage(&["clients", "add", "shop"]);
    assert_eq!(code, 0, "{other}");
    let call = program
        .call("GET", "/client")
        .header("Authorization", &key_of(&other));
    let client = call.send().ok().json();
    assert_eq!(client["versions"].as_array().unwrap().len(), 0, "{client}");
}

#[test]
fn a_client_that_owns_datasets_is_not_removed() {
    let program = Program::serve(&[]);
    let (_, key) = program.manage(&["clients", "add", "shop"]);
    let call = program.call("PUT", "/datasets/people").v2().csv("id\n1\n");
    call.header("Authorization", &key_of(&key)).send().created();
    let (code, text) = program.manage(&["clients", "remove", "shop", "--yes"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("shop owns 1 dataset (people)"), "{text}");
    let call = program.call("DELETE", "/datasets/people").v2();
    call.header("Authorization", &key_of(&key)).send();
    let (code, text) = program.manage(&["clients", "remove", "shop", "--yes"]);
    assert_eq!(code, 0, "{text}");
}
