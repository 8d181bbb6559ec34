//! The service container: what handlers share, built once at start and handed to every filter as one `Arc`.
//!
//! A test builds its own, with another store or a clock it can move. There are no globals.

mod cache;
pub mod clients;
mod clock;
pub mod memory;
pub mod metrics;
mod permits;
pub mod retirement;
pub mod search;
pub mod summary;
mod upload;
pub mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

pub use cache::{Cache, CachedResponse, Page, PageKey};
pub use clients::Clients;
pub use clock::Clock;
pub use memory::Memory;
pub use metrics::Metrics;
pub use permits::{FairPermits, Permit, PermitOwner};
pub use upload::{Form, Prepared, Upload, UploadError};
pub use usage::Usage;

use crate::settings::{Database, MigrateMode, Settings};
use crate::store::{
    self, Address, Committed, Migrate, OpenError, PostgresAddress, Receipt, Store, StoreError,
};
use crate::versioning::Catalogue;

/// Everything that serving a request needs and that is not in the request.
#[derive(Debug)]
pub struct Services {
    /// What the operator set.
    pub settings: Settings,
    /// Where datasets rest.
    pub store: Store,
    /// The versions there are.
    pub catalogue: Catalogue,
    /// What time it is.
    pub clock: Clock,
    /// Bytes that may be held for clients.
    pub memory: Arc<Memory>,
    /// What was read lately.
    pub cache: Cache,
    /// Who calls.
    pub clients: Clients,
    /// Who calls what.
    pub usage: Usage,
    /// What is told to whoever watches.
    pub metrics: Arc<Metrics>,
    /// FairPermits for uploads being received, beyond those small enough to be taken in at once.
    uploads: Arc<FairPermits>,
    /// FairPermits for raw blocks of uploads being analysed: one a core.
    workers: Arc<Semaphore>,
    /// FairPermits for groups of blocks being looked through: one a core.
    scans: Arc<Semaphore>,
    cores: usize,
    draining: AtomicBool,
}

impl Services {
    /// Opens the store that the settings name and puts everything together. Blocks: it is meant for the start.
    pub fn open(
        settings: Settings,
        catalogue: Catalogue,
        clock: Clock,
    ) -> Result<Arc<Self>, OpenError> {
        let store = Store::open(&store_settings(&settings), clock.to_fn())?;
        Ok(Self::new(settings, store, catalogue, clock))
    }

    /// Puts the services together around a store that is open.
    pub fn new(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = Memory::new(
            settings.memory.total,
            settings.memory.cache,
            settings.timeouts.store_timeout,
            settings.timeouts.write_timeout,
        );
        // Whoever gets a place gets the memory that goes with it, so that the shares of places hold for memory too.
        let uploads = memory.capacity_for(memory::Kind::Uploads, upload::UPLOAD);
        Arc::new(Self {
            cache: Cache::new(settings.memory.cache, settings.timeouts.query_timeout),
            uploads: FairPermits::new(settings.limits.max_uploads.min(uploads)),
            memory,
            workers: Arc::new(Semaphore::new(cores)),
            scans: Arc::new(Semaphore::new(cores)),
            cores,
            draining: AtomicBool::new(false),
            clients: Clients::new(store.clone()),
            usage: Usage::new(settings.count_usage),
            metrics: Arc::new(Metrics::new(&catalogue, store.collectors())),
            settings,
            store,
            catalogue,
            clock,
        })
    }

