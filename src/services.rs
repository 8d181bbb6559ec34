//! The service container: what handlers share, built once at start and handed to every filter as one `Arc`.
//!
//! A test builds its own, with another store or a clock it can move. There are no globals.

pub mod announcing;
mod cache;
pub mod clients;
mod clock;
pub mod memory;
pub mod metrics;
mod notify;
pub mod parquet;
mod permits;
pub mod rate_limit;
pub mod readers;
pub mod retirement;
pub mod search;
pub mod summary;
mod tally;
mod upload;
pub mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

pub use cache::{Cache, CachedResponse, ExportKey, Page, PageKey};
pub use clients::Clients;
pub use clock::Clock;
pub use memory::Memory;
pub use metrics::Metrics;
pub use permits::{FairPermits, Permit, PermitOwner};
pub use rate_limit::RateLimits;
pub use readers::{NamedColumns, Readers};
pub use upload::{BadRows, Form, Prepared, Upload, UploadError};
pub use usage::Usage;

use parquet::makings::Makings;

use crate::dataset::SchemaChanges;
use crate::settings::{self, Database, MigrateMode, Settings};
use crate::store::{
    self, Address, Committed, Migrate, OpenError, PostgresAddress, Receipt, Store, StoreError,
};
use crate::versioning::Catalogue;

/// Everything that serving a request needs besides the request.
#[derive(Debug)]
pub struct Services {
    /// The operator's settings.
    pub settings: Settings,
    /// The datasets.
    pub store: Store,
    /// The versions of the API.
    pub catalogue: Catalogue,
    /// The time.
    pub clock: Clock,
    /// The budget of bytes held for clients.
    pub memory: Arc<Memory>,
    /// Cached pages, texts and index pages.
    pub cache: Cache,
    /// The rate limits of callers, if there are any.
    pub rate_limits: Option<RateLimits>,
    /// Keys of clients, cached.
    pub clients: Clients,
    /// Counts of requests per client.
    pub usage: Usage,
    /// Reads per dataset and client.
    pub readers: Readers,
    /// Parquet files that are being made.
    parquet: Makings,
    /// Metrics for Prometheus.
    pub metrics: Arc<Metrics>,
    /// Permits for uploads, except those that are small enough to be stored at once.
    uploads: Arc<FairPermits>,
    /// Permits for analysing raw blocks of uploads: one per core.
    workers: Arc<Semaphore>,
    /// Permits for scanning groups of blocks: one per core.
    scans: Arc<Semaphore>,
    cores: usize,
    draining: AtomicBool,
}

impl Services {
    /// Opens the store that the settings name, and builds the services. It blocks the thread, so call it at the start only.
    pub fn open(
        settings: Settings,
        catalogue: Catalogue,
        clock: Clock,
    ) -> Result<Arc<Self>, OpenError> {
        let store = Store::open(&store_settings(&settings), clock.to_fn())?;
        Ok(Self::new(settings, store, catalogue, clock))
    }

    /// Builds the services around an open store.
    pub fn new(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> Arc<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = Memory::new(
            settings.memory.total,
            settings.memory.cache,
            settings.timeouts.store_timeout,
            settings.timeouts.write_timeout,
        );
        // A permit for an upload comes with its memory, so both are shared fairly.
        let uploads = memory.capacity_for(memory::Kind::Uploads, upload::UPLOAD);
        Arc::new(Self {
            cache: Cache::new(settings.memory.cache, settings.timeouts.query_timeout),
            uploads: FairPermits::new(settings.limits.max_uploads.min(uploads)),
            memory,
            workers: Arc::new(Semaphore::new(cores)),
            scans: Arc::new(Semaphore::new(cores)),
            cores,
            draining: AtomicBool::new(false),
            parquet: Makings::default(),
            rate_limits: settings.rate_limit.map(RateLimits::new),
            clients: Clients::new(store.clone()),
            usage: Usage::new(settings.count_usage),
            readers: Readers::new(settings.count_usage),
            metrics: Arc::new(Metrics::new(&catalogue, store.collectors())),
            settings,
            store,
            catalogue,
            clock,
        })
    }

    /// Commits uploads, all or none. They are durable and visible afterwards.
    pub async fn commit(
        &self,
        prepared: Vec<Prepared>,
        receipt: Option<Receipt<[Committed]>>,
    ) -> Result<Vec<Committed>, StoreError> {
        let (revisions, mut guards): (Vec<_>, Vec<_>) =
            prepared.into_iter().map(Prepared::into_parts).unzip();
        let committed = self.store.commit(revisions, receipt).await?;
        guards.iter_mut().for_each(upload::Abandon::disarm);
        Ok(committed)
    }

