//! A server and its database that are killed again and again, by turns or together, while many write.

use std::path::Path;

use rustix::process::Signal;

use crate::cluster::{Cluster, Options};
use crate::ledger::{Drill, Ledger};
use crate::process::{Program, flash};
use crate::servers::wait_until_ready;
use crate::trials;

trials![kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_done];

const WRITERS: usize = 4;

fn kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_done() {
    let drill = Drill::from_environment();
    let mut random = drill.random();
    let ledger = Ledger::default();
    let mut cluster = Cluster::start(Options::default());
    cluster.create_database("flash");
    let url = cluster.url("flash");
    let mut program = Program::serve(&["--database", &url, "--store-timeout", "2s"]);
    for round in 0..drill.kills {
        wait_until_ready(&program);
        let (server, database) = [(true, false), (false, true), (true, true)][round as usize % 3];
        let servers = [format!("http://{}", program.address)];
        ledger.while_writing(WRITERS, &mut random, &servers, |random| {
            ledger.wait_for(1 + random.below(60));
            if database {
                cluster.kill();
            }
            if server {
                program.signal(Signal::KILL);
            }
            if database {
                cluster.start_again();
            }
            if !server {
                ledger.wait_for(1 + random.below(10));
            }
        });
        let checked = flash(Path::new("."), &["check", "--database", &url]);
        assert!(checked.status.success(), "{checked:?}");
        if server {
            program = program.kill_and_restart();
        }
        wait_until_ready(&program);
        ledger.audit(&format!("http://{}", program.address));
    }
}
