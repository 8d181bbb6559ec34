//! Small CSVs, each durable when it is answered, against the same server with a transaction for each.

use super::load::Load;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{SPELL, SPELLS, in_turn};
use super::{Ground, flights};

/// What is measured.
pub fn measure(_: &Ground) -> Vec<Row> {
    let csv = flights::small(1000);
    let rate = |arguments: &[&str]| {
        let store = tempfile::tempdir().expect("a folder");
        let program = Program::start(store.path(), arguments);
        Load::creates(program.address, "d", &csv).run(32, SPELL)
    };
    let [ours, theirs] = in_turn(
        SPELLS,
        [&mut |_| rate(&[]), &mut |_| rate(&["--commit-batch", "1"])],
    );
    vec![
        Row::of(
            "1 KB creates, 32 connections, each durable",
            ours,
            Unit::PerSecond,
        )
        .against("a transaction each", theirs)
        .at_least(3.0),
    ]
}
