//! The store itself, behind all of its handles: where writes go, how what is read comes, and what is remembered.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quick_cache::sync::Cache;

use super::alive::{Alive, Turn};
use super::append::{self, Prepared};
use super::commit::{Commit, Described};
use super::connection::{self, AnyConnection};
use super::error::{OpenError, StoreError};
use super::figures::{Load, Timings};
use super::ids::Ids;
use super::jobs::{self, Context, Job, Outcome};
use super::leases::{Lease, Leases};
use super::model::{Batch, Committed, Dataset, NewRevision, Run, Text};
use super::pool::Pool;
use super::postgres::{self, PostgresAddress};
use super::queries::ChunkKey;
use super::sqlstate::{self, Meaning};
use super::writer::Queue;
use super::{Clock, Migrate, Receipt, compaction, keeper, opening, queries, rows};
use crate::dataset::{DatasetName, ResumableDigest};

/// What the newest revision of a dataset is, and where its chunks are. Depends on the last commit, deletion or compaction of the
/// dataset: all of them go through the one thread that writes, which brings this up to date before it tells anybody. So only the
/// embedded store, which holds its file alone, may remember it.
pub(super) type Heads = Cache<DatasetName, Arc<Dataset>, HeadWeight>;

#[derive(Debug, Clone)]
pub(super) struct HeadWeight;

impl quick_cache::Weighter<DatasetName, Arc<Dataset>> for HeadWeight {
    fn weight(&self, _: &DatasetName, dataset: &Arc<Dataset>) -> u64 {
        let columns: usize = dataset
            .columns
            .iter()
            .map(|column| 2 * column.name.len() + 96)
            .sum();
        u64::try_from(columns + 512).unwrap_or(u64::MAX)
    }
}

/// The store itself.
pub(super) struct Inner {
    pub(super) place: Place,
    pub(super) pool: Pool,
    pub(super) timings: Timings,
    pub(super) leases: Arc<Leases>,
    pub(super) alive: Arc<Alive>,
    pub(super) ids: Ids,
    pub(super) clock: Clock,
    pub(super) keep_revisions: i64,
    /// Bytes of text that a chunk written by compaction has, about.
    pub(super) block_bytes: usize,
    /// This server, among those of one store.
    pub(super) holder: i64,
    pub(super) hints: keeper::Hints,
    /// The key under which cursors are signed; there once the schema is known to be right.
    pub(super) cursor_key: OnceLock<[u8; 32]>,
}

/// Where writes go, and whether what they change may be remembered.
pub(super) enum Place {
    /// Into a file that this process holds alone.
    Embedded { queue: Queue, heads: Arc<Heads> },
    /// To a server that others write to as well.
    Far {
        address: PostgresAddress,
        migrate: Migrate,
        patience: Duration,
        preparing: tokio::sync::Mutex<()>,
    },
}

/// How often a commit is tried again when what it builds on has changed.
const TRIES: usize = 16;

impl Inner {
    pub(super) fn key(&self) -> Result<&[u8; 32], StoreError> {
        self.cursor_key
            .get()
            .ok_or_else(|| StoreError::Away("it has not answered since the start".into()))
    }

