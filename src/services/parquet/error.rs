//! Why there is no file.

use std::time::Duration;

use crate::dataset::parquet::UnwritableParquet;
use crate::services::memory::Exhausted;
use crate::services::search::SearchError;
use crate::store::StoreError;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// The rows can't be read.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There was no memory for it in time.
    #[error("{0}")]
    Exhausted(#[from] Exhausted),
    /// It took too long.
    #[error(
        "making the Parquet file took longer than {}, the limit that --parquet-timeout sets; choose fewer columns with select, or ask the operator to \
         raise the limit",
        humantime::format_duration(*.0)
    )]
    TimedOut(Duration),
    /// It is too long to be stored.
    #[error(
        "the Parquet file has more than {0} bytes, the limit that --parquet-bytes sets; choose fewer columns with select, or read CSV or NDJSON"
    )]
    TooLong(u64),
    /// Another request failed to make the same file, and was told why.
    #[error("another request was making the same Parquet file, and failed")]
    OfAnother,
    /// The rows can't be written.
    #[error("{0}")]
    Unwritable(#[from] UnwritableParquet),
    /// A worker thread panicked.
    #[error("a worker thread panicked")]
    Worker,
}
