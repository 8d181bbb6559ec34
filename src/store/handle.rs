//! The handle on the store, and what all clones of it share. What can be asked of it is beside what it concerns.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::backend::Backend;
use super::catalog::queries;
use super::error::StoreError;
use super::ids::Ids;
use super::in_flight::InFlight;
use super::metrics::Load;
use super::model::{Clock, Dataset};
use super::segments::leases::{Lease, Leases};
use crate::dataset::DatasetName;

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

/// What all handles share.
pub(crate) struct Shared {
    pub backend: Backend,
    pub leases: Arc<Leases>,
    pub in_flight: Arc<InFlight>,
    pub ids: Ids,
    pub clock: Clock,
    pub keep_revisions: i64,
    /// Bytes of text that a block written by compaction has, about.
    pub block_bytes: usize,
    /// This process, among those that share the database.
    pub holder: i64,
    /// Where maintenance is told which datasets are to be compacted.
    pub to_compact: UnboundedSender<DatasetName>,
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

    /// The key under which cursors are signed; every server of one store has the same.
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

    /// The store's metrics: how long it takes, by what it is asked to do, and what panicked.
    pub fn collectors(&self) -> [Box<dyn prometheus::core::Collector>; 2] {
        self.backend().timings.collectors()
    }

    /// How much of it is in use.
    pub fn load(&self) -> Load {
        self.backend().load()
    }

    /// Whether the store works as far as this process decides it. An error is for good: only a new process mends it.
    pub fn health(&self) -> Result<(), StoreError> {
        self.backend().health()
    }

    /// Answers when the store can be read and written.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.health()?;
        self.backend()
            .read(|connection| Ok(queries::ping(connection)?))
            .await
    }

    /// Finishes what waits to be written and lets the store go.
    pub async fn close(&self) {
        self.backend().close().await;
    }
}
