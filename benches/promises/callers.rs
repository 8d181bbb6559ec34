//! A page for a client with a key, counted, against the same page without a key where nothing is counted.

use std::process::Command;

use super::load::Load;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{SPELL, SPELLS, in_turn};
use super::{Ground, V2, flights, pages};

/// What is measured.
pub fn measure(_: &Ground) -> Vec<Row> {
    let (store, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let counted = Program::start(store.path(), &[]);
    let uncounted = Program::start(other.path(), &["--count-usage", "off"]);
    let output = Command::new(env!("CARGO_BIN_EXE_flash"))
        .args(["clients", "add", "load"])
        .current_dir(store.path())
        .output()
        .expect("a client is registered");
    let key = String::from_utf8(output.stdout).expect("a key");
    let csv = flights::small(20_000);
    for program in [&counted, &uncounted] {
        program.put("/datasets/small", csv.as_bytes());
    }
    let path = "/datasets/small/rows?limit=100";
    let [ours, theirs] = in_turn(
        SPELLS,
        [
            &mut |_| Load::gets_as(counted.address, path, V2, key.trim()).run(64, SPELL),
            &mut |_| pages::rate(&uncounted, path),
        ],
    );
    vec![
        Row::of(
            "page for a client with a key, counted and negotiated",
            ours,
            Unit::PerSecond,
        )
        .against("without a key, nothing counted", theirs)
        .at_least(0.95),
    ]
}