    pub(super) fn is_far(&self) -> bool {
        matches!(self.place, Place::Far { .. })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    pub(super) fn new_number(&self) -> i64 {
        self.ids.next((self.clock)())
    }

    pub(super) fn lease(&self, dataset: &Dataset) -> Lease {
        self.leases
            .take(dataset.segments.iter().map(|segment| segment.run))
    }

    /// Gets a store ready that was away at the start.
    pub(super) async fn prepare(&self) -> Result<(), OpenError> {
        let Place::Far {
            address,
            migrate,
            patience,
            preparing,
        } = &self.place
        else {
            return Ok(());
        };
        if self.cursor_key.get().is_some() {
            return Ok(());
        }
        let _alone = preparing.lock().await;
        let (address, migrate, patience) = (address.clone(), *migrate, *patience);
        let prepared =
            tokio::task::spawn_blocking(move || opening::prepare_far(&address, migrate, patience));
        let key = prepared.await.map_err(|_| OpenError::Worker)??;
        self.cursor_key.get_or_init(|| key);
        log::info!("the database answers; the store is ready");
        Ok(())
    }

    /// What the dataset is now, if that is remembered: only where no other server can change it.
    pub(super) fn known(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        match &self.place {
            Place::Embedded { heads, .. } => heads.get(name),
            _ => None,
        }
    }

    pub(super) async fn find_now(
        &self,
        name: &DatasetName,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        if let Some(found) = self.known(name) {
            return Ok(Some(found));
        }
        // Boxed, so that who finds it at once does not carry along what looking it up takes.
        Box::pin(self.look_up(name)).await
    }

    /// Reads what the dataset is, and remembers it where no other server can change it.
    async fn look_up(&self, name: &DatasetName) -> Result<Option<Arc<Dataset>>, StoreError> {
        let wanted = name.clone();
        let find = move |connection: &mut AnyConnection| queries::find(connection, wanted.as_str());
        let Place::Embedded { heads, .. } = &self.place else {
            return Ok(self.read(find).await?.map(Arc::new));
        };
        // A commit that comes between the look-up and the insertion replaces the placeholder, and the insertion fails:
        // a head that a later commit replaced is never remembered.
        // Whoever waits for somebody else's look-up has a deadline of its own.
        let waiting = heads.get_value_or_guard_async(name);
        let found = tokio::time::timeout(self.pool.patience(), waiting).await;
        let guard = match found.map_err(|_| StoreError::Waited)? {
            Ok(found) => return Ok(Some(found)),
            Err(guard) => guard,
        };
        Ok(self.read(find).await?.map(|dataset| {
            let dataset = Arc::new(dataset);
            drop(guard.insert(Arc::clone(&dataset)));
            dataset
        }))
    }

    /// The next texts of a run after `after`, each with its key.
    pub(super) async fn texts(
        &self,
        run: Run,
        after: ChunkKey,
    ) -> Result<Vec<(ChunkKey, Text)>, StoreError> {
        self.read(move |connection| compaction::read(connection, run, after))
            .await
    }

    pub(super) async fn stage(
        &self,
        turn: Turn,
        batch: Batch,
        begins: bool,
    ) -> Result<(), StoreError> {
        self.done(Job::Stage {
            turn,
            batch,
            begins,
        })
        .await
    }

    /// Gives a run up, once the part of it that is being written is: one that came later would be noted as being written for
    /// ever.
    pub(super) fn abandon(self: &Arc<Self>, run: Run) {
        let permits = self.alive.end_upload(run);
        match permits {
            Some(permits) if permits.available_permits() == 0 => {
                let store = Arc::clone(self);
                // Where there is no runtime any more, the next start does it, or other servers.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        drop(permits.acquire_owned().await);
                        store.leave(Job::Abandon(run));
                    });
                }
            }
            _ => self.leave(Job::Abandon(run)),
        }
    }

    pub(super) async fn compacted(
        &self,
        compacted: compaction::Compacted,
    ) -> Result<(), StoreError> {
        let run = compacted.run;
        let outcome = self.job(Job::Compact(compacted)).await;
        drop(self.alive.end_upload(run));
        outcome.map(drop)
    }

    pub(super) async fn tidy(&self) -> Result<bool, StoreError> {
        let outcome = self.job(Job::Tidy).await?;
        Ok(matches!(outcome, Outcome::Tidied(true)))
    }

    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        let report = self.alive.report(self.leases.all());
        if report.is_empty() {
            return Ok(());
        }
        self.done(Job::Renew(report)).await
    }

    pub(super) async fn commit(
        self: &Arc<Self>,
        revisions: Vec<NewRevision>,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Committed>, StoreError> {
        let revisions: Arc<[Described]> = revisions.into_iter().map(Described::from).collect();
        let mut prepared = None;
        let mut staged: Vec<Run> = revisions
            .iter()
            .map(|described| described.new.run)
            .collect();
        let mut moving = Moving {
            store: self,
            runs: Vec::new(),
        };
        for _ in 0..TRIES {
            let commit = Commit {
                revisions: Arc::clone(&revisions),
                staged: staged.clone(),
                prepared: prepared.take(),
                receipt: receipt.clone(),
            };
            match self.job(Job::Commit(Box::new(commit))).await {
                Ok(Outcome::Committed(all)) => return Ok(all),
                Ok(_) => return Err(StoreError::Worker),
                Err(StoreError::Unprepared) => {
                    for (described, staged) in revisions.iter().zip(&staged) {
                        prepared = self.prepare_append(&described.new, *staged).await?;
                    }
                }
                Err(StoreError::Elsewhere { at, dataset }) => {
                    let from = staged[at];
                    staged[at] = Run { dataset, ..from };
                    moving.all(from, staged[at]).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Busy("the dataset"))
    }

    /// Finds out how the dataset's text goes on with the rows to be appended.
    async fn prepare_append(
        &self,
        new: &NewRevision,
        run: Run,
    ) -> Result<Option<Prepared>, StoreError> {
        let Some(dataset) = self.find_now(&new.name).await? else {
            return Ok(None);
        };
        let _lease = self.lease(&dataset);
        let (id, number) = (dataset.run.dataset, dataset.revision);
        let stored = self
            .read(move |connection| Ok(queries::revision(connection, id, number)?.1))
            .await;
        let before = match stored {
            Ok(Some(stored)) => ResumableDigest::decode(&stored)
                .map_err(|e| rows::unreadable("end of a text", e))?,
            // Without one, or when the revision is gone already: then it is found out once more.
            Ok(None) | Err(StoreError::Database(diesel::result::Error::NotFound)) => {
                let mut tail = ResumableDigest::new();
                for segment in dataset.segments.iter() {
                    tail = self.read_on(tail, segment.run, segment.start).await?;
                }
                tail
            }
            Err(error) => return Err(error),
        };
        let mut staged = None;
        if new.staged {
            let mut tail = before.clone();
            if tail.open_line() {
                tail.absorb(b"\n");
            }
            staged = Some(self.read_on(tail, run, 1).await?);
        }
        Ok(Some(Prepared {
            made_by: dataset.run.number,
            before,
            staged,
        }))
    }

    /// Reads a run's text from byte `byte` to its end into `tail`, a part at a time.
    async fn read_on(
        &self,
        mut tail: ResumableDigest,
        run: Run,
        byte: u64,
    ) -> Result<ResumableDigest, StoreError> {
        let mut next = Some(byte);
        while let Some(byte) = next {
            (tail, next) = self
                .read(move |connection| append::read_on(connection, tail, run, byte))
                .await?;
        }
        Ok(tail)
    }

    pub(super) async fn done(&self, job: Job) -> Result<(), StoreError> {
        self.job(job).await.map(drop)
    }

    /// Has a job done, and waits until it is durable.
    pub(super) async fn job(&self, job: Job) -> Result<Outcome, StoreError> {
        let _timing = self.timings.of_writes();
        match &self.place {
            Place::Embedded { queue, .. } => queue.order(job).await,
            Place::Far { .. } => {
                self.key()?;
                let context = self.context();
                self.pool
                    .run(move |connection| perform(connection, &job, &context))
                    .await
            }
        }
    }

    /// Has a job done some time, and waits for nothing.
    pub(super) fn leave(&self, job: Job) {
        match &self.place {
            Place::Embedded { queue, .. } => queue.leave(job),
            Place::Far { .. } => {
                let (pool, context) = (self.pool.clone(), self.context());
                // Where there is no runtime any more, other servers do it when this one is known to be gone.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        let done = pool.run(move |connection| perform(connection, &job, &context));
                        if let Err(error) = done.await {
                            log::debug!("left for other servers to tidy up: {error}");
                        }
                    });
                }
            }
        }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.key()?;
        if let Place::Embedded { queue, .. } = &self.place {
            queue.check_files()?;
        }
        let _timing = self.timings.of_reads();
        self.pool.run(read).await
    }

    /// Reads something and unpacks it. What comes out of a file is unpacked on the thread that read it; what comes from
    /// a server, once its connection is free again, since a connection is lent for the time of an answer only.
    pub(super) async fn fetch<F: Send + 'static, T: Send + 'static>(
        &self,
        fetch: impl FnOnce(&mut AnyConnection) -> Result<Option<F>, StoreError> + Send + 'static,
        unpack: impl FnOnce(F) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        if !self.is_far() {
            let read =
                move |connection: &mut AnyConnection| fetch(connection)?.map(unpack).transpose();
            return self.read(read).await;
        }
        match self.read(fetch).await? {
            Some(fetched) => tokio::task::spawn_blocking(move || unpack(fetched).map(Some))
                .await
                .map_err(|_| StoreError::Worker)?,
            None => Ok(None),
        }
    }

    pub(super) fn load(&self) -> Load {
        let queued = match &self.place {
            Place::Embedded { queue, .. } => queue.waiting(),
            Place::Far { .. } => 0,
        };
        Load {
            queued,
            ..self.pool.load()
        }
    }

    fn context(&self) -> Context {
        Context {
            now: (self.clock)().as_microsecond(),
            keep_revisions: self.keep_revisions,
            leases: Arc::clone(&self.leases),
            alive: Arc::clone(&self.alive),
            holder: self.holder,
            grace: jobs::GRACE,
        }
    }
}

