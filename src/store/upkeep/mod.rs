//! Work on whole stores: checking, copying, exporting and backing up.
//!
//! All of it blocks, takes bounded memory whatever the size of the store, and reads states that were committed. What is
//! read may be served meanwhile; what is written to is held.

mod backup;
mod check;
mod copy;
mod export;
mod rows;
mod verify;

use diesel::connection::SimpleConnection as _;

pub use backup::back_up;
pub use check::{Checked, Problem, check};
pub use copy::{Copied, Step, copy};
pub use export::{Exported, Exporter};

use super::connection::AnyConnection;
use super::{Address, OpenError, StoreError, opening, queries};

/// The secret that stands in a store while it is being copied into.
const COPY_MARKER: &str = "copy";

/// Why work on a whole store ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// A store can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read could not be written.
    #[error("can't write what was read")]
    Output(#[from] std::io::Error),
    /// The target of a copy is in use.
    #[error(
        "{target} holds datasets already, so nothing is copied into it: write a database in --to that holds none"
    )]
    NotEmpty {
        /// The target.
        target: String,
    },
    /// The target of a copy is that of a copy of another store.
    #[error(
        "a copy of another store into {target} is not finished: run that one again, or write another database in --to"
    )]
    OtherCopy {
        /// The target.
        target: String,
    },
    /// What was read back from the target of a copy is not what the source has.
    #[error(
        "{target} is not what the source is ({what}), and stays closed to servers: run `flash check` on the source, put right what it finds, and run the copy again"
    )]
    Differs {
        /// The target.
        target: String,
        /// The first thing that differs.
        what: String,
    },
    /// The dataset, or its revision, is not there.
    #[error("there is no {0}: look with `flash export --directory DIRECTORY` at what there is")]
    NotThere(String),
    /// What was read back is not what was uploaded.
    #[error("the source of {0} is damaged: run `flash check`")]
    Damaged(String),
}

impl From<diesel::result::Error> for UpkeepError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Opens an existing store to read it beside whoever uses it, for as long as that takes.
fn open_to_read(address: &Address) -> Result<AnyConnection, OpenError> {
    let mut connection = opening::open_existing(address)?;
    never_hurry(&mut connection).map_err(|error| unusable(address, &error))?;
    Ok(connection)
}

/// Lets a server wait as long as it takes to write elsewhere what was read from it.
fn never_hurry(connection: &mut AnyConnection) -> diesel::QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(server) => {
            server.batch_execute("SET idle_in_transaction_session_timeout = 0")
        }
    }
}

/// Refuses a store that a copy into is not finished: it would look whole and not be.
pub(super) fn refuse_unfinished(
    connection: &mut AnyConnection,
    address: &Address,
) -> Result<(), OpenError> {
    match queries::find_secret(connection, COPY_MARKER) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(OpenError::CopyUnfinished {
            database: address.to_string(),
        }),
        Err(error) => Err(unusable(address, &error)),
    }
}

fn unusable(address: &Address, error: &diesel::result::Error) -> OpenError {
    let reason = error.to_string();
    match address {
        Address::Sqlite(path) => OpenError::NotADatabase {
            path: path.clone(),
            reason,
        },
        Address::Postgres(server) => OpenError::Refused {
            database: server.shown.clone(),
            reason,
        },
    }
}
