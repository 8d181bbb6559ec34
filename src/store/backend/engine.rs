//! The open database: the interface that the rest of the store uses.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::address::Address;
use super::connection::{AnyConnection, Begin};
use super::pool::Pool;
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
    /// The key that signs cursors, once the schema is known to be up to date.
    key: OnceLock<[u8; 32]>,
    preparing: tokio::sync::Mutex<()>,
}

/// The database.
enum Database {
    Sqlite(SqliteFile),
    Postgres(Server),
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
    pub(crate) fn open(settings: &Settings, clock: Clock, begin: Begin) -> Result<Self, OpenError> {
        let timings = Timings::new();
        let key = OnceLock::new();
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
                Database::Postgres(server)
            }
        };
        let pool = Pool::new(
            &settings.address,
            settings.connections,
            settings.patience,
            timings.panics.clone(),
        );
        Ok(Self {
            database,
            pool,
            timings,
            clock,
            switch: SeenSwitch::default(),
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
        let Database::Postgres(server) = &self.database else {
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
            Database::Postgres(_) => {
                write_alone(&self.pool, &self.clock, &self.switch, options, work).await
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
            Database::Postgres(_) => {
                let (pool, clock) = (self.pool.clone(), Arc::clone(&self.clock));
                let switch = self.switch.clone();
                // Without a runtime, other servers do it when this one's heartbeats end.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        let written = write_alone(&pool, &clock, &switch, options, work).await;
                        if let Err(error) = written {
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

    /// The dataset as of its newest revision, if that is cached.
    pub(crate) fn known_head(&self, name: &DatasetName) -> Option<Arc<Dataset>> {
        match &self.database {
            Database::Sqlite(file) => file.heads.get(name),
            Database::Postgres(_) => None,
        }
    }

    /// Reads the dataset, and caches it if no other process can change it.
    pub(crate) async fn look_up_head(
        &self,
        name: &DatasetName,
        find: impl FnOnce(&mut AnyConnection) -> Result<Option<Dataset>, StoreError> + Send + 'static,
    ) -> Result<Option<Arc<Dataset>>, StoreError> {
        match &self.database {
            Database::Sqlite(file) => {
                let patience = self.pool.patience();
                file.heads.look_up(name, patience, self.read(find)).await
            }
            Database::Postgres(_) => Ok(self.read(find).await?.map(Arc::new)),
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
async fn write_alone<T: Send + 'static>(
    pool: &Pool,
    clock: &Clock,
    switch: &SeenSwitch,
    options: WriteOptions,
    work: impl Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send + 'static,
) -> Result<T, StoreError> {
    let now = clock().as_microsecond();
    let switch = switch.clone();
    pool.run(move |connection| server::write(connection, options, now, &switch, &work))
        .await
}
