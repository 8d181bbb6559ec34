//! The open database: the interface that the rest of the store uses.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::address::Address;
use super::connection::{AnyConnection, Begin};
use super::dialect;
use super::heads::{FindHeads, Heads};
use super::pool::Pool;
use super::postgres::grouped::Grouped;
use super::postgres::server::{self, Server};
use super::seen_switch::SeenSwitch;
use super::sqlite::database::Database as SqliteFile;
use super::write::{Transaction, WriteError, WriteOptions};
use crate::dataset::DatasetName;
use crate::store::error::{OpenError, StoreError};
use crate::store::metrics::{Load, Timings};
use crate::store::model::{Clock, Dataset};
use crate::store::settings::Settings;

/// An open database.
pub(crate) struct Backend {
    database: Database,
    pool: Pool,
    pub timings: Timings,
    clock: Clock,
    /// The switch for writes, as this server last read it.
    pub switch: SeenSwitch,
    find: FindHeads,
    /// The key that signs cursors, once the schema is known to be up to date.
    key: OnceLock<[u8; 32]>,
    preparing: tokio::sync::Mutex<()>,
}

/// The database.
enum Database {
    Sqlite(SqliteFile),
    Postgres(Shared),
}

/// A PostgreSQL server, with the look-ups of newest revisions.
struct Shared {
    server: Server,
    heads: Arc<Heads>,
    look_ups: Grouped<DatasetName, Arc<Dataset>>,
}

/// How often the maintenance of a database is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The pause of collection if there is nothing to collect.
    pub collect: Duration,
    /// How often this process reports what is in flight. `None`: no other process uses the database.
    pub report: Option<Duration>,
}

impl Backend {
    /// Opens the database of the settings. Blocks the thread.
    pub(crate) fn open(
        settings: &Settings,
        clock: Clock,
        begin: Begin,
        find: FindHeads,
    ) -> Result<Self, OpenError> {
        let timings = Timings::new();
        let key = OnceLock::new();
        let pool = Pool::new(
            &settings.address,
            settings.connections,
            settings.patience,
            timings.panics.clone(),
        );
        let database = match &settings.address {
            Address::Sqlite(path) => {
                let panics = timings.panics.clone();
                let (file, found) = SqliteFile::open(path, settings, &clock, begin, panics)?;
                key.get_or_init(|| found);
                Database::Sqlite(file)
            }
            Address::Postgres(address) => {
                let server = Server::new(address.clone(), settings, begin);
                match server.prepare() {
                    Ok(found) => drop(key.get_or_init(|| found)),
                    Err(away @ OpenError::Away { .. }) if settings.wait => {
                        log::warn!("{away}; it is tried again until it answers");
                    }
                    Err(error) => return Err(error),
                }
                let heads = Arc::new(Heads::new(settings.heads_bytes));
                let cached = Arc::clone(&heads);
                let look_ups = Grouped::new(pool.clone(), move |connection, names| {
                    find(connection, names, &cached)
                });
                Database::Postgres(Shared {
                    server,
                    heads,
                    look_ups,
                })
            }
        };
        Ok(Self {
            database,
            pool,
            timings,
            clock,
            switch: SeenSwitch::default(),
            find,
            key,
            preparing: tokio::sync::Mutex::new(()),
        })
    }

    /// The key that signs cursors. It is missing while the database has not answered since the start.
    pub(crate) fn key(&self) -> Result<&[u8; 32], StoreError> {
        self.key
            .get()
            .ok_or_else(|| StoreError::Away("it has not answered since the start".into()))
    }

    /// Prepares a database that was away at the start.
    pub(crate) async fn prepare(&self) -> Result<(), OpenError> {
        let Database::Postgres(Shared { server, .. }) = &self.database else {
            return Ok(());
        };
        if self.key.get().is_some() {
            return Ok(());
        }
        let _alone = self.preparing.lock().await;
        let server = server.clone();
        let prepared = tokio::task::spawn_blocking(move || server.prepare());
        let key = prepared.await.map_err(|_| OpenError::Worker)??;
        self.key.get_or_init(|| key);
        log::info!("the database answers; the store is ready");
        Ok(())
    }

