//! Opening a store: of which kind it is, its schema, and what a store does first.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::alive::Alive;
use super::connection::{self, AnyConnection};
use super::error::{OpenError, StoreError};
use super::figures::Timings;
use super::file_watch::FileWatch;
use super::ids::{Ids, random_key};
use super::inner::{HeadWeight, Heads, Inner, Place};
use super::leases::Leases;
use super::pool::Pool;
use super::postgres::{self, PostgresAddress};
use super::reserve::Reserve;
use super::writer::{Queue, Writer};
use super::{Address, Clock, Migrate, garbage, idempotency, keeper, queries, rows, sqlite, upkeep};

/// How long one statement of a command may take on a server.
pub(super) const COMMAND_PATIENCE: Duration = Duration::from_secs(30);

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
    /// Bytes of text after which a chunk that compaction writes ends at the next end of a record.
    pub block_bytes: usize,
}

/// Opens the store of either kind.
pub(super) fn open(settings: &Settings, clock: Clock) -> Result<Arc<Inner>, OpenError> {
    let ids = Ids::default();
    let holder = ids.next(clock());
    let leases = Arc::new(Leases::default());
    let alive = Arc::new(Alive::default());
    let keep_revisions = i64::try_from(settings.keep_revisions.max(1)).unwrap_or(i64::MAX);
    let cursor_key = OnceLock::new();
    let timings = Timings::new();
    let place = match &settings.address {
        Address::Sqlite(path) => {
            let hold = sqlite::hold(path)?;
            let (mut connection, _) = sqlite::open_writer(path, settings.migrate)?;
            upkeep::refuse_unfinished(&mut connection, &settings.address)?;
            let key = begin(&mut connection, &clock).map_err(|error| OpenError::NotADatabase {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            cursor_key.get_or_init(|| key);
            let heads = Arc::new(Heads::with_weighter(4096, settings.heads_bytes, HeadWeight));
            let writer = Writer {
                connection,
                heads: Arc::clone(&heads),
                leases: Arc::clone(&leases),
                alive: Arc::clone(&alive),
                clock: Arc::clone(&clock),
                batch: settings.commit_batch.max(1),
                keep_revisions,
                holder,
                panics: timings.panics.clone(),
                stopped: Arc::default(),
                files: FileWatch::new(path),
                reserve: Reserve::open(path),
            };
            let queue = Queue::start(writer, hold, settings.queue, settings.patience)
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
            pool: Pool::new(
                &settings.address,
                settings.connections,
                settings.patience,
                timings.panics.clone(),
            ),
            timings,
            leases,
            alive,
            ids,
            clock,
            keep_revisions,
            block_bytes: settings.block_bytes,
            holder,
            hints,
            cursor_key,
        })
    });
    Ok(inner)
}

/// Opens a store that exists and whose schema is up to date, beside whoever serves it: to be read, where it is a file. One
/// that a copy into is not finished is refused, since what is in it will be replaced.
pub(super) fn open_existing(address: &Address) -> Result<AnyConnection, OpenError> {
    let mut connection = match address {
        Address::Sqlite(path) => sqlite::open_existing(path)?,
        Address::Postgres(server) => {
            let mut connected = postgres::open(server, COMMAND_PATIENCE)?;
            postgres::migrate(&mut connected, server, Migrate::Check)?;
            connected.connection
        }
    };
    upkeep::refuse_unfinished(&mut connection, address)?;
    Ok(connection)
}

/// What an embedded store does first: nobody is writing, so whatever was being written is given up.
fn begin(connection: &mut AnyConnection, clock: &Clock) -> Result<[u8; 32], StoreError> {
    let now = clock().as_microsecond();
    connection::write(connection, |connection| {
        let abandoned = garbage::abandon_uploads(connection, i64::MAX, now)?;
        if abandoned > 0 {
            log::info!("{abandoned} uploads were interrupted by the last stop and will be swept");
        }
        idempotency::release_all(connection)?;
        cursor_key(connection)
    })
}

/// Brings the schema of a server up to date, or checks it, and gives the key of its cursors.
pub(super) fn prepare_far(
    address: &PostgresAddress,
    migrate: Migrate,
    patience: Duration,
) -> Result<[u8; 32], OpenError> {
    let mut connected = postgres::open(address, patience)?;
    let steps = postgres::migrate(&mut connected, address, migrate)?;
    let mut connection = connected.connection;
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

fn cursor_key(connection: &mut AnyConnection) -> Result<[u8; 32], StoreError> {
    let key = queries::secret(connection, "cursor", &random_key())?;
    key.try_into()
        .map_err(|_| rows::unreadable("key", "it is not 32 bytes long"))
}
