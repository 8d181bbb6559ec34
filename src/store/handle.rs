//! The handle on the store that everybody else has: what can be asked of it, and the remembered heads of datasets.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::error::{OpenError, StoreError};
use super::ids::Ids;
use super::leases::{Lease, Leases};
use super::model::{self, Batch, Committed, Dataset, Described, NewRevision, Run, Text, Write};
use super::readers::Readers;
use super::writer::{Job, Order, Outcome, Writer};
use super::{blocks, queries, sqlite};
use crate::dataset::DatasetName;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The SQLite file. It is made when it is missing; its folder must exist.
    pub path: PathBuf,
    /// Connections that read.
    pub readers: usize,
    /// How long a request waits for a connection, or for a place in the writer's queue.
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

struct Inner {
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    places: Arc<Semaphore>,
    readers: Readers,
    heads: Arc<Heads>,
    leases: Arc<Leases>,
    ids: Ids,
    clock: Clock,
    patience: Duration,
    cursor_key: [u8; 32],
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file, holds it against other processes, brings its schema up to date and starts the writer. Blocks:
    /// it is meant for the start of the program.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let hold = sqlite::hold(&settings.path)?;
        let mut connection = sqlite::open_writer(&settings.path)?;
        let now = clock().as_microsecond();
        let made: [u8; 32] = random_key();
        let key = connection
            .immediate_transaction(|connection| {
                let abandoned = queries::abandon_uploads(connection, now)?;
                if abandoned > 0 {
                    log::info!(
                        "{abandoned} uploads were interrupted by the last stop and will be swept"
                    );
                }
                queries::secret(connection, "cursor", &made)
            })
            .map_err(|error: diesel::result::Error| OpenError::NotADatabase {
                path: settings.path.clone(),
                reason: error.to_string(),
            })?;
        let heads = Arc::new(Heads::with_weighter(4096, settings.heads_bytes, HeadWeight));
        let leases = Arc::new(Leases::default());
        let (sender, thread) = Writer {
            connection,
            hold,
            heads: Arc::clone(&heads),
            leases: Arc::clone(&leases),
            clock: Arc::clone(&clock),
            batch: settings.commit_batch.max(1),
            keep_revisions: i64::try_from(settings.keep_revisions.max(1)).unwrap_or(i64::MAX),
        }
        .start()
        .map_err(OpenError::Thread)?;
        Ok(Self {
            inner: Arc::new(Inner {
                orders: Mutex::new(Some(sender)),
                thread: Mutex::new(Some(thread)),
                places: Arc::new(Semaphore::new(settings.queue)),
                readers: Readers::new(&settings.path, settings),
                heads,
                leases,
                ids: Ids::default(),
                clock,
                patience: settings.patience,
                cursor_key: key.try_into().unwrap_or(made),
            }),
        })
    }

    /// The key under which cursors are signed; every server of one store has the same.
    pub fn cursor_key(&self) -> &[u8; 32] {
        &self.inner.cursor_key
    }

    /// A run for an upload to `name`: of the dataset that has the name now, else of one that is yet to be made.
    pub async fn begin(&self, name: &DatasetName, write: Write) -> Result<Run, StoreError> {
        let now = (self.inner.clock)();
        let dataset = match write {
            Write::Create => None,
            Write::Put => self.find(name).await?.map(|dataset| dataset.run.dataset),
        };
        let number = self.inner.ids.next(now);
        Ok(Run {
            dataset: dataset.unwrap_or(number),
            number,
        })
    }

    /// Writes a part of a run. It is durable afterwards, and unreachable until the run is committed.
    pub async fn stage(&self, run: Run, batch: Batch, begins: bool) -> Result<(), StoreError> {
        self.order(Job::Stage { run, batch, begins })
            .await
            .map(drop)
    }

    /// Commits revisions, all or none. They are durable and visible afterwards.
    pub async fn commit(&self, revisions: Vec<NewRevision>) -> Result<Vec<Committed>, StoreError> {
        let described = revisions.into_iter().map(Described::from).collect();
        match self.order(Job::Commit(described)).await? {
            Outcome::Committed(all) => Ok(all),
            Outcome::Done => Err(StoreError::Worker),
        }
    }

    /// Removes a dataset with all its revisions.
    pub async fn delete(&self, name: &DatasetName) -> Result<(), StoreError> {
        self.order(Job::Delete(name.clone())).await.map(drop)
    }

    /// Says that a staged run will never be committed. Does not wait.
    pub fn abandon(&self, run: Run) {
        // When the store is closed already, the next start sweeps the run.
        drop(self.send(Order {
            job: Job::Abandon(run),
            reply: None,
            place: None,
        }));
    }

    /// The dataset of that name.
    pub async fn find(&self, name: &DatasetName) -> Result<Option<Arc<Dataset>>, StoreError> {
        let inner = &self.inner;
        // A commit that comes between the look-up and the insertion replaces the placeholder, and the insertion fails:
        // a head that a later commit replaced is never remembered.
        let guard = match inner.heads.get_value_or_guard_async(name).await {
            Ok(found) => return Ok(Some(found)),
            Err(guard) => guard,
        };
        let wanted = name.clone();
        let found = inner
            .readers
            .run(move |connection| queries::find(connection, wanted.as_str()))
            .await?;
        Ok(found.map(|dataset| {
            let dataset = Arc::new(dataset);
            drop(guard.insert(Arc::clone(&dataset)));
            dataset
        }))
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
            .readers
            .run(move |connection| queries::find_revision(connection, id, number))
            .await?;
        Ok(found.map(Arc::new))
    }

    /// At most `limit` datasets by name: those after `after`, less the first `skip`.
    pub async fn list(
        &self,
        after: Option<DatasetName>,
        skip: u64,
        limit: u32,
    ) -> Result<Vec<Dataset>, StoreError> {
        self.inner
            .readers
            .run(move |connection| {
                let after = after.as_ref().map(DatasetName::as_str);
                queries::list(connection, after, model::to_db(skip), i64::from(limit))
            })
            .await
    }

    /// How many datasets there are.
    pub async fn count(&self) -> Result<u64, StoreError> {
        self.inner
            .readers
            .run(|connection| Ok(model::from_db(queries::count(connection)?)))
            .await
    }

    /// Keeps the run from being swept as long as the lease lives.
    pub fn lease(&self, run: Run) -> Lease {
        self.inner.leases.take(run)
    }

    /// The chunk that holds row `row`, unpacked and checked. `then` goes on with it on the same thread.
    pub async fn chunk_at_row<T: Send + 'static>(
        &self,
        run: Run,
        row: u64,
        then: impl FnOnce(Text) -> T + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.inner
            .readers
            .run(move |connection| {
                let found = queries::chunk_at_row(connection, run, row)?;
                found
                    .map(|(place, block)| blocks::read_chunk(run, &place, &block).map(then))
                    .transpose()
            })
            .await
    }

    /// A piece of the source from byte `byte` on: the rest of the chunk or block that holds it.
    pub async fn source_at(
        &self,
        dataset: &Dataset,
        byte: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (run, transcoded) = (dataset.run, dataset.transcoded);
        self.inner
            .readers
            .run(move |connection| {
                let found = match transcoded {
                    true => queries::source_at_byte(connection, run, byte)?,
                    false => queries::text_at_byte(connection, run, byte)?,
                };
                let Some(block) = found else { return Ok(None) };
                let first = model::from_db(block.first_byte);
                let bytes = blocks::unpack(run, &block)?;
                let skip = usize::try_from(byte - first).unwrap_or(usize::MAX);
                Ok((skip < bytes.len()).then(|| bytes[skip..].to_vec()))
            })
            .await
    }

    /// Answers when the store can be read.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner
            .readers
            .run(|connection| Ok(queries::ping(connection)?))
            .await
    }

    /// Finishes what waits to be written, writes the log back into the database and lets the file go.
    pub async fn close(&self) {
        self.inner.readers.close();
        let sender = self
            .inner
            .orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(sender);
        let thread = self
            .inner
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && tokio::task::spawn_blocking(move || thread.join())
                .await
                .is_err()
        {
            log::error!("the store's writer could not be joined");
        }
    }

    async fn order(&self, job: Job) -> Result<Outcome, StoreError> {
        let place = self.place().await?;
        let (reply, answer) = oneshot::channel();
        self.send(Order {
            job,
            reply: Some(reply),
            place: Some(place),
        })?;
        answer.await.map_err(|_| StoreError::Worker)?
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        tokio::time::timeout(
            self.inner.patience,
            Arc::clone(&self.inner.places).acquire_owned(),
        )
        .await
        .map_err(|_| StoreError::Busy("a place in the writer's queue"))?
        .map_err(|_| StoreError::Closed)
    }

    fn send(&self, order: Order) -> Result<(), StoreError> {
        let orders = self
            .inner
            .orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        orders
            .as_ref()
            .ok_or(StoreError::Closed)?
            .send(order)
            .map_err(|_| StoreError::Worker)
    }
}

fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key
}
