//! Answering queries on all cores and in bounded memory.
//!
//! ```text
//! query ─▶ page index (candidate blocks) ─▶ groups of blocks ─▶ texts (cached or unpacked) ─▶ matching rows
//! ```
//!
//! The page index is read one index page at a time, so a query that has found enough rows never looks at the pages behind.
//!
//! Results are passed on as [`RecordBatch`]es. A query with an order keeps only its first rows
//! ([`TopK`](crate::dataset::query::TopK)), pass by pass; it never sorts everything. The server scans at most one group of blocks
//! per core at a time, so that many queries leave capacity for reads of single rows. A query stops when its time is over or its
//! client is gone. Long work never runs on a thread of the runtime.

mod aggregate;
mod columns;
pub mod difference;
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
pub use aggregate::FoundGroups;
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
    /// Comparing two revisions took too long.
    #[error(
        "comparing the revisions took longer than {}, the limit that --query-timeout sets; compare revisions that have fewer rows, or ask the \
         operator to raise the limit",
        humantime::format_duration(*.0)
    )]
    ComparedTooLong(Duration),
    /// It has too many groups.
    #[error(
        "the query has more than {most} groups, the limit that --max-groups sets; group by fewer of the columns {columns}, by a period of a date such as \
         month(), or narrow the rows by filters, or ask the operator to raise the limit"
    )]
    TooManyGroups {
        /// The columns that it groups by.
        columns: String,
        /// How many it may have.
        most: usize,
    },
    /// Its groups take too much memory.
    #[error(
        "the groups of the query need more than {0} bytes of memory, which is all that one query may have; narrow the rows by filters, group by fewer \
         columns or leave out functions, above all distinct() and median() of columns with many different values, or ask the operator to raise --memory"
    )]
    LargeGroups(usize),
    /// A sum has too many digits.
    #[error(
        "a sum or an average would need digits beyond 10^5000 or 10^-5000; leave out such numbers by a filter"
    )]
    LongSum,
    /// There was no memory for it in time.
    #[error("{0}")]
    Exhausted(#[from] Exhausted),
    /// Nobody waits for the result any more, so no client sees this.
    #[error("the query was cancelled")]
    Stopped,
    /// A worker thread panicked.
    #[error("a worker thread panicked")]
    Worker,
}

/// Records that were found, in order.
#[derive(Debug)]
pub struct RecordBatch {
    /// The text that the records are in.
    pub text: Arc<BlockText>,
    /// Where each record begins in the text.
    pub starts: Vec<u32>,
    /// The memory for a text that is too long for the query's own reservation.
    _held: Option<Held>,
}

/// The batches of a result, found as they are asked for.
pub type RecordBatches = BoxStream<'static, Result<RecordBatch, SearchError>>;

/// Part of the result of a query.
pub struct FoundPage {
    /// Its records.
    pub batches: RecordBatches,
    /// The row from which the next search continues, if there may be more.
    pub next: Option<u64>,
}

/// A query of one revision being answered.
pub struct Search {
    pub(super) services: Arc<Services>,
    dataset: Arc<Dataset>,
    query: Arc<Query>,
    /// When the first page has to be found.
    deadline: Instant,
    reservation: Reservation,
    _lease: Lease,
}

impl Search {
    /// Begins a query of at most `limit` rows, whose first page has to be found by `deadline`.
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

    /// The records at `starts` of a text. A long text reserves memory of its own.
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

    /// At most `limit` rows, and where the next ones begin. `from` is the `next` of the page before: without an order, the first
    /// row that may match; with an order, the row that the page comes after.
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
        self.in_time(finding).await
    }

    /// How many rows the query finds.
    ///
    /// # Errors
    /// When the store fails, or it takes longer than a query may.
    pub async fn count(self: &Arc<Self>) -> Result<u64, SearchError> {
        match self.query.finds_all_rows() {
            true => Ok(self.dataset.rows),
            false => self.in_time(self.count_rows()).await,
        }
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, SearchError>>,
    ) -> Result<T, SearchError> {
        let limit = self.services.settings.timeouts.query_timeout;
        let done = tokio::time::timeout_at(self.deadline, work).await;
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

/// The result of `work`, unless it takes longer than `limit`.
pub async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, SearchError>>,
) -> Result<T, SearchError> {
    let done = tokio::time::timeout(limit, work).await;
    done.map_err(|_| SearchError::TimedOut(limit))?
}
