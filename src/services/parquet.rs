//! Parquet files of revisions. Each is made once, stored, and read from the store.
//!
//! All requests that want a file while it is made wait for the same work. The work ends when none of them waits any more. Files are made one
//! after the other, because each needs a lot of memory.

mod make;
mod staged;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::Services;
use super::memory::Exhausted;
use super::search::SearchError;
use crate::dataset::parquet::{UnwritableParquet, WRITTEN_AS};
use crate::store::{Dataset, DerivedFile, DerivedName, SegmentId, StoreError};

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

/// Making a file, or the reason why it failed.
type Making = Pin<Box<dyn Future<Output = Result<DerivedFile, Failure>> + Send>>;
/// The upload segment that made the revision, and the name of the file.
type Key = (SegmentId, DerivedName);

/// The files that are being made.
#[derive(Debug)]
pub(super) struct Makings {
    /// The mutex is never held across an await.
    now: Mutex<HashMap<Key, WeakShared<Making>>>,
    /// The permit to make a file.
    permit: Arc<Semaphore>,
}

/// Why a file was not made, for all requests that waited for it.
#[derive(Debug, Clone)]
struct Failure(Arc<Mutex<Option<ParquetError>>>);

impl Failure {
    fn new(error: ParquetError) -> Self {
        Self(Arc::new(Mutex::new(Some(error))))
    }

    /// The error for one of the requests. Errors of the store are told once.
    fn tell(&self) -> ParquetError {
        let mut error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *error {
            Some(ParquetError::TimedOut(limit)) => ParquetError::TimedOut(limit),
            Some(ParquetError::TooLong(limit)) => ParquetError::TooLong(limit),
            _ => error.take().unwrap_or(ParquetError::OfAnother),
        }
    }
}

impl Default for Makings {
    fn default() -> Self {
        Self {
            now: Mutex::default(),
            permit: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Makings {
    /// The work of making a file: what others wait for, or else a new one.
    fn join(&self, key: Key, make: impl FnOnce() -> Making) -> Shared<Making> {
        // The map is whole after every statement, so a panic elsewhere did no harm.
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.retain(|_, making| making.upgrade().is_some_and(|making| making.peek().is_none()));
        if let Some(making) = now.get(&key).and_then(WeakShared::upgrade) {
            return making;
        }
        let making = make().shared();
        if let Some(weak) = making.downgrade() {
            now.insert(key, weak);
        }
        making
    }
}

/// The file of the columns at these places, which is made if it isn't stored.
///
/// # Errors
/// When it can't be made, or not in time.
pub async fn file(
    services: &Arc<Services>,
    dataset: &Arc<Dataset>,
    places: Vec<usize>,
) -> Result<DerivedFile, ParquetError> {
    let name = name(&places);
    if let Some(file) = services.store.derived_file(dataset, name).await? {
        return Ok(file);
    }
    let making = services.parquet.join((dataset.made_by, name), || {
        let (services, dataset) = (Arc::clone(services), Arc::clone(dataset));
        Box::pin(async move {
            let limit = services.settings.timeouts.parquet_timeout;
            let making = make::make(&services, &dataset, name, &places);
            let made = tokio::time::timeout(limit, making).await;
            made.unwrap_or(Err(ParquetError::TimedOut(limit)))
                .map_err(Failure::new)
        })
    });
    making.await.map_err(|failure| failure.tell())
}

/// The name of the file with these columns.
fn name(places: &[usize]) -> DerivedName {
    let mut digest = Sha256::new_with_prefix(WRITTEN_AS);
    for place in places {
        digest.update(place.to_be_bytes());
    }
    digest.finalize().into()
}
