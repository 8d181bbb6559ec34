//! The handle on the store, and the state that all its clones share. Its methods are in the files of their subjects.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::backend::Backend;
use super::catalog::queries;
use super::error::StoreError;
use super::ids::Ids;
use super::in_flight::InFlight;
use super::metrics::Load;
use super::model::{Clock, Dataset};
use super::segments::leases::{Lease, Leases};
use super::settings::ColumnSizes;
use crate::dataset::{DatasetName, SchemaChanges};

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// The state that all handles share.
pub(crate) struct Shared {
    pub backend: Backend,
    pub leases: Arc<Leases>,
    pub in_flight: Arc<InFlight>,
    pub ids: Ids,
    pub clock: Clock,
    pub keep_revisions: i64,
    /// How much writes may change the schema of a dataset that is new.
    pub schema_changes: SchemaChanges,
    /// About how many bytes of text a block has that compaction writes.
    pub block_bytes: usize,
    /// Which segments get columns, and how large their row groups are.
    pub columns: ColumnSizes,
    /// This process, among those that share the database.
    pub holder: i64,
    /// Tells maintenance which datasets to compact.
    pub to_compact: UnboundedSender<DatasetName>,
    /// Tells maintenance which datasets have segments without columns.
    pub to_build: UnboundedSender<DatasetName>,
    /// How many datasets wait for columns. It begins with one, for those from before this process.
    pub due_columns: AtomicUsize,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    pub(crate) fn backend(&self) -> &Backend {
        &self.shared.backend
    }

    pub(crate) fn in_flight(&self) -> &Arc<InFlight> {
        &self.shared.in_flight
    }

    /// The key that signs cursors. All servers of one store have the same.
    pub fn cursor_key(&self) -> Result<&[u8; 32], StoreError> {
        self.backend().key()
    }

    /// A number that no other request of any server has.
    pub fn new_number(&self) -> i64 {
        self.shared.ids.next((self.shared.clock)())
    }

    /// Keeps the revision's segments from being collected as long as the lease lives.
    pub fn lease(&self, dataset: &Dataset) -> Lease {
        let segments = dataset.segments.iter().map(|segment| segment.id);
        self.shared.leases.take(segments)
    }

    /// The store's metrics: latencies by kind of work, and panics.
    pub fn collectors(&self) -> [Box<dyn prometheus::core::Collector>; 2] {
        self.backend().timings.collectors()
    }

    /// How much of the store is in use.
    pub fn load(&self) -> Load {
        Load {
            due_columns: self.shared.due_columns.load(Ordering::Relaxed),
            ..self.backend().load()
        }
    }

    /// Tells maintenance that a dataset may have segments without columns.
    pub(crate) fn build_columns_of(&self, name: &DatasetName) {
        self.shared.due_columns.fetch_add(1, Ordering::Relaxed);
        if self.shared.to_build.send(name.clone()).is_err() {
            // Without maintenance, or while the store is closing, nobody receives this.
            self.shared.due_columns.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether this process can still use the store. An error is permanent: only a new process can recover.
    pub fn health(&self) -> Result<(), StoreError> {
        self.backend().health()
    }

    /// Succeeds if the store can be read.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.health()?;
        self.backend()
            .read(|connection| Ok(queries::ping(connection)?))
            .await
    }

    /// Finishes all waiting writes and closes the store.
    pub async fn close(&self) {
        self.backend().close().await;
    }
}
