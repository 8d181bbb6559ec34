//! A server on SQLite that is killed again and again while many write. On PostgreSQL `tests/postgres` does the same, and more.

use rustix::process::Signal;

use crate::ledger::{Drill, Ledger};
use crate::process::{Program, flash};

const WRITERS: usize = 4;

#[test]
fn kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_done() {
    let drill = Drill::from_environment();
    let mut random = drill.random();
    let ledger = Ledger::default();
    let mut program = Program::serve(&[]);
    for _ in 0..drill.kills {
        let servers = [format!("http://{}", program.address)];
        ledger.while_writing(WRITERS, &mut random, &servers, |random| {
            ledger.wait_for(1 + random.below(60));
            program.signal(Signal::KILL);
        });
        program.wait();
        let arguments = ["check", "--database", "sqlite:flash.db"];
        let checked = flash(&program.folder(), &arguments);
        assert!(checked.status.success(), "{checked:?}");
        program = program.kill_and_restart();
        ledger.audit(&format!("http://{}", program.address));
    }
}