/// Runs whose blocks are moved to the dataset that has their name by now. They are given up when this is dropped, unless they
/// were committed by then.
struct Moving<'m> {
    store: &'m Arc<Inner>,
    runs: Vec<Run>,
}

impl Moving<'_> {
    /// Moves all blocks of a run, some in each transaction: there may be many, and nobody sees them before the commit.
    async fn all(&mut self, from: Run, to: Run) -> Result<(), StoreError> {
        self.runs.push(to);
        loop {
            let turn = self.store.alive.begin_part(to);
            match self.store.job(Job::Move { from, turn }).await? {
                Outcome::Moved(true) => {}
                _ => return Ok(()),
            }
        }
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        for run in self.runs.drain(..) {
            self.store.abandon(run);
        }
    }
}

/// Does a job in a transaction of its own, again if another one was in the way.
fn perform(
    connection: &mut AnyConnection,
    job: &Job,
    context: &Context,
) -> Result<Outcome, StoreError> {
    for _ in 0..TRIES {
        let outcome = connection::write(connection, |connection| {
            if job.is_provisional() {
                postgres::do_not_wait_for_the_disk(connection)?;
            }
            jobs::apply(connection, job, context)?
        });
        match outcome {
            Err(StoreError::Again) => {}
            Err(StoreError::Database(error)) if sqlstate::meaning(&error) == Meaning::Again => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Busy("the dataset"))
}
