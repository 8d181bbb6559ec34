//! Why an import, or one file of it, did not come to its end.

use std::io;
use std::path::PathBuf;

use crate::{
    api::RegistryError,
    dataset::{CsvError, DatasetName, NameError},
    services::UploadError,
    store::{OpenError, StoreError},
};

/// Why nothing, or not everything, was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The list of versions is none that can be served.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The operating system refused a thread.
    #[error("the import could not start")]
    Start(#[source] io::Error),
    /// A folder can't be read.
    #[error("can't read {file}", file = file.display())]
    Folder {
        /// The folder.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store failed; what was imported before stays.
    #[error("the store failed at {file}")]
    Store {
        /// The file that was being imported.
        file: String,
        /// What went wrong.
        source: UploadError,
    },
    /// Some files are wrong.
    #[error("{failed} of {all} files were not imported")]
    Files {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
}

/// Why one file was not imported.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Csv(CsvError),
    #[error("there is a dataset named {0} already; write --replace to give it a new revision")]
    Taken(DatasetName),
    #[error("{1} was imported as {0} just now; rename one of the files")]
    Twice(DatasetName, String),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("can't read it: {0}")]
    Read(#[from] io::Error),
    #[error(transparent)]
    Store(UploadError),
}

impl From<UploadError> for FileError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Csv(error) => Self::Csv(error),
            UploadError::Store(StoreError::NameTaken(name)) => Self::Taken(name),
            error => Self::Store(error),
        }
    }
}
