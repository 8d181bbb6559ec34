//! Why a push, or one of its files, failed.

use std::io;

use super::super::files::{NamingError, UnreadableFolder};
use crate::dataset::{DatasetName, NameError};

/// Why a push failed, as a whole or in part.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The operating system refused to start a thread.
    #[error("the push could not start")]
    Start(#[source] io::Error),
    /// A folder can't be read.
    #[error(transparent)]
    Folder(#[from] UnreadableFolder),
    /// The server could not be reached, or stayed busy. Files that were sent before stay.
    #[error("gave up on {file} after {}: {reason}", super::super::counted(*attempts, "attempt"))]
    GaveUp {
        /// The file that was being sent.
        file: String,
        /// How often it was sent.
        attempts: u32,
        /// What went wrong at last.
        reason: String,
    },
    /// Some files were not stored.
    #[error("could not push {failed} of {}", super::super::counted(*all, "file"))]
    Files {
        /// The number of files that failed.
        failed: usize,
        /// The number of all files.
        all: usize,
    },
}

/// Why one file was not stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Naming(#[from] NamingError),
    #[error("can't read the file: {0}")]
    Read(io::Error),
    #[error(
        "a dataset named {0} exists already; add --replace to give it a new revision, or --append to add the rows to it"
    )]
    Taken(DatasetName),
    #[error("{0}")]
    Refused(String),
    #[error("gave up after {attempts} attempts: {reason}")]
    GaveUp { attempts: u32, reason: String },
}