    /// Does all of a commit but keep it. Returns what it would have made.
    pub async fn rehearse(&self, prepared: Vec<Prepared>) -> Result<Vec<Committed>, StoreError> {
        let (revisions, guards): (Vec<_>, Vec<_>) =
            prepared.into_iter().map(Prepared::into_parts).unzip();
        let rehearsed = self.store.rehearse(revisions).await;
        // What was staged is abandoned.
        drop(guards);
        rehearsed
    }

    /// Hands usage counts to the store regularly, until the services are dropped.
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

    /// Hands usage counts to the store and to the metrics, and reads to the store.
    pub async fn hand_usage_over(&self) -> Result<(), StoreError> {
        if self.usage.default_is_to_note() {
            let default = self.catalogue.first();
            self.store.note_default_served(default).await?;
            self.usage.default_is_noted();
        }
        let notices: usage::MakeNotices<'_> =
            &|counts, clients| self.notices_of_refusals(counts, clients);
        let usage = &self.usage;
        usage.hand_over(&self.store, &self.metrics, notices).await?;
        self.readers.hand_over(&self.store).await
    }

    /// Gives memory back to the system now and then: when clients hold much less of it than before, when the process has become
    /// much larger, and from time to time while it is large, since buffers of connections are not counted.
    pub fn give_memory_back(self: &Arc<Self>) {
        let memory = Arc::downgrade(&self.memory);
        tokio::spawn(async move {
            let at_rest = memory::resident().unwrap_or_default();
            let (mut least, mut looks) = (at_rest, 0);
            loop {
                tokio::time::sleep(GIVE_BACK).await;
                let Some(memory) = memory.upgrade() else {
                    return;
                };
                let resident = memory::resident().unwrap_or_default();
                let is_larger = |than| resident > than + memory::WORTH_GIVING_BACK;
                looks += 1;
                let is_due = looks >= LOOKS_WHILE_LARGE && is_larger(at_rest);
                if memory.has_ebbed() || is_larger(least) || is_due {
                    // This takes some milliseconds. If the runtime ends meanwhile, so does the process.
                    drop(tokio::task::spawn_blocking(memory::give_back).await);
                    least = memory::resident().unwrap_or_default();
                    looks = 0;
                } else {
                    least = least.min(resident);
                }
            }
        });
    }

    /// Logs a warning, once the store answers, for each version with an end date that clients still use.
    pub fn warn_of_users(self: &Arc<Self>) {
        let services = Arc::clone(self);
        tokio::spawn(async move { retirement::warn(&services).await });
    }

    /// Notes that the server is about to stop: it is not ready for new clients any more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether new clients should be sent here: the store answers and the server is not about to stop.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.draining.load(Ordering::Acquire) {
            return Err(NotReady::Draining);
        }
        // A readiness probe has a short time-out, so a slow store counts as not ready.
        match tokio::time::timeout(READY, self.store.ping()).await {
            Ok(answer) => answer.map_err(NotReady::Store),
            Err(_) => Err(NotReady::Store(StoreError::Slow)),
        }
    }
}

/// Why the server is not ready for new clients.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The server is about to stop.
    #[error("draining")]
    Draining,
    /// The store does not answer.
    #[error("the store does not answer")]
    Store(#[source] StoreError),
}

/// How long the store may take to answer a readiness probe.
const READY: Duration = Duration::from_millis(800);
/// How often to check whether memory can be returned to the system.
const GIVE_BACK: Duration = Duration::from_secs(2);
/// Looks at a large process after which it gives memory back in any case.
const LOOKS_WHILE_LARGE: u32 = 5;
/// How often usage counts are handed to the store.
const HAND_OVER: Duration = Duration::from_secs(5);
/// How many jobs may wait for the writer before requests are refused because the store is busy.
const WRITE_QUEUE: usize = 1024;
/// How many bytes of memory the heads of datasets may take.
const HEADS_BYTES: u64 = 4 << 20;

/// The store's settings.
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
        schema_changes: match settings.store.schema_changes {
            settings::SchemaChanges::Any => SchemaChanges::Any,
            settings::SchemaChanges::Additive => SchemaChanges::Additive,
            settings::SchemaChanges::None => SchemaChanges::None,
        },
        heads_bytes: HEADS_BYTES,
        block_bytes: settings.store.blocks.block_bytes,
        columns: store::ColumnSizes {
            group_rows: settings.store.blocks.group_rows,
            least_rows: settings.store.blocks.columns_from,
        },
    }
}

/// The address of a database, in the store's type.
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
