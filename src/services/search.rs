//! Answering queries: which blocks to look through, on all cores, in bounded memory.
//!
//! ```text
//! query ─▶ page index (blocks that may hold a match) ─▶ groups of blocks ─▶ texts (remembered or unpacked) ─▶ rows that match
//! ```
//!
//! The page index is looked at index page by index page: who has found enough rows never asks about the blocks behind them.
//!
//! What is found is handed on as [`RecordBatch`]es of records. An order is answered by the first rows of it only
//! ([`Top`](crate::dataset::query::Top)), pass by pass; nothing is ever sorted as a whole. At most one group a core is
//! looked through at a time, whoever asks, so that many queries at once leave room for reads of single rows. A query whose
//! time is over, or whose client is gone, is stopped at work. What takes long is never done on a thread of the runtime.

mod find;
mod materialise;
mod page_index;
mod pruned_scan;
mod readahead;
mod reservation;
mod texts;
mod top_k;
mod work;

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use tokio::time::Instant;

use super::Services;
use super::memory::{Exhausted, Held, Kind};
use crate::dataset::BlockText;
use crate::dataset::query::Query;
use crate::store::{Dataset, Lease, StoreError};
pub use readahead::{LoadedBlock, Readahead, read_ahead};
use reservation::Reservation;

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It took too long.
    #[error(
        "the query took longer than {}, the limit that --query-timeout sets; narrow it by filters, or ask the operator to raise the limit",
        humantime::format_duration(*.0)
    )]
    TimedOut(Duration),
    /// There was no memory for it in time.
    #[error("{0}")]
    Exhausted(#[from] Exhausted),
    /// Nobody waits for it any more, and so nobody is told.
    #[error("the query was given up")]
    Stopped,
    /// A worker thread panicked.
    #[error("a worker ended before it answered")]
    Worker,
}

/// Records that were found, in order.
#[derive(Debug)]
pub struct RecordBatch {
    /// A text that they are in.
    pub text: Arc<BlockText>,
    /// Where each begins in it.
    pub starts: Vec<u32>,
    /// The memory of a text that is so long that the query's own does not do for it.
    _held: Option<Held>,
}

/// RecordBatches, as they are found.
pub type RecordBatches = BoxStream<'static, Result<RecordBatch, SearchError>>;

/// A part of what a query finds.
pub struct FoundPage {
    /// Its records.
    pub batches: RecordBatches,
    /// The row to give to the next search, if there is more.
    pub next: Option<u64>,
}

/// A query of one revision being answered.
pub struct Search {
    pub(super) services: Arc<Services>,
    dataset: Arc<Dataset>,
    query: Arc<Query>,
    /// When its first page has to be found.
    deadline: Instant,
    reservation: Reservation,
    _lease: Lease,
}

impl Search {
    /// Begins to answer a query of at most `limit` rows, whose page is to be found by `deadline`.
    ///
    /// # Errors
    /// When there is no memory for it in time.
    pub async fn begin(
        services: &Arc<Services>,
        dataset: &Arc<Dataset>,
        query: &Arc<Query>,
        limit: u64,
        deadline: Instant,
    ) -> Result<Arc<Self>, SearchError> {
        let reservation = Reservation::take(services, dataset, query, limit).await?;
        Ok(Arc::new(Self {
            reservation,
            _lease: services.store.lease(dataset),
            services: Arc::clone(services),
            dataset: Arc::clone(dataset),
            query: Arc::clone(query),
            deadline,
        }))
    }

    /// Records of a text. One that is long has memory of its own.
    async fn batch(
        &self,
        text: Arc<BlockText>,
        starts: Vec<u32>,
    ) -> Result<RecordBatch, SearchError> {
        let held = match self.reservation.holds(&text) {
            true => None,
            false => Some(self.services.memory.take(Kind::Texts, text.len()).await?),
        };
        Ok(RecordBatch {
            text,
            starts,
            _held: held,
        })
    }

    /// At most `limit` rows, and where the next ones begin. `from` is where the last part said that they do: without an
    /// order the first row that may be one of them, with an order the row that they come after.
    ///
    /// # Errors
    /// When the store fails, or it takes longer than a query may.
    pub async fn page(
        self: &Arc<Self>,
        from: Option<u64>,
        limit: usize,
    ) -> Result<FoundPage, SearchError> {
        let finding = async {
            match self.query.order.is_empty() {
                true => self.find_page(from.unwrap_or(0), limit).await,
                false => self.ordered_page(from, limit).await,
            }
        };
        let limit = self.services.settings.timeouts.query_timeout;
        let done = tokio::time::timeout_at(self.deadline, finding).await;
        done.map_err(|_| SearchError::TimedOut(limit))?
    }

    /// All rows from `from` on, at most `limit`, found as they are asked for.
    pub fn all(self: &Arc<Self>, from: Option<u64>, limit: u64) -> RecordBatches {
        match self.query.order.is_empty() {
            true => self.find_all(from.unwrap_or(0), limit),
            false => self.ordered_all(from, limit),
        }
    }
}

/// What comes of `work`, if that does not take longer than `limit`.
pub async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, SearchError>>,
) -> Result<T, SearchError> {
    let done = tokio::time::timeout(limit, work).await;
    done.map_err(|_| SearchError::TimedOut(limit))?
}
