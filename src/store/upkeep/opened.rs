//! Opens a store for a command, and defines the errors of commands.

use crate::dataset::DatasetName;
use crate::store::backend::{Address, AnyConnection};
use crate::store::error::{OpenError, OpenErrorOf, StoreError};
use crate::store::nearest::instead;
use crate::store::opening;

/// Why a command on a whole store failed.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// A store can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A store of a copy can't be opened.
    #[error(transparent)]
    OpenOf(#[from] OpenErrorOf),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output can't be written.
    #[error("can't write the output")]
    Output(#[from] std::io::Error),
    /// The target of a copy has datasets.
    #[error(
        "{target} has datasets already, so nothing is copied into it: write an empty database in --to"
    )]
    NotEmpty {
        /// The target.
        target: String,
    },
    /// The target of a copy has an unfinished copy of another store.
    #[error(
        "a copy of another store into {target} is not finished: run that one again, or write another database in --to"
    )]
    OtherCopy {
        /// The target.
        target: String,
    },
    /// The copy differs from its source.
    #[error(
        "{target} differs from the source ({what}), and stays closed to servers: run `flash check` on the source, correct what it finds, and run the copy again"
    )]
    Differs {
        /// The target.
        target: String,
        /// The first thing that differs.
        what: String,
    },
    /// The dataset is not there.
    #[error("there is no dataset named {name}{}", instead(near.as_ref().map(DatasetName::as_str), "flash list"))]
    NoDataset {
        /// The name.
        name: DatasetName,
        /// The name of the dataset that was probably meant.
        near: Option<DatasetName>,
    },
    /// The dataset has no revision of that number.
    #[error("{name} has no revision {number} (any more); the newest is {newest}")]
    NoRevision {
        /// The name of the dataset.
        name: DatasetName,
        /// The number.
        number: i64,
        /// The number of the newest revision.
        newest: i64,
    },
    /// What was read back is not what was uploaded.
    #[error("the source of {0} is damaged: run `flash check`")]
    Damaged(String),
}

impl From<diesel::result::Error> for UpkeepError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Opens an existing store to read it while a server may use it.
pub(super) fn open_to_read(address: &Address) -> Result<AnyConnection, OpenError> {
    opening::open_existing(address, false)
}