    /// Does a write in a transaction, and waits until it is durable. `work` may be called more than once, each time in a new
    /// transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        options: WriteOptions,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.key()?;
        let _timing = self.timings.of_writes();
        match &self.database {
            Database::Sqlite(file) => file.queue.write(options, work).await,
            Database::Postgres(shared) => {
                let begin = Arc::clone(&shared.server.begins_with);
                write_in_turn(&self.pool, &self.clock, begin, &self.switch, options, work).await
            }
        }
    }

    /// Does a write later, without waiting for it. It is lost if the process ends before.
    pub(crate) fn write_later(
        &self,
        options: WriteOptions,
        work: impl Fn(&mut Transaction<'_>) -> Result<(), WriteError> + Send + 'static,
    ) {
        match &self.database {
            Database::Sqlite(file) => file.queue.write_later(options, work),
            Database::Postgres(shared) => {
                let (pool, clock) = (self.pool.clone(), Arc::clone(&self.clock));
                let begin = Arc::clone(&shared.server.begins_with);
                let switch = self.switch.clone();
                // Without a runtime, other servers do it when this one's heartbeats end.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        let done =
                            write_in_turn(&pool, &clock, begin, &switch, options, work).await;
                        if let Err(error) = done {
                            log::debug!("left for other servers to tidy up: {error}");
                        }
                    });
                }
            }
        }
    }

    /// Reads on a blocking thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.key()?;
        if let Database::Sqlite(file) = &self.database {
            file.queue.check_files()?;
        }
        let _timing = self.timings.of_reads();
        self.pool.run(read).await
    }

    /// Reads something and unpacks it. With SQLite, the same thread does both. With PostgreSQL, the connection is returned to the pool
    /// before unpacking.
    pub(crate) async fn fetch<F: Send + 'static, T: Send + 'static>(
        &self,
        fetch: impl FnOnce(&mut AnyConnection) -> Result<Option<F>, StoreError> + Send + 'static,
        unpack: impl FnOnce(F) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        match &self.database {
            Database::Sqlite(_) => {
                self.read(move |connection| fetch(connection)?.map(unpack).transpose())
                    .await
            }
            Database::Postgres(_) => match self.read(fetch).await? {
                Some(fetched) => tokio::task::spawn_blocking(move || unpack(fetched).map(Some))
                    .await
                    .map_err(|_| StoreError::Worker)?,
                None => Ok(None),
            },
        }
    }

    /// The dataset as of its newest revision, if that is known without asking the database.
    pub(crate) fn known_head(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        match &self.database {
            Database::Sqlite(file) => file.heads.get(name),
            Database::Postgres(_) => None,
        }
    }

    /// Whether no other process can change newest revisions.
    pub(crate) fn knows_heads(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// The dataset as it was when it was read last, if that is cached. It may have changed since.
    pub(crate) fn seen_head(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        match &self.database {
            Database::Sqlite(file) => file.heads.get(name),
            Database::Postgres(shared) => shared.heads.get(name),
        }
    }

    /// Reads the dataset as of its newest revision.
    pub(crate) async fn look_up_head(
        &self,
        name: &DatasetName,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        match &self.database {
            Database::Sqlite(file) => {
                let (find, patience) = (self.find, self.pool.patience());
                let (wanted, heads) = (name.clone(), Arc::clone(&file.heads));
                let read = self.read(move |connection| {
                    let found = find(connection, &[wanted], &heads)?;
                    found.into_iter().next().map(|(_, found)| found).transpose()
                });
                file.heads.look_up(name, patience, read).await
            }
            Database::Postgres(shared) => {
                self.key()?;
                let _timing = self.timings.of_reads();
                shared.look_ups.look_up(name.clone()).await
            }
        }
    }

    /// Whether a statement that is a transaction of its own makes a write faster.
    pub(crate) fn writes_alone(&self) -> bool {
        matches!(&self.database, Database::Postgres(shared) if !shared.server.is_pooled())
    }

    /// Writes by one statement, which is a transaction of its own. Returns what it says; `None`: it collided with another one.
    pub(crate) async fn write_alone<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.key()?;
        let _timing = self.timings.of_writes();
        match self.pool.run(write).await {
            Err(error) if dialect::may_repeat(&error) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// How often maintenance is due.
    pub(crate) fn pace(&self) -> Pace {
        match &self.database {
            Database::Sqlite(_) => Pace {
                collect: Duration::from_secs(1),
                report: None,
            },
            Database::Postgres(_) => Pace {
                collect: Duration::from_secs(5),
                report: Some(Duration::from_secs(15)),
            },
        }
    }

    /// How much of the database is in use.
    pub(crate) fn load(&self) -> Load {
        let queued = match &self.database {
            Database::Sqlite(file) => file.queue.waiting(),
            Database::Postgres(_) => 0,
        };
        Load {
            queued,
            ..self.pool.load()
        }
    }

    /// Whether this process can still use the database. An error is permanent: only a new process can recover.
    pub(crate) fn health(&self) -> Result<(), StoreError> {
        match &self.database {
            Database::Sqlite(file) => file.queue.health(),
            Database::Postgres(_) => Ok(()),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Finishes all waiting writes and closes the database.
    pub(crate) async fn close(&self) {
        self.pool.close();
        if let Database::Sqlite(file) = &self.database {
            file.queue.close().await;
        }
    }
}

/// Does a write in a transaction of its own on a connection of the pool.
async fn write_in_turn<T: Send + 'static>(
    pool: &Pool,
    clock: &Clock,
    begin: Arc<str>,
    switch: &SeenSwitch,
    options: WriteOptions,
    work: impl Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send + 'static,
) -> Result<T, StoreError> {
    let now = clock().as_microsecond();
    let switch = switch.clone();
    pool.run(move |connection| server::write(connection, &begin, options, now, &switch, &work))
        .await
}
