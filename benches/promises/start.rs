//! From the start of the process to its first 200, on a database that exists; and what it takes while nobody asks.

use super::Ground;
use super::program::Program;
use super::table::{Row, Unit};
use super::turns::{RUNS, in_turn, timed};

/// What is measured.
pub fn measure(_: &Ground) -> Vec<Row> {
    let store = tempfile::tempdir().expect("a folder");
    drop(Program::start(store.path(), &[]));
    let mut idle = 0.0;
    let [first] = in_turn(
        RUNS,
        [&mut |_| {
            let (took, program) = timed(|| {
                let program = Program::start(store.path(), &[]);
                program.get("/datasets");
                program
            });
            idle = program.memory("VmRSS");
            took
        }],
    );
    vec![
        Row::of(
            "start to first 200, database exists",
            first,
            Unit::Milliseconds,
        )
        .under(30.0),
        Row::of("idle memory", idle, Unit::Mebibytes).under(16.0),
    ]
}
