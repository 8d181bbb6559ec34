//! `flash writes …`: turns writes off and on for all servers of a store, while they run.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::Failure;
use crate::{services, settings::DatabaseSettings, store::AdminStore};

/// The arguments of `flash writes`.
#[derive(Debug, Args)]
pub(super) struct Writes {
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Command {
    /// Refuse writes with 503 on all servers. When the command ends, every acknowledged write is in the store, and no further one is
    /// acknowledged
    Off,
    /// Accept writes again. Servers notice within a second
    On,
    /// Tell whether writes are on
    Status,
}

/// Runs one of the commands.
pub(super) fn run(writes: &Writes) -> Result<(), Failure> {
    let database = writes.database.resolve()?;
    let mut admin = AdminStore::open(&services::address(&database))?;
    match writes.command {
        Command::Off => {
            if !admin.turn_writes_off(Timestamp::now())? {
                return Err(Failure::StillWriting);
            }
            super::say("writes are off; reads go on. `flash writes on` turns writes on again");
        }
        Command::On => {
            admin.turn_writes_on()?;
            super::say("writes are on");
        }
        Command::Status => super::say(&match admin.writes_off_since()? {
            Some(since) => format!("writes are off since {since}"),
            None => "writes are on".to_owned(),
        }),
    }
    Ok(())
}
