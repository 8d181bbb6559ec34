//! Tests on a real PostgreSQL: the promises that `tests/it` makes on SQLite, once more, and those that only a database beside
//! the server can break.
//!
//! The database is a throwaway one that is started here, or the one that `FLASH_TEST_POSTGRES_URL` names: the address of a
//! database and of a role that may make others. Where there is neither, every test is ignored and says why, and under
//! `CI=true` that is a failure.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    reason = "what a test did not expect is to end it; and a test binary has no outside"
)]

#[allow(dead_code, reason = "tests/it uses the rest")]
#[path = "../it/client.rs"]
mod client;
#[path = "../it/cluster/mod.rs"]
mod cluster;
#[allow(dead_code, reason = "tests/it uses the rest")]
#[path = "../it/database.rs"]
mod database;
#[path = "../it/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "tests/it uses the rest")]
#[path = "../it/process.rs"]
mod process;

mod balancer;
mod behaviour;
mod crashes;
mod deploying;
mod failover;
mod faults;
mod outage;
mod postgres;
mod replicas;
mod rollouts;
mod secrets;
mod servers;
mod tls;
mod writes;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use postgres::{Origin, Postgres};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let origin = Origin::find();
    let (lacking, no_cluster) = (origin.as_ref().err().cloned(), cluster::available().err());
    if let Some(reason) = &lacking
        && env::var("CI").is_ok_and(|ci| ci == "true")
        && !arguments.list
    {
        eprintln!("the tests on PostgreSQL can not run, and CI is to run all: {reason}");
        return ExitCode::from(101);
    }
    let postgres = Arc::new(Postgres::new(origin));
    let behaviour = match behaviour::trials(&postgres) {
        Ok(trials) => trials,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(101);
        }
    };
    let mut trials = unless(lacking.as_deref(), behaviour);
    for own in [
        crashes::trials(),
        deploying::trials(),
        failover::trials(),
        faults::trials(),
        outage::trials(),
        replicas::trials(),
        rollouts::trials(),
        secrets::trials(),
        tls::trials(),
        writes::trials(),
    ] {
        trials.extend(unless(no_cluster.as_deref(), own));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The trials, which are ignored if there is a reason.
fn unless(reason: Option<&str>, trials: Vec<Trial>) -> Vec<Trial> {
    let ignored = |trial: Trial| match reason {
        Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
        None => trial,
    };
    trials.into_iter().map(ignored).collect()
}
