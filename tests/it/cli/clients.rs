//! `flash clients …`, beside a running server.

use crate::process::{Program, flash};

fn run(program: &Program, arguments: &[&str]) -> (i32, String) {
    program.run(&[&["clients"], arguments].concat())
}

#[test]
fn a_client_is_registered_beside_a_running_server_and_may_call_at_once() {
    let program = Program::serve(&[]);
    let (code, key) = run(&program, &["add", "shop"]);
    let key = key.trim();
    assert_eq!(code, 0);
    assert!(
        key.starts_with("flash_") && !key.contains(char::is_whitespace),
        "{key}"
    );
    let call = program.call("GET", "/client");
    let client = call
        .header("Authorization", &format!("Bearer {key}"))
        .send()
        .ok();
    assert_eq!(client.json()["name"], "shop");
    let (_, list) = run(&program, &["list"]);
    assert_eq!(list.trim(), "shop  v2");
    let (_, shown) = run(&program, &["show", "shop"]);
    assert!(shown.contains("v2 by first-contact"), "{shown}");
    assert!(!list.contains(key) && !shown.contains(key));
    let (code, _) = run(&program, &["pin", "shop", "v1"]);
    assert_eq!(code, 0);
    let (_, shown) = run(&program, &["show", "shop"]);
    assert!(shown.contains("v2 -> v1 by operator"), "{shown}");
    let (_, rotated) = run(&program, &["rotate-key", "shop"]);
    assert!(rotated.starts_with("flash_") && rotated.trim() != key);
    assert!(
        run(&program, &["show", "shop"])
            .1
            .contains("keys           2")
    );
    run(&program, &["rotate-key", "shop", "--finish"]);
    assert!(
        run(&program, &["show", "shop"])
            .1
            .contains("keys           1")
    );
    run(&program, &["extend", "shop", "v1=2099-01-01"]);
    let (_, shown) = run(&program, &["show", "shop"]);
    assert!(shown.contains("v1 until 2099-01-01T00:00:00Z"), "{shown}");
    run(&program, &["extend", "shop", "v1=none"]);
    let (_, shown) = run(&program, &["show", "shop"]);
    assert!(!shown.contains("until"), "{shown}");
    run(&program, &["disable", "shop"]);
    assert!(run(&program, &["list"]).1.contains("disabled"));
    run(&program, &["enable", "shop"]);
    assert!(!run(&program, &["list"]).1.contains("disabled"));
}

#[test]
fn what_is_wrong_with_a_client_is_said_in_one_line() {
    let program = Program::serve(&[]);
    run(&program, &["add", "shop"]);
    for (arguments, code, words) in [
        (&["add", "shop"][..], 1, "a client named shop already"),
        (&["add", "Shop"], 2, "\"Shop\" isn't a valid name"),
        (
            &["show", "nobody"],
            1,
            "no client named nobody; `flash clients list`",
        ),
        (
            &["show", "shp"],
            1,
            "no client named shp; did you mean shop?",
        ),
        (&["disable", "nobody"], 1, "no client named nobody"),
        (
            &["pin", "shop", "v9"],
            2,
            "no version v9: the versions are v2 and v1",
        ),
        (&["extend", "shop", "v9=2099-01-01"], 2, "no version v9"),
        (&["extend", "shop", "v1"], 2, "VERSION=DATE"),
        (&["extend", "shop", "v1=soon"], 2, "isn't a date"),
        (&["extend", "shop", "v1=2020-01-01"], 2, "in the past"),
        (
            &["extend", "nobody", "v1=2099-01-01"],
            1,
            "no client named nobody",
        ),
        (
            &["list", "--database", "sqlite:missing.db"],
            1,
            "there is no database missing.db",
        ),
    ] {
        let (found, line) = run(&program, arguments);
        assert!(line.contains(words), "{line}");
        assert_eq!(found, code, "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    let missing = flash(
        &program.folder(),
        &["clients", "--database", "sqlite:missing.db", "list"],
    );
    let line = String::from_utf8(missing.stderr).unwrap();
    assert!(line.contains("there is no database missing.db"), "{line}");
    assert_eq!(missing.status.code(), Some(1));
}
