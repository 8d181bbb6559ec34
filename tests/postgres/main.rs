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
#[allow(dead_code, reason = "tests/it uses the rest")]
#[path = "../it/process.rs"]
mod process;

mod behaviour;
mod postgres;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use postgres::{Origin, Postgres};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let origin = Origin::find();
    let lacking = origin.as_ref().err().cloned();
    if let Some(reason) = &lacking
        && env::var("CI").is_ok_and(|ci| ci == "true")
        && !arguments.list
    {
        eprintln!("the tests on PostgreSQL can not run, and CI is to run all: {reason}");
        return ExitCode::from(101);
    }
    let postgres = Arc::new(Postgres::new(origin));
    let mut trials = match behaviour::trials(&postgres) {
        Ok(trials) => trials,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(101);
        }
    };
    if let Some(reason) = lacking {
        trials = trials
            .into_iter()
            .map(|trial| trial.with_kind(&reason).with_ignored_flag(true))
            .collect();
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
