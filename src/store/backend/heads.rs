//! A cache of the newest revisions of datasets.
//!
//! On SQLite, the cache is always right: commits, deletions and compactions pass the writer thread, which updates the cache before it
//! acknowledges them. On PostgreSQL, another server may have written since. There the cache only saves reading again what a look-up
//! finds unchanged.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::connection::AnyConnection;
use super::write::HeadChange;
use crate::dataset::DatasetName;
use crate::store::error::StoreError;
use crate::store::model::Dataset;

/// How many datasets the cache expects.
const EXPECTED: usize = 4096;

/// A dataset that was looked up, or why it can't be read.
pub(crate) type Head = Result<Arc<Dataset>, StoreError>;

/// Reads the datasets of these names, as of their newest revisions, in any order. What is unchanged since it was cached is not read again.
pub(crate) type FindHeads =
    fn(&mut AnyConnection, &[DatasetName], &Heads) -> Result<Vec<(DatasetName, Head)>, StoreError>;

/// The newest revisions.
pub(crate) struct Heads(Cache<DatasetName, Arc<Dataset>, Weight>);

#[derive(Debug, Clone)]
struct Weight;

impl quick_cache::Weighter<DatasetName, Arc<Dataset>> for Weight {
    fn weight(&self, _: &DatasetName, dataset: &Arc<Dataset>) -> u64 {
        let columns: usize = dataset
            .columns
            .iter()
            .map(|column| 2 * column.name.len() + 96)
            .sum();
        u64::try_from(columns + 512).unwrap_or(u64::MAX)
    }
}

impl Heads {
    /// `bytes` bounds the memory of the cache.
    pub(super) fn new(bytes: u64) -> Self {
        Self(Cache::with_weighter(EXPECTED, bytes, Weight))
    }

    pub(crate) fn get(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        self.0.get(name)
    }

    /// Reads the dataset and caches it. If several requests want it, one reads and the others wait, at most `patience`.
    pub(crate) async fn look_up(
        &self,
        name: &DatasetName,
        patience: Duration,
        read: impl Future<Output = Result<Option<Arc<Dataset>>, StoreError>>,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        // If a commit comes between the look-up and the insertion, it replaces the placeholder, and the insertion fails. So an old
        // head is never cached.
        let found = tokio::time::timeout(patience, self.0.get_value_or_guard_async(name)).await;
        let guard = match found.map_err(|_| StoreError::Waited)? {
            Ok(found) => return Ok(Some(found)),
            Err(guard) => guard,
        };
        Ok(read
            .await?
            .inspect(|dataset| drop(guard.insert(Arc::clone(dataset)))))
    }

    /// Caches what was just read.
    pub(crate) fn set(&self, dataset: Arc<Dataset>) {
        self.0.insert(dataset.name.clone(), dataset);
    }

    pub(super) fn apply(&self, change: HeadChange) {
        match change {
            HeadChange::Is(dataset) => self.set(dataset),
            HeadChange::Gone(name) => drop(self.0.remove(&name)),
        }
    }
}
