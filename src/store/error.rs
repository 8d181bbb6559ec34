//! Why the store refuses or fails.

use std::path::PathBuf;

use diesel::result::Error as DieselError;

use super::backend::sqlite::errors::is_full;
use super::nearest::instead;
pub use super::open_error::{OpenError, OpenErrorOf};
use super::schema_refusal::SchemaRefusal;
use crate::dataset::{CorruptBlock, DatasetName};

/// Why an operation of the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A dataset of that name exists already.
    #[error("the name {0} is taken")]
    NameTaken(DatasetName),
    /// No dataset has that name.
    #[error("there is no dataset named {0}")]
    NotFound(DatasetName),
    /// The dataset belongs to another client.
    #[error("the dataset {0} belongs to another client")]
    NotOwner(DatasetName),
    /// No client has that name.
    #[error("there is no client named {name}{}", instead(near.as_deref(), "flash clients list"))]
    NoSuchClient {
        /// The name.
        name: String,
        /// The name of the client that was probably meant.
        near: Option<String>,
    },
    /// A client of that name exists already.
    #[error("there is a client named {0} already")]
    ClientExists(String),
    /// The client has as many keys as it may have.
    #[error(
        "{0} has as many keys as a client may have: take the older ones away with `flash clients rotate-key {0} --finish`"
    )]
    TooManyKeys(String),
    /// A precondition of the write failed.
    #[error("the dataset {0} has changed")]
    ConditionFailed(DatasetName),
    /// The write changes the schema of its dataset more than it may.
    #[error("{0}")]
    SchemaChange(Box<SchemaRefusal>),
    /// The dataset was replaced while the appended rows were received, and they don't fit the new one.
    #[error("the dataset {0} was replaced by another one while the rows came")]
    Replaced(DatasetName),
    /// The request took so long that another request got its idempotency key.
    #[error("the request's key was given to another request")]
    KeyLost,
    /// Parts of the upload are gone: the database was restarted, or the upload was abandoned after a long silence.
    #[error("parts of the upload are no longer there")]
    UploadLost,
    /// The name belongs to another dataset than when the upload began, so its blocks have to be moved first.
    #[error("the name belongs to another dataset than when the upload began")]
    Elsewhere {
        /// The index of the revision, among those to be committed.
        at: usize,
        /// The number of the dataset that has the name, or will have it.
        dataset: i64,
    },
    /// An append needs the state of the dataset's newest revision before its transaction.
    #[error("the commit is not prepared")]
    Unprepared,
    /// The client's key was revoked after the request began.
    #[error("the client's key was taken back")]
    KeyRevoked,
    /// The transaction collided with another one.
    #[error("another transaction was in the way")]
    Again,
    /// The database server doesn't answer.
    #[error("the database is away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operator has turned writes off.
    #[error("writes are off: `flash writes on` turns them on")]
    WritesOff,
    /// The database server accepts no writes at the moment: its disk may be full, or it is a standby.
    #[error("the database is read-only at the moment")]
    ReadOnly(#[source] DieselError),
    /// The database server did not answer in time.
    #[error("the database did not answer in time")]
    Slow,
    /// No connection and no place in the writer's queue became free in time.
    #[error("the store is busy: {0} did not become free in time")]
    Busy(&'static str),
    /// Another request reads the same value, and took too long.
    #[error("another request is reading the same, and did not end in time")]
    Waited,
    /// The disk, or the database's quota on it, is full.
    #[error("the disk that holds the database is full")]
    Full(#[source] DieselError),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// This process can't write any more.
    #[error("nothing can be written until the server is restarted: {0}")]
    WriterStopped(&'static str),
    /// A file of the store was removed or replaced while it was open.
    #[error("{} was removed or replaced while it was open, so nothing can be read or written until the server is restarted", .0.display())]
    FileGone(PathBuf),
    /// A block is damaged.
    #[error("the block at byte {first_byte} of segment {segment} of dataset {dataset} is damaged")]
    Corrupt {
        /// The dataset's number.
        dataset: i64,
        /// The segment's number.
        segment: i64,
        /// Offset of the block in the segment's text, or of the source block in its source.
        first_byte: i64,
        /// What is wrong with it.
        #[source]
        source: CorruptBlock,
    },
    /// No block has a row that the revision has.
    #[error("row {row} of segment {segment} of dataset {dataset} is in no block")]
    Missing {
        /// The dataset's number.
        dataset: i64,
        /// The segment's number.
        segment: i64,
        /// The row's number.
        row: u64,
    },
    /// A stored value can't be decoded.
    #[error("a stored {what} can't be read")]
    Unreadable {
        /// The name of the value.
        what: &'static str,
        /// The decoder's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database refused a statement.
    #[error("the database failed")]
    Database(#[source] DieselError),
    /// Work of the store panicked. It wrote nothing.
    #[error("the store's work panicked, and was rolled back")]
    Panicked,
    /// A thread of the store ended before it answered.
    #[error("a worker of the store ended before it answered")]
    Worker,
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        if is_full(&error) {
            Self::Full(error)
        } else {
            Self::Database(error)
        }
    }
}
