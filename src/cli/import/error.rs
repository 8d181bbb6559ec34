//! Why an import, or one of its files, failed.

use std::io;

use super::super::files::{NamingError, UnreadableFolder};
use crate::{
    api::RegistryError,
    dataset::{BadCombination, CsvError, DatasetName},
    services::UploadError,
    store::{OpenError, StoreError},
};

/// Why an import failed, as a whole or in part.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The list of versions is not valid.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The operating system refused to start a thread.
    #[error("the import could not start")]
    Start(#[source] io::Error),
    /// A folder can't be read.
    #[error(transparent)]
    Folder(#[from] UnreadableFolder),
    /// The store failed. Files that were imported before stay.
    #[error("the store failed at {file}")]
    Store {
        /// The file that was being imported.
        file: String,
        /// What went wrong.
        source: UploadError,
    },
    /// Some files are wrong.
    #[error("could not import {failed} of {}", super::super::counted(*all, "file"))]
    Files {
        /// The number of files that failed.
        failed: usize,
        /// The number of all files.
        all: usize,
    },
}

/// Why one file was not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Csv(CsvError),
    #[error(transparent)]
    Combination(BadCombination),
    #[error("a dataset named {0} exists already; add --replace to give it a new revision")]
    Taken(DatasetName),
    #[error(transparent)]
    Name(#[from] NamingError),
    #[error("can't read the file: {0}")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Store(UploadError),
}

impl From<UploadError> for FileError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Csv(error) => Self::Csv(error),
            UploadError::Combination(combination) => Self::Combination(combination),
            UploadError::Store(StoreError::NameTaken(name)) => Self::Taken(name),
            error => Self::Store(error),
        }
    }
}
