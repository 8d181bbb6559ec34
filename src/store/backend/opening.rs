//! Opening a database for a command, by its address. All of it blocks.

use super::address::{Address, Migrate};
use super::connection::AnyConnection;
use super::migrations::Steps;
use super::postgres::connecting;
use super::sqlite;
use super::sqlite::lock::Hold;
use crate::store::error::OpenError;

/// Brings the schema of a store up to date, and does nothing else.
pub fn migrate(address: &Address) -> Result<Steps, OpenError> {
    match address {
        Address::Sqlite(path) => {
            sqlite::opening::open_held(path, Migrate::Run).map(|(_, steps, _)| steps)
        }
        Address::Postgres(server) => connecting::migrate(server),
    }
}

/// Opens a store that exists and whose schema is up to date, beside the process that serves it. It may write where that process
/// sees what was written.
pub(crate) fn open_existing(
    address: &Address,
    may_write: bool,
) -> Result<AnyConnection, OpenError> {
    match address {
        Address::Sqlite(path) => sqlite::opening::open_existing(path, may_write),
        Address::Postgres(server) => connecting::open_existing(server),
    }
}

/// Opens a store to be copied into, brings its schema up to date, and holds it against other copies and, if it is a file,
/// servers.
pub(crate) fn open_target(address: &Address) -> Result<(AnyConnection, Option<Hold>), OpenError> {
    match address {
        Address::Sqlite(path) => {
            let (connection, _, hold) = sqlite::opening::open_held(path, Migrate::Run)?;
            Ok((connection, Some(hold)))
        }
        Address::Postgres(server) => Ok((connecting::open_target(server)?, None)),
    }
}
