//! The handle on the store that everybody else has: what can be asked of it, and the remembered heads of datasets.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::sync::Cache;

use super::alive::Alive;
use super::append::{self, Prepared};
use super::clients::{self, Client, Move, MovedBy};
use super::error::{OpenError, StoreError};
use super::ids::Ids;
use super::jobs::{self, Commit, Context, Described, Job, Outcome};
use super::leases::{Lease, Leases};
use super::model::{
    self, Batch, Block, ChunkPlace, Committed, Conditions, Dataset, NewRevision, Revision,
    RevisionHead, Run, Text,
};
use super::pool::Pool;
use super::postgres::{self, Meaning, PostgresAddress};
use super::usage::{self, Count, Used};
use super::writer::{Queue, Writer};
use super::{
    Address, Claim, Claimed, Migrate, Receipt, blocks, compaction, connection, keeper, queries,
    sqlite, upkeep,
};
use crate::dataset::{DatasetName, Tail};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is. A SQLite file is made when it is missing; its folder must exist.
    pub address: Address,
    /// Whether the schema is brought up to date.
    pub migrate: Migrate,
    /// Whether a server that is away now may come later.
    pub wait: bool,
    /// Connections: to a SQLite file those that read, to a PostgreSQL server all.
    pub connections: usize,
    /// How long a request waits for a connection, for a place in the writer's queue, and for a server's answer.
    pub patience: Duration,
    /// Jobs that may wait for the writer.
    pub queue: usize,
    /// Jobs that one transaction may commit; 1 gives each its own.
    pub commit_batch: usize,
    /// Revisions of a dataset that are kept, the newest included.
    pub keep_revisions: usize,
    /// Bytes that descriptions of datasets may take in memory.
    pub heads_bytes: u64,
}

/// What the newest revision of a dataset is. Only the embedded store, which holds its file alone, may remember it.
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

/// A handle on the store; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// The store itself.
pub(super) struct Inner {
    place: Place,
    pool: Pool,
    leases: Arc<Leases>,
    alive: Alive,
    ids: Ids,
    clock: Clock,
    keep_revisions: i64,
    /// This server, among those of one store.
    holder: i64,
    hints: keeper::Hints,
    /// The key under which cursors are signed; there once the schema is known to be right.
    cursor_key: OnceLock<[u8; 32]>,
}

