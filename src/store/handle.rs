//! The handle on the store that everybody else has: what can be asked of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::alive::Turn;
use super::clients::{self, Client, Move, MovedBy};
use super::connection::AnyConnection;
use super::error::{OpenError, StoreError};
use super::figures::Load;
use super::inner::{Inner, Place};
use super::jobs::{Job, Outcome};
use super::leases::Lease;
use super::model::{Batch, Committed, Conditions, Dataset, NewRevision, Revision, Run, Text};
use super::rows::{Block, ChunkPlace, RevisionHead};
use super::usage::{self, Count, Used};
use super::{Claim, Claimed, Receipt, Settings, blocks, compaction, opening, queries, rows};
use crate::dataset::DatasetName;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, brings its schema up to date and starts what works in the background. An embedded store is held
    /// against other processes. Blocks: it is meant for the start of the program, on a runtime.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let inner = opening::open(settings, clock)?;
        Ok(Self { inner })
    }

    /// The key under which cursors are signed; every server of one store has the same.
    pub fn cursor_key(&self) -> Result<&[u8; 32], StoreError> {
        self.inner.key()
    }

    /// Says that a part of a run is about to be written. This is to be said before anything else can happen to the run: one
    /// that is given up while a part of it is on its way is given up after that.
    pub fn begin_part(&self, run: Run) -> Turn {
        self.inner.alive.begin_part(run)
    }

    /// Writes a part of a run; `begins` says that it is the first. It is unreachable until the run is committed.
    pub async fn stage(&self, turn: Turn, batch: Batch, begins: bool) -> Result<(), StoreError> {
        self.inner.stage(turn, batch, begins).await
    }

    /// Commits revisions, all or none, and with them the receipt. They are durable and visible afterwards.
    pub async fn commit(
        &self,
        revisions: Vec<NewRevision>,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Committed>, StoreError> {
        let staged: Vec<Run> = revisions
            .iter()
            .filter(|new| new.staged)
            .map(|new| new.run)
            .collect();
        let committed = self.inner.commit(revisions, receipt).await?;
        staged
            .into_iter()
            .for_each(|run| drop(self.inner.alive.end_upload(run)));
        for one in &committed {
            if compaction::is_due(&one.dataset) {
                // Nobody listens when the store is closing.
                drop(self.inner.hints.send(one.dataset.name.clone()));
            }
        }
        Ok(committed)
    }

    /// Removes a dataset with all its revisions.
    pub async fn delete(
        &self,
        name: &DatasetName,
        author: Option<Arc<Client>>,
        conditions: Conditions,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        let job = Job::Delete {
            name: name.clone(),
            author,
            conditions,
            receipt,
        };
        self.inner.done(job).await
    }

    /// Says that a staged run will never be committed. Does not wait.
    pub fn abandon(&self, run: Run) {
        self.inner.abandon(run);
    }

    /// Takes a key for a request that may be sent twice. Whoever gets it settles it, with a write or without, or gives
    /// it back.
    pub async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        self.inner.alive.begin_claim(claim);
        let outcome = self.inner.job(Job::Claim(claim.clone())).await;
        match outcome {
            Ok(Outcome::Claimed(Claimed::First)) => Ok(Claimed::First),
            Ok(Outcome::Claimed(other)) => {
                self.inner.alive.end_claim(claim);
                Ok(other)
            }
            Ok(_) => Err(StoreError::Worker),
            Err(error) => {
                self.inner.alive.end_claim(claim);
                Err(error)
            }
        }
    }

    /// Keeps the answer of a request that wrote nothing.
    pub async fn settle(&self, receipt: Receipt) -> Result<(), StoreError> {
        let claim = receipt.claim.clone();
        let outcome = self.inner.done(Job::Settle(receipt)).await;
        self.inner.alive.end_claim(&claim);
        outcome
    }

    /// Says that a key was settled together with a write.
    pub fn settled(&self, claim: &Claim) {
        self.inner.alive.end_claim(claim);
    }

    /// Gives a key back. Does not wait.
    pub fn release(&self, claim: &Claim) {
        self.inner.alive.end_claim(claim);
        self.inner.leave(Job::Release(claim.clone()));
    }

    /// A number that no other request of any server has.
    pub fn new_number(&self) -> i64 {
        self.inner.new_number()
    }

    /// The client whose key has that SHA-256.
    pub async fn client_by_key(&self, digest: [u8; 32]) -> Result<Option<Client>, StoreError> {
        self.inner
            .read(move |connection| clients::by_key(connection, &digest))
            .await
    }

    /// The client of that name.
    pub async fn client(&self, name: &str) -> Result<Option<Client>, StoreError> {
        let name = name.to_owned();
        self.inner
            .read(move |connection| clients::by_name(connection, &name))
            .await
    }

    /// All clients by name.
    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.inner.read(clients::list).await
    }

    /// How a client's pin came about, the first move first.
    pub async fn moves(&self, client: i64) -> Result<Vec<Move>, StoreError> {
        self.inner
            .read(move |connection| clients::moves(connection, client))
            .await
    }

    /// Pins a client that calls for the first time, unless another server has.
    pub async fn pin_first(&self, client: i64, version: u32) -> Result<(), StoreError> {
        self.inner.done(Job::PinFirst { client, version }).await
    }

    /// Moves a client's pin.
    pub async fn move_pin(
        &self,
        client: Arc<Client>,
        version: u32,
        by: MovedBy,
    ) -> Result<(), StoreError> {
        let job = Job::MovePin {
            client,
            version,
            by,
        };
        self.inner.done(job).await
    }

    /// Adds to what is known of who calls what.
    pub async fn count_usage(&self, counts: Vec<Count>) -> Result<(), StoreError> {
        self.inner.done(Job::Count(counts)).await
    }

    /// Who called what since `day` (days since 1970); of one client, or of all.
    pub async fn usage(&self, client: Option<i64>, day: i64) -> Result<Vec<Used>, StoreError> {
        self.inner
            .read(move |connection| usage::since(connection, client, day))
            .await
    }

    /// The dataset of that name.
    pub async fn find(&self, name: &DatasetName) -> Result<Option<Arc<Dataset>>, StoreError> {
        self.inner.find_now(name).await
    }

    /// The dataset of that name, where the newest of it can be told without asking the database; else `None`.
    pub fn known(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        self.inner.known(name)
    }

    /// The same dataset as of another revision, while that is kept.
    pub async fn find_revision(
        &self,
        dataset: &Dataset,
        number: i64,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        let id = dataset.run.dataset;
        let found = self
            .inner
            .read(move |connection| queries::find_revision(connection, id, number))
            .await?;
        Ok(found.map(Arc::new))
    }

    /// The revisions of a dataset from number `newest` down, at most `limit`.
    pub async fn revisions(
        &self,
        dataset: &Dataset,
        newest: i64,
        limit: u32,
    ) -> Result<Vec<Revision>, StoreError> {
        let id = dataset.run.dataset;
        self.inner
            .read(move |connection| {
                queries::list_revisions(connection, id, newest, i64::from(limit))?
                    .into_iter()
                    .map(RevisionHead::into_revision)
                    .collect()
            })
            .await
    }

    /// Names of datasets in their order, those after `after` or after the first `skip`, each with about the bytes that its
    /// columns take.
    pub async fn names(
        &self,
        after: Option<DatasetName>,
        skip: u64,
        limit: u32,
    ) -> Result<Vec<(String, usize)>, StoreError> {
        let read = move |connection: &mut AnyConnection| {
            let after = after.as_ref().map(DatasetName::as_str);
            let found = queries::names(connection, after, rows::to_db(skip), i64::from(limit))?;
            let bytes = |bytes| usize::try_from(bytes).unwrap_or_default();
            Ok(found
                .into_iter()
                .map(|(name, columns)| (name, bytes(columns)))
                .collect())
        };
        self.inner.read(read).await
    }

    /// The datasets of these names that there are, in the order of their names.
    pub async fn list(&self, names: Vec<String>) -> Result<Vec<Dataset>, StoreError> {
        let read = move |connection: &mut AnyConnection| queries::list(connection, &names);
        self.inner.read(read).await
    }

    /// How many datasets there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.inner
            .read(|connection| Ok(rows::from_db(queries::count(connection)?)))
            .await
    }

    /// Keeps the revision's runs from being swept as long as the lease lives.
    pub fn lease(&self, dataset: &Dataset) -> Lease {
        self.inner.lease(dataset)
    }

    /// The chunk that holds row `row` of the revision, unpacked and checked. `then` goes on with it on the same thread.
    pub async fn chunk_at_row<T: Send + 'static>(
        &self,
        dataset: &Dataset,
        row: u64,
        then: impl FnOnce(Text) -> T + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let Some(segment) = dataset.segments.at_row(row).copied() else {
            return Ok(None);
        };
        let run = segment.run;
        let fetch = move |connection: &mut AnyConnection| {
            Ok(queries::chunk_at_row(
                connection,
                run,
                row - segment.first_row,
            )?)
        };
        let unpack = move |(place, block): (ChunkPlace, Block)| {
            let mut text = blocks::read_chunk(run, &place, &block)?;
            text.first_row += segment.first_row;
            Ok(then(text))
        };
        self.inner.fetch(fetch, unpack).await
    }

    /// A piece of the source from byte `byte` on: the rest of the chunk or block that holds it.
    pub async fn source_at(
        &self,
        dataset: &Dataset,
        byte: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let transcoded = dataset.transcoded;
        let Some(place) = blocks::place_of(dataset, byte) else {
            return Ok(None);
        };
        let fetch =
            move |connection: &mut AnyConnection| blocks::block_at(connection, place, transcoded);
        let unpack = move |block: Block| blocks::rest_of(place, &block);
        Ok(self.inner.fetch(fetch, unpack).await?.flatten())
    }

    /// What is told to whoever watches: how long the store takes, by what it is asked to do, and what panicked.
    pub fn collectors(&self) -> [Box<dyn prometheus::core::Collector>; 2] {
        self.inner.timings.collectors()
    }

    /// How much of it is in use.
    pub fn load(&self) -> Load {
        self.inner.load()
    }

    /// Whether the store works as far as this process decides it. An error is for good: only a new process mends it.
    pub fn health(&self) -> Result<(), StoreError> {
        match &self.inner.place {
            Place::Embedded { queue, .. } => queue.health(),
            Place::Far { .. } => Ok(()),
        }
    }

    /// Answers when the store can be read and written.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.health()?;
        self.inner
            .read(|connection| Ok(queries::ping(connection)?))
            .await
    }

    /// Finishes what waits to be written and lets the store go.
    pub async fn close(&self) {
        self.inner.pool.close();
        if let Place::Embedded { queue, .. } = &self.inner.place {
            queue.close().await;
        }
    }
}
