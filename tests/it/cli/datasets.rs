//! `flash datasets …`, beside a running server.

use super::stores::put;
use crate::process::Program;

#[test]
fn a_dataset_is_shown_with_its_schema_and_its_readers() {
    let program = Program::serve(&[]);
    let (_, key) = program.run(&["clients", "add", "shop"]);
    let bearer = format!("Bearer {}", key.trim());
    put(&program, "people", "text/csv", "id,name\n1,\n");
    put(
        &program,
        "people",
        "text/csv",
        "id,name,born\n1,,1815-12-10\n",
    );
    let rows = "/datasets/people/rows?select=name&born=gt.1800-01-01";
    let call = program.call("GET", rows).v2();
    call.header("Authorization", &bearer).send().ok();
    let call = program.call("GET", "/datasets/people");
    call.header("User-Agent", "curl/8.5.0").send().ok();
    // What was counted is in the store when the server has ended.
    let program = program.restarted(&[]);
    let (code, text) = program.run(&["datasets", "show", "people"]);
    assert_eq!(code, 0, "{text}");
    for line in [
        "name      people",
        "revision  2",
        "schema    1.1",
        "rows      1",
        "column    id integer",
        "column    name string, with nulls",
        "column    born date",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}: {text}");
    }
    assert!(text.contains("reader    shop, 1 request, last "), "{text}");
    assert!(text.contains(", names born, name\n"), "{text}");
    assert!(
        text.contains("reader    anonymous (curl), 1 request"),
        "{text}"
    );
}

#[test]
fn a_dataset_without_readers_or_that_is_not_there_says_so() {
    let program = Program::serve(&[]);
    put(&program, "people", "text/csv", "id\n1\n");
    let (_, text) = program.run(&["datasets", "show", "people"]);
    assert!(
        text.contains("reader    nobody in the last 30 days"),
        "{text}"
    );
    let (code, text) = program.run(&["datasets", "show", "other"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("dataset named other; `flash list`"), "{text}");
    for arguments in [&["datasets", "show", "peple"][..], &["export", "peple"]] {
        let (code, text) = program.run(arguments);
        assert_eq!(code, 1, "{text}");
        assert!(
            text.contains("dataset named peple; did you mean people?"),
            "{text}"
        );
    }
    let (code, text) = program.run(&["export", "people", "--revision", "7"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("people has no revision 7 (any more); the newest is 1"),
        "{text}"
    );
}