/// Where writes go, and whether what they change may be remembered.
enum Place {
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

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, brings its schema up to date and starts what works in the background. An embedded store is held
    /// against other processes. Blocks: it is meant for the start of the program, on a runtime.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let ids = Ids::default();
        let holder = ids.next(clock());
        let leases = Arc::new(Leases::default());
        let keep_revisions = i64::try_from(settings.keep_revisions.max(1)).unwrap_or(i64::MAX);
        let cursor_key = OnceLock::new();
        let place = match &settings.address {
            Address::Sqlite(path) => {
                let hold = sqlite::hold(path)?;
                let (mut connection, _) = sqlite::open_writer(path, settings.migrate)?;
                upkeep::refuse_unfinished(&mut connection, &settings.address)?;
                let key =
                    begin(&mut connection, &clock).map_err(|error| OpenError::NotADatabase {
                        path: path.clone(),
                        reason: error.to_string(),
                    })?;
                cursor_key.get_or_init(|| key);
                let heads = Arc::new(Heads::with_weighter(4096, settings.heads_bytes, HeadWeight));
                let writer = Writer {
                    connection,
                    hold,
                    heads: Arc::clone(&heads),
                    leases: Arc::clone(&leases),
                    clock: Arc::clone(&clock),
                    batch: settings.commit_batch.max(1),
                    keep_revisions,
                    holder,
                };
                let queue = Queue::start(writer, settings.queue, settings.patience)
                    .map_err(OpenError::Thread)?;
                Place::Embedded { queue, heads }
            }
            Address::Postgres(address) => {
                match prepare_far(address, settings.migrate, settings.patience) {
                    Ok(key) => drop(cursor_key.get_or_init(|| key)),
                    Err(away @ OpenError::Away { .. }) if settings.wait => {
                        log::warn!("{away}; it is tried again until it answers");
                    }
                    Err(error) => return Err(error),
                }
                Place::Far {
                    address: address.clone(),
                    migrate: settings.migrate,
                    patience: settings.patience,
                    preparing: tokio::sync::Mutex::new(()),
                }
            }
        };
        let inner = keeper::start(|hints| {
            Arc::new(Inner {
                place,
                pool: Pool::new(&settings.address, settings.connections, settings.patience),
                leases,
                alive: Alive::default(),
                ids,
                clock,
                keep_revisions,
                holder,
                hints,
                cursor_key,
            })
        });
        Ok(Self { inner })
    }

    /// The key under which cursors are signed; every server of one store has the same.
    pub fn cursor_key(&self) -> Result<&[u8; 32], StoreError> {
        self.inner.key()
    }

    /// Writes a part of a run. It is unreachable until the run is committed.
    pub async fn stage(&self, run: Run, batch: Batch, begins: bool) -> Result<(), StoreError> {
        self.inner.stage(run, batch, begins).await
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
            .for_each(|run| self.inner.alive.end_upload(run));
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
        author: Option<&Client>,
        conditions: Conditions,
        receipt: Option<Receipt>,
    ) -> Result<(), StoreError> {
        let job = Job::Delete {
            name: name.clone(),
            author: author.map(|author| author.id),
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
    pub async fn move_pin(&self, client: i64, version: u32, by: MovedBy) -> Result<(), StoreError> {
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

    /// At most `limit` datasets by name: those after `after`, less the first `skip`.
    pub async fn list(
        &self,
        after: Option<DatasetName>,
        skip: u64,
        limit: u32,
    ) -> Result<Vec<Dataset>, StoreError> {
        self.inner
            .read(move |connection| {
                let after = after.as_ref().map(DatasetName::as_str);
                queries::list(connection, after, model::to_db(skip), i64::from(limit))
            })
            .await
    }

    /// How many datasets there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.inner
            .read(|connection| Ok(model::from_db(queries::count(connection)?)))
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
        let fetch = move |connection: &mut connection::AnyConnection| {
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
        let fetch = move |connection: &mut connection::AnyConnection| {
            blocks::block_at(connection, place, transcoded)
        };
        let unpack = move |block: Block| blocks::rest_of(place, &block);
        Ok(self.inner.fetch(fetch, unpack).await?.flatten())
    }

    /// Answers when the store can be read and written.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Place::Embedded { queue, .. } = &self.inner.place
            && !queue.is_alive()
        {
            return Err(StoreError::Worker);
        }
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
            tokio::task::spawn_blocking(move || prepare_far(&address, migrate, patience));
        let key = prepared.await.map_err(|_| OpenError::Worker)??;
        self.cursor_key.get_or_init(|| key);
        log::info!("the database answers; the store is ready");
        Ok(())
    }

    pub(super) async fn find_now(
        &self,
        name: &DatasetName,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        let wanted = name.clone();
        let find = move |connection: &mut connection::AnyConnection| {
            queries::find(connection, wanted.as_str())
        };
        let Place::Embedded { heads, .. } = &self.place else {
            return Ok(self.read(find).await?.map(Arc::new));
        };
        // A commit that comes between the look-up and the insertion replaces the placeholder, and the insertion fails:
        // a head that a later commit replaced is never remembered.
        let guard = match heads.get_value_or_guard_async(name).await {
            Ok(found) => return Ok(Some(found)),
            Err(guard) => guard,
        };
        Ok(self.read(find).await?.map(|dataset| {
            let dataset = Arc::new(dataset);
            drop(guard.insert(Arc::clone(&dataset)));
            dataset
        }))
    }

    /// The next texts of a run from row `row` on, each with its place in the run.
    pub(super) async fn texts(&self, run: Run, row: u64) -> Result<Vec<(u64, Text)>, StoreError> {
        self.read(move |connection| compaction::read(connection, run, row))
            .await
    }

    pub(super) async fn stage(
        &self,
        run: Run,
        batch: Batch,
        begins: bool,
    ) -> Result<(), StoreError> {
        if begins {
            self.alive.begin_upload(run);
        }
        self.done(Job::Stage { run, batch, begins }).await
    }

    pub(super) fn abandon(&self, run: Run) {
        self.alive.end_upload(run);
        self.leave(Job::Abandon(run));
    }

    pub(super) async fn compacted(
        &self,
        compacted: compaction::Compacted,
    ) -> Result<(), StoreError> {
        let run = compacted.run;
        let outcome = self.job(Job::Compact(compacted)).await;
        self.alive.end_upload(run);
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

    async fn commit(
        &self,
        revisions: Vec<NewRevision>,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Committed>, StoreError> {
        let revisions: Arc<[Described]> = revisions.into_iter().map(Described::from).collect();
        let mut prepared = None;
        for _ in 0..TRIES {
            let commit = Commit {
                revisions: Arc::clone(&revisions),
                prepared: prepared.take(),
                receipt: receipt.clone(),
            };
            match self.job(Job::Commit(commit)).await {
                Ok(Outcome::Committed(all)) => return Ok(all),
                Ok(_) => return Err(StoreError::Worker),
                Err(StoreError::Unprepared) => {
                    for described in revisions.iter() {
                        prepared = self.prepare_append(&described.new).await?;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Busy("the dataset"))
    }

    /// Finds out how the dataset's text goes on with the rows to be appended.
    async fn prepare_append(&self, new: &NewRevision) -> Result<Option<Prepared>, StoreError> {
        let Some(dataset) = self.find_now(&new.name).await? else {
            return Ok(None);
        };
        let _lease = self.lease(&dataset);
        let (id, number) = (dataset.run.dataset, dataset.revision);
        let stored = self
            .read(move |connection| Ok(queries::revision(connection, id, number)?.1))
            .await;
        let before = match stored {
            Ok(Some(stored)) => {
                Tail::decode(&stored).map_err(|e| model::unreadable("end of a text", e))?
            }
            // Without one, or when the revision is gone already: then it is found out once more.
            Ok(None) | Err(StoreError::Database(diesel::result::Error::NotFound)) => {
                let mut tail = Tail::new();
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
            staged = Some(self.read_on(tail, new.run, 1).await?);
        }
        Ok(Some(Prepared {
            made_by: dataset.run.number,
            before,
            staged,
        }))
    }

    /// Reads a run's text from byte `byte` to its end into `tail`, a part at a time.
    async fn read_on(&self, mut tail: Tail, run: Run, byte: u64) -> Result<Tail, StoreError> {
        let mut next = Some(byte);
        while let Some(byte) = next {
            (tail, next) = self
                .read(move |connection| append::read_on(connection, tail, run, byte))
                .await?;
        }
        Ok(tail)
    }

    async fn done(&self, job: Job) -> Result<(), StoreError> {
        self.job(job).await.map(drop)
    }

    /// Has a job done, and waits until it is durable.
    async fn job(&self, job: Job) -> Result<Outcome, StoreError> {
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
    fn leave(&self, job: Job) {
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

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut connection::AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.key()?;
        self.pool.run(read).await
    }

    /// Reads something and unpacks it. What comes out of a file is unpacked on the thread that read it; what comes from
    /// a server, once its connection is free again, since a connection is lent for the time of an answer only.
    async fn fetch<F: Send + 'static, T: Send + 'static>(
        &self,
        fetch: impl FnOnce(&mut connection::AnyConnection) -> Result<Option<F>, StoreError>
        + Send
        + 'static,
        unpack: impl FnOnce(F) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        if !self.is_far() {
            let read = move |connection: &mut connection::AnyConnection| {
                fetch(connection)?.map(unpack).transpose()
            };
            return self.read(read).await;
        }
        match self.read(fetch).await? {
            Some(fetched) => tokio::task::spawn_blocking(move || unpack(fetched).map(Some))
                .await
                .map_err(|_| StoreError::Worker)?,
            None => Ok(None),
        }
    }

    fn context(&self) -> Context {
        Context {
            now: (self.clock)().as_microsecond(),
            keep_revisions: self.keep_revisions,
            leases: Arc::clone(&self.leases),
            holder: self.holder,
        }
    }
}

/// Does a job in a transaction of its own, again if another one was in the way.
fn perform(
    connection: &mut connection::AnyConnection,
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
            Err(StoreError::Database(error)) if postgres::meaning(&error) == Meaning::Again => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Busy("the dataset"))
}

/// What an embedded store does first: nobody is writing, so whatever was being written is given up.
fn begin(
    connection: &mut connection::AnyConnection,
    clock: &Clock,
) -> Result<[u8; 32], StoreError> {
    let now = clock().as_microsecond();
    connection::write(connection, |connection| {
        let abandoned = queries::abandon_uploads(connection, i64::MAX, now)?;
        if abandoned > 0 {
            log::info!("{abandoned} uploads were interrupted by the last stop and will be swept");
        }
        super::idempotency::release_all(connection)?;
        cursor_key(connection)
    })
}

/// Brings the schema of a server up to date, or checks it, and gives the key of its cursors.
fn prepare_far(
    address: &PostgresAddress,
    migrate: Migrate,
    patience: Duration,
) -> Result<[u8; 32], OpenError> {
    let mut connection = postgres::open(address, patience)?;
    let steps = postgres::migrate(&mut connection, address, migrate)?;
    if !steps.unknown.is_empty() {
        log::info!(
            "the schema is of a later release (it has {}); this one works with it",
            steps.unknown.join(", ")
        );
    }
    upkeep::refuse_unfinished(&mut connection, &Address::Postgres(address.clone()))?;
    connection::write(&mut connection, cursor_key).map_err(|error| OpenError::Refused {
        database: address.shown.clone(),
        reason: error.to_string(),
    })
}

fn cursor_key(connection: &mut connection::AnyConnection) -> Result<[u8; 32], StoreError> {
    let mut made = [0; 32];
    made[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    made[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    let key = queries::secret(connection, "cursor", &made)?;
    key.try_into()
        .map_err(|_| model::unreadable("key", "it is not 32 bytes long"))
}
