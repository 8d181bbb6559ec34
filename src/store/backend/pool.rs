//! A pool of connections that requests use on blocking threads. It has as many permits as connections, so tasks wait for a connection
//! and threads don't.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use prometheus::IntCounter;
use tokio::sync::Semaphore;

use super::address::Address;
use super::connection::{self, AnyConnection, ConnectError, Connected};
use super::postgres::connecting;
use super::{dialect, sqlite};
use crate::store::error::StoreError;
use crate::store::metrics::{Load, Waiting};

/// A connection that was used so recently is not tested.
const FRESH: Duration = Duration::from_secs(1);
/// How long a connection to a read-only server is used, before another attempt to find a server that accepts writes.
const READ_ONLY: Duration = Duration::from_secs(2);

/// Makes connections to the address.
#[derive(Debug)]
struct Manager {
    address: Address,
    patience: Duration,
    lost: Lost,
}

/// When a connection was lost last. If the server has gone, the others are lost, too.
#[derive(Debug, Clone, Default)]
struct Lost(Arc<Mutex<Option<Instant>>>);

impl Lost {
    fn note(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// Whether a connection was lost since then.
    fn is_since(&self, then: Instant) -> bool {
        self.lock().is_some_and(|lost| lost >= then)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of the pool.
struct Pooled {
    connection: AnyConnection,
    made: Instant,
    used: Instant,
    read_only: bool,
    broken: bool,
    lost: Lost,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectError;

    fn connect(&self) -> Result<Pooled, ConnectError> {
        let Connected {
            connection,
            read_only,
        } = match &self.address {
            Address::Sqlite(path) => Connected {
                connection: sqlite::opening::open_reader(path)
                    .map_err(|error| ConnectError::passing(&error))?,
                read_only: false,
            },
            Address::Postgres(address) => connecting::connect(address, self.patience)?,
        };
        let now = Instant::now();
        Ok(Pooled {
            connection,
            made: now,
            used: now,
            read_only,
            broken: false,
            lost: self.lost.clone(),
        })
    }

    /// If the server has gone, connections fail only when they are used.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectError> {
        if pooled.read_only && pooled.made.elapsed() > READ_ONLY {
            let reason = "there may be a server that takes writes by now";
            return Err(ConnectError::passing(&reason));
        }
        let is_fresh = pooled.used.elapsed() < FRESH && !self.lost.is_since(pooled.used);
        if matches!(self.address, Address::Sqlite(_)) || is_fresh {
            return Ok(());
        }
        is_alive(&mut pooled.connection).map_err(|error| ConnectError::passing(&error))
    }

    /// Drops a connection whose transaction stayed open after a panic: the connection's next user would continue it.
    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || connection::is_stuck(&mut pooled.connection)
    }
}

fn is_alive(connection: &mut AnyConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT 1").execute(connection).map(drop)
}

/// Keeps r2d2 from logging errors: the request that waits for the connection reports them.
#[derive(Debug)]
struct Quiet;

impl r2d2::HandleError<ConnectError> for Quiet {
    fn handle_error(&self, error: ConnectError) {
        log::debug!("no connection to the store: {error}");
    }
}

/// The pool.
#[derive(Clone)]
pub(super) struct Pool {
    pool: r2d2::Pool<Manager>,
    permits: Arc<Semaphore>,
    /// How much work waits for a permit.
    waiting: Arc<AtomicUsize>,
    patience: Duration,
    is_file: bool,
    /// Counts work that panicked.
    panics: IntCounter,
}

impl Pool {
    pub(super) fn new(
        address: &Address,
        connections: usize,
        patience: Duration,
        panics: IntCounter,
    ) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(u32::try_from(connections).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(patience)
            .error_handler(Box::new(Quiet))
            .build_unchecked(Manager {
                address: address.clone(),
                patience,
                lost: Lost::default(),
            });
        Self {
            pool,
            permits: Arc::new(Semaphore::new(connections)),
            waiting: Arc::default(),
            patience,
            is_file: matches!(address, Address::Sqlite(_)),
            panics,
        }
    }

    /// Does `work` with a connection on a blocking thread. On PostgreSQL, all of it may take `patience`. After that the caller gets an
    /// error, and the work may still complete.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let deadline = tokio::time::Instant::now() + self.patience;
        let waiting = Waiting::new(&self.waiting);
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout_at(deadline, permit)
            .await
            .map_err(|_| StoreError::Busy("a connection"))?
            .map_err(|_| StoreError::Closed)?;
        drop(waiting);
        let (pool, is_file) = (self.pool.clone(), self.is_file);
        let working = tokio::task::spawn_blocking(move || {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let mut pooled = pool.get_timeout(left).map_err(|error| match is_file {
                true => StoreError::Busy("a connection"),
                false => StoreError::Away(Box::new(error)),
            })?;
            let outcome = work(&mut pooled.connection);
            let outcome = if is_file {
                outcome
            } else {
                outcome.map_err(|error| pooled.explain(error))
            };
            pooled.used = Instant::now();
            drop(pooled);
            drop(permit);
            outcome
        });
        let done = if self.is_file {
            working.await
        } else {
            tokio::time::timeout_at(deadline, working)
                .await
                .map_err(|_| StoreError::Slow)?
        };
        done.map_err(|error| {
            if error.is_panic() {
                self.panics.inc();
                StoreError::Panicked
            } else {
                StoreError::Worker
            }
        })?
    }

    /// How long work waits for a connection.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// How much of the pool is in use.
    pub(super) fn load(&self) -> Load {
        let state = self.pool.state();
        let open = usize::try_from(state.connections).unwrap_or(usize::MAX);
        let idle = usize::try_from(state.idle_connections).unwrap_or(usize::MAX);
        Load {
            busy: open.saturating_sub(idle),
            idle,
            waiting: self.waiting.load(Ordering::Relaxed),
            ..Load::default()
        }
    }

    /// Whether the pool was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }

    /// Closes the pool. All further work is refused.
    pub(super) fn close(&self) {
        self.permits.close();
    }
}

impl Pooled {
    /// The store's error for an error of a statement. Drops the connection if it doesn't work any more.
    fn explain(&mut self, error: StoreError) -> StoreError {
        let (explained, lost) = dialect::explain(&self.connection, error);
        self.broken = lost;
        let explained = match explained {
            StoreError::Database(source) if !lost && is_alive(&mut self.connection).is_err() => {
                self.broken = true;
                StoreError::Away(Box::new(source))
            }
            other => other,
        };
        if self.broken {
            self.lost.note();
        }
        explained
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection as _;

    use super::*;
    use crate::store::backend::address::Migrate;

    #[tokio::test]
    async fn a_connection_whose_transaction_was_never_ended_is_used_by_nobody_else() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("flash.db");
        drop(sqlite::opening::open_writer(&path, Migrate::Run).unwrap());
        let panics = IntCounter::new("panics", "panics").unwrap();
        let address = Address::Sqlite(path);
        let pool = Pool::new(&address, 1, Duration::from_secs(60), panics.clone());
        let error = pool
            .run(|connection| -> Result<(), _> {
                use diesel::connection::TransactionManager as _;
                type Transactions = <AnyConnection as Connection>::TransactionManager;
                Transactions::begin_transaction(connection).unwrap();
                panic!("a fault that a test asked for")
            })
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Panicked), "{error:?}");
        assert_eq!(panics.get(), 1);
        // SQLite begins no transaction within another.
        let begun = pool.run(|connection| Ok(connection.batch_execute("BEGIN; ROLLBACK")?));
        begun.await.unwrap();
    }
}
