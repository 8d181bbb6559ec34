//! Opens a database for a command. All functions block the thread.

use super::address::{Address, Migrate};
use super::connection::AnyConnection;
use super::migrations::Steps;
use super::postgres::connecting;
use super::sqlite;
use super::sqlite::lock::Hold;
use crate::store::error::OpenError;

/// Brings the schema of a store up to date.
pub fn migrate(address: &Address) -> Result<Steps, OpenError> {
    match address {
        Address::Sqlite(path) => {
            let held = sqlite::opening::open_held(path, Migrate::Run, |_, steps| Ok(steps));
            held.map(|(_, steps, _)| steps)
        }
        Address::Postgres(server) => connecting::migrate(server),
    }
}

/// Opens an existing store whose schema is up to date, while a server may use it. Only tables that servers don't cache may be written.
pub(crate) fn open_existing(
    address: &Address,
    may_write: bool,
) -> Result<AnyConnection, OpenError> {
    match address {
        Address::Sqlite(path) => sqlite::opening::open_existing(path, may_write),
        Address::Postgres(server) => connecting::open_existing(server),
    }
}

/// Opens the target of a copy, brings its schema up to date, and locks it against other copies and, if it is a file, servers.
pub(crate) fn open_target(address: &Address) -> Result<(AnyConnection, Option<Hold>), OpenError> {
    match address {
        Address::Sqlite(path) => {
            let (connection, (), hold) =
                sqlite::opening::open_held(path, Migrate::Run, |_, _| Ok(()))?;
            Ok((connection, Some(hold)))
        }
        Address::Postgres(server) => Ok((connecting::open_target(server)?, None)),
    }
}
