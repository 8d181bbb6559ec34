//! A day under load on SQLite: one server, which is restarted. On PostgreSQL `tests/postgres/day.rs` has several.

#[path = "../postgres/balancer.rs"]
mod balancer;
mod run;

use rustix::process::Signal;

use crate::process::{Program, flash};
use balancer::Balancer;
use run::{SETTINGS, Stage};

/// A server on a file, which stays when the server is replaced.
struct OnFile {
    balancer: Balancer,
    /// `None` only while one is replaced by another.
    server: Option<Program>,
}

impl Stage for OnFile {
    fn servers(&self) -> Vec<&Program> {
        self.server.iter().collect()
    }

    fn balancer(&self) -> &Balancer {
        &self.balancer
    }

    fn roll_out(&mut self) {
        let old = self.server.take().unwrap();
        let before = old.address;
        let new = old.restarted(&SETTINGS);
        self.balancer.add(new.address);
        self.balancer.remove(before);
        self.server = Some(new);
    }

    /// Only one server may have the file, so the old one ends first.
    fn fails_during_rollouts(&self) -> bool {
        true
    }

    /// The file has no process but the server.
    fn restart_database(&mut self) {
        let old = self.server.take().unwrap();
        let before = old.address;
        let new = old.kill_and_restart();
        self.balancer.add(new.address);
        self.balancer.remove(before);
        self.server = Some(new);
    }

    fn bytes(&self) -> u64 {
        let folder = self.server.as_ref().unwrap().folder();
        let size = |name: &str| folder.join(name).metadata().map_or(0, |file| file.len());
        size("flash.db") + size("flash.db-wal")
    }

    fn check(mut self) {
        let mut server = self.server.take().unwrap();
        server.signal(Signal::TERM);
        assert!(server.wait().success());
        let checked = flash(
            &server.folder(),
            &["check", "--database", "sqlite:flash.db"],
        );
        assert!(checked.status.success(), "{checked:?}");
    }
}

#[test]
fn a_day_under_load_loses_nothing_and_nothing_grows() {
    let server = Program::serve(&SETTINGS);
    let balancer = Balancer::start();
    balancer.add(server.address);
    run::run(OnFile {
        balancer,
        server: Some(server),
    });
}
