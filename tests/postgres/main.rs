//! Tests on a real PostgreSQL: the promises that `tests/it` makes on SQLite, once more, and those that only a database beside
//! the server can break.
//!
//! The database is a throwaway one that is started here, or the one that `FLASH_TEST_POSTGRES_URL` names: the address of a
//! database and of a role that may make others. Where there is neither, every test is ignored and says why, and under
//! `CI=true` that is a failure. So it is where the pooler is lacking, PgBouncer.

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
mod day;
mod deploying;
mod failover;
mod faults;
mod outage;
mod postgres;
mod replicas;
mod rollouts;
mod secrets;
mod servers;
mod statements;
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
    let no_pooler = match &origin {
        Ok(origin) => origin.refuses_pooler(),
        Err(reason) => Some(reason.clone()),
    };
    // Before a server that was named, there is no pooler to install.
    let to_install = no_pooler
        .as_ref()
        .filter(|_| matches!(origin, Ok(Origin::Own)));
    if let Some(reason) = lacking.as_ref().or(to_install)
        && env::var("CI").is_ok_and(|ci| ci == "true")
        && !arguments.list
    {
        eprintln!("the tests on PostgreSQL can not run, and CI is to run all: {reason}");
        return ExitCode::from(101);
    }
    let postgres = Arc::new(Postgres::new(origin));
    let (behaviour, pooled) = match behaviour::trials(&postgres) {
        Ok(trials) => trials,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(101);
        }
    };
    let mut trials = unless(lacking.as_deref(), behaviour);
    trials.extend(unless(no_pooler.as_deref(), pooled));
    for own in [
        crashes::trials(),
        day::trials(),
        deploying::trials(),
        failover::trials(),
        faults::trials(),
        outage::trials(),
        replicas::trials(),
        rollouts::trials(),
        secrets::trials(),
        statements::trials(),
        tls::trials(),
        writes::trials(),
    ] {
        trials.extend(unless(no_cluster.as_deref(), own));
    }
    let exit = libtest_mimic::run(&arguments, trials).exit_code();
    let unnamed = servers::used_cluster().and_then(statements::unnamed);
    if let Some(unnamed) = unnamed.filter(|unnamed| !unnamed.is_empty()) {
        eprintln!("statements on the data of datasets that name none:");
        for statement in unnamed {
            eprintln!("  {statement}");
        }
        return ExitCode::from(101);
    }
    exit
}

/// The trials, which are ignored if there is a reason.
fn unless(reason: Option<&str>, trials: Vec<Trial>) -> Vec<Trial> {
    let ignored = |trial: Trial| match reason {
        Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
        None => trial,
    };
    trials.into_iter().map(ignored).collect()
}
