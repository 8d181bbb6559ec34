//! A day under load on PostgreSQL: three servers behind a balancer, which are replaced one by one, and a database that is killed.

#[path = "../it/day/run.rs"]
mod run;

use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::balancer::{self, Balancer};
use crate::cluster::{Cluster, Options};
use crate::database::Place;
use crate::process::{Program, flash};
use crate::servers::wait_until_ready;
use crate::trials;
use run::{SETTINGS, Stage};

trials![a_day_under_load_loses_nothing_and_nothing_grows];

const REPLICAS: usize = 3;
/// For how long a server that ends is still sent new connections.
const LAG: Duration = Duration::from_millis(700);

struct Beside {
    cluster: Cluster,
    balancer: Balancer,
    replicas: Vec<Program>,
}

impl Beside {
    fn add(&mut self) {
        let url = self.cluster.url("postgres");
        let settings = [&["--database", &url], &SETTINGS[..]].concat();
        let replica = Program::spawn(&Program::command(), Place::in_folder(), &settings);
        wait_until_ready(&replica);
        self.balancer.add(replica.address);
        self.replicas.push(replica);
    }

    fn remove(&mut self) {
        let mut replica = self.replicas.remove(0);
        replica.signal(Signal::TERM);
        thread::sleep(LAG);
        self.balancer.remove(replica.address);
        assert!(replica.wait().success());
    }
}

impl Stage for Beside {
    fn servers(&self) -> Vec<&Program> {
        self.replicas.iter().collect()
    }

    fn balancer(&self) -> &Balancer {
        &self.balancer
    }

    fn roll_out(&mut self) {
        for _ in 0..REPLICAS {
            self.add();
            self.remove();
        }
    }

    fn fails_during_rollouts(&self) -> bool {
        false
    }

    fn restart_database(&mut self) {
        self.cluster.kill();
        self.cluster.start_again();
        for replica in &self.replicas {
            wait_until_ready(replica);
        }
    }

    fn bytes(&self) -> u64 {
        let bytes = "SELECT pg_database_size('postgres')";
        self.cluster.psql("postgres", bytes).parse().unwrap()
    }

    fn check(mut self) {
        for replica in &mut self.replicas {
            replica.signal(Signal::TERM);
            assert!(replica.wait().success());
        }
        let url = self.cluster.url("postgres");
        let checked = flash(Path::new("."), &["check", "--database", &url]);
        assert!(checked.status.success(), "{checked:?}");
    }
}

fn a_day_under_load_loses_nothing_and_nothing_grows() {
    let mut stage = Beside {
        // Its death must lose nothing, so it waits for the disk.
        cluster: Cluster::start(Options::default()),
        balancer: Balancer::start(),
        replicas: Vec::new(),
    };
    for _ in 0..REPLICAS {
        stage.add();
    }
    run::run(stage);
}
