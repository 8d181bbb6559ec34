//! `flash list` lists the datasets of a store.

use super::stores::{filled, well};
use crate::process::{Program, flash};

#[test]
fn the_datasets_of_a_store_are_listed_beside_a_server() {
    let program = filled();
    let said = well(flash(&program.folder(), &["list"]));
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        ["ROWS", "COLUMNS", "BYTES", "REVISION", "UPDATED", "NAME"]
    );
    let names: Vec<&str> = lines[1..].iter().map(|line| line[5]).collect();
    assert_eq!(
        names,
        [
            "apart",
            "header",
            "large",
            "latin",
            "open-line",
            "replaced",
            "tabs"
        ]
    );
    let replaced = program
        .call("GET", "/datasets/replaced")
        .v2()
        .send()
        .ok()
        .json();
    let updated = replaced["updated_at"].as_str().unwrap();
    assert_eq!(lines[6][..4], ["2", "2", "22", "2"]);
    assert_eq!(lines[6][4], format!("{}Z", &updated[..19]));
}

#[test]
fn an_empty_store_is_told() {
    let program = Program::serve(&[]);
    let said = well(flash(&program.folder(), &["list"]));
    assert_eq!(said, "the store has no datasets\n");
}

#[test]
fn more_datasets_than_are_read_at_once_are_all_listed() {
    let program = Program::serve(&[]);
    let list: Vec<_> = (0..300)
        .map(|number| serde_json::json!({"name": format!("d{number}"), "csv": "a\n1\n"}))
        .collect();
    program
        .call("POST", "/datasets")
        .v2()
        .json(&list.into())
        .send()
        .created();
    let said = well(flash(&program.folder(), &["list"]));
    assert_eq!(said.lines().count(), 301);
    assert_eq!(said.matches("NAME").count(), 1);
}
