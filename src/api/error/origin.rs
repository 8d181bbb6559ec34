//! Where errors come from: the body of a request, the store, and the services.

use super::Error;
use crate::api::body::{BodyTimedOut, cause};
use crate::api::reply::StreamError;
use crate::dataset::DatasetName;
use crate::services::UploadError;
use crate::services::memory::Exhausted;
use crate::services::parquet::error::ParquetError;
use crate::services::search::SearchError;
use crate::store::StoreError;

impl Error {
    /// The error of a body that can't be read: it is too slow, incomplete or invalid.
    pub fn from_body(error: impl Into<StreamError>) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput};

        let error = error.into();
        if let Some(timed_out) = BodyTimedOut::find(&*error) {
            return Self::BodyTimedOut(*timed_out);
        }
        match cause::<std::io::Error>(&*error) {
            Some(broken) if [InvalidData, InvalidInput].contains(&broken.kind()) => {
                Self::BadChunks(broken.to_string())
            }
            _ => Self::BodyCut(error),
        }
    }

    /// The error of an upload. `name` is its dataset, if the request has several.
    pub fn from_upload(error: UploadError, name: Option<&DatasetName>) -> Self {
        match error {
            UploadError::Csv(source) => Self::Csv {
                name: name.cloned(),
                source,
            },
            UploadError::Combination(combination) => Self::BadCombination(combination),
            UploadError::Store(error) => error.into(),
            UploadError::Busy => Self::Busy(
                "it is receiving as many uploads as --max-uploads allows, and none ended within --queue-timeout",
            ),
            UploadError::Exhausted(exhausted) => exhausted.into(),
            UploadError::Worker => Self::Worker,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken(name) => Self::NameTaken(name),
            StoreError::NotFound(name) => Self::NoSuchDataset(name.to_string()),
            StoreError::NotOwner(name) => Self::NotOwner(name),
            StoreError::ConditionFailed(_) => Self::ConditionFailed,
            StoreError::Replaced(name) => Self::Replaced(name),
            StoreError::SchemaChange(refusal) => Self::SchemaChange {
                refusal,
                used_by: Vec::new(),
            },
            StoreError::KeyLost => Self::KeyInFlight,
            StoreError::KeyRevoked => Self::Unauthenticated(
                "the key was revoked while the request was being received; nothing was changed"
                    .into(),
            ),
            other => Self::Store(other),
        }
    }
}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::TimedOut(_) | SearchError::ComparedTooLong(_) => {
                Self::QueryTimedOut(error)
            }
            SearchError::TooManyGroups { .. }
            | SearchError::LargeGroups(_)
            | SearchError::LongSum => Self::LargeResult(error),
            SearchError::Exhausted(exhausted) => exhausted.into(),
            SearchError::Stopped | SearchError::Worker => Self::Worker,
        }
    }
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::Search(error) => error.into(),
            ParquetError::Store(error) => error.into(),
            ParquetError::Exhausted(exhausted) => exhausted.into(),
            ParquetError::TimedOut(_) => Self::ParquetTimedOut(error),
            ParquetError::TooLong(_) => Self::ParquetTooLong(error),
            ParquetError::OfAnother => {
                Self::Busy("another request was making the same Parquet file, and failed")
            }
            ParquetError::Unwritable(error) => {
                log::error!("{error}");
                Self::Worker
            }
            ParquetError::Worker => Self::Worker,
        }
    }
}

impl From<Exhausted> for Error {
    fn from(_: Exhausted) -> Self {
        Self::Busy("the memory for requests of this kind is in use")
    }
}