    /// Commits what was uploaded, all or none. It is durable and visible afterwards.
    pub async fn commit(
        &self,
        prepared: Vec<Prepared>,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Committed>, StoreError> {
        let (revisions, mut guards): (Vec<_>, Vec<_>) =
            prepared.into_iter().map(Prepared::into_parts).unzip();
        let committed = self.store.commit(revisions, receipt).await?;
        guards.iter_mut().for_each(upload::Abandon::disarm);
        Ok(committed)
    }

    /// Hands what was counted to the store now and then, as long as somebody has the services.
    pub fn keep_usage(self: &Arc<Self>) {
        let services = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(HAND_OVER).await;
                let Some(services) = services.upgrade() else {
                    return;
                };
                match services.hand_usage_over().await {
                    Ok(()) => {}
                    Err(StoreError::Closed) => return,
                    Err(error) => log::debug!("usage is handed over later: {error}"),
                }
            }
        });
    }

    /// Hands what was counted to the store, and to whoever watches.
    pub async fn hand_usage_over(&self) -> Result<(), StoreError> {
        self.usage.hand_over(&self.store, &self.metrics).await
    }

    /// Gives memory back to the system now and then: when much less of it is held than before, and when the process has
    /// become much larger.
    pub fn give_memory_back(self: &Arc<Self>) {
        let memory = Arc::downgrade(&self.memory);
        tokio::spawn(async move {
            let mut least = memory::resident().unwrap_or_default();
            loop {
                tokio::time::sleep(GIVE_BACK).await;
                let Some(memory) = memory.upgrade() else {
                    return;
                };
                let resident = memory::resident().unwrap_or_default();
                let has_grown = resident > least + memory::WORTH_GIVING_BACK;
                if memory.has_ebbed() || has_grown {
                    // It takes some milliseconds; if the runtime ends meanwhile, so does the process.
                    drop(tokio::task::spawn_blocking(memory::give_back).await);
                    least = memory::resident().unwrap_or_default();
                } else {
                    least = least.min(resident);
                }
            }
        });
    }

    /// Warns, once the store answers, of versions that are to be retired while somebody uses them.
    pub fn warn_of_users(self: &Arc<Self>) {
        let services = Arc::clone(self);
        tokio::spawn(async move { retirement::warn(&services).await });
    }

    /// Says that the server is about to stop: it is no longer ready for new clients.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether new clients should be sent here: the store answers and the server is not about to stop.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.draining.load(Ordering::Acquire) {
            return Err(NotReady::Draining);
        }
        // Whoever asks has little patience: a store that is slow to answer is none to send clients to.
        match tokio::time::timeout(READY, self.store.ping()).await {
            Ok(answer) => answer.map_err(NotReady::Store),
            Err(_) => Err(NotReady::Store(StoreError::Slow)),
        }
    }
}

/// Why no new clients should be sent here.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The server is about to stop.
    #[error("draining")]
    Draining,
    /// The store does not answer.
    #[error("the store does not answer")]
    Store(#[source] StoreError),
}

/// How long the store may take to answer when somebody asks whether it is ready.
const READY: Duration = Duration::from_millis(800);
/// How often is looked whether there is memory to be given back.
const GIVE_BACK: Duration = Duration::from_secs(2);
/// How often what was counted is handed to the store.
const HAND_OVER: Duration = Duration::from_secs(5);
/// Jobs that may wait for the writer before requests are told that the store is busy.
const WRITE_QUEUE: usize = 1024;
/// Bytes that descriptions of datasets may take in memory.
const HEADS_BYTES: u64 = 4 << 20;

/// How the store is opened that the settings name.
pub fn store_settings(settings: &Settings) -> store::Settings {
    store::Settings {
        address: address(&settings.database),
        migrate: match settings.store.migrate {
            MigrateMode::Auto => Migrate::Run,
            MigrateMode::Off => Migrate::Check,
        },
        wait: true,
        connections: settings.connections(),
        patience: settings.timeouts.store_timeout,
        queue: WRITE_QUEUE,
        commit_batch: settings.store.commit_batch,
        keep_revisions: settings.store.keep_revisions,
        heads_bytes: HEADS_BYTES,
        block_bytes: settings.store.blocks.block_bytes,
    }
}

/// The address of a database as the store takes it.
pub fn address(database: &Database) -> Address {
    match database {
        Database::Sqlite(path) => Address::Sqlite(path.clone()),
        Database::Postgres(url) => Address::Postgres(PostgresAddress {
            url: url.as_str().to_owned(),
            shown: url.to_string(),
            secrets: url.secrets(),
        }),
    }
}
