//! Opening a store for a command, and why the command ends before it is done.

use crate::store::backend::{Address, AnyConnection, dialect};
use crate::store::error::{OpenError, StoreError};
use crate::store::opening;

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

/// Opens an existing store to read it beside the process that serves it, for as long as that takes.
pub(super) fn open_to_read(address: &Address) -> Result<AnyConnection, OpenError> {
    let mut connection = opening::open_existing(address, false)?;
    dialect::never_hurry(&mut connection).map_err(|error| address.unusable(error))?;
    Ok(connection)
}
