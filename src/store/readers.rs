//! The connections that read, and the threads they read on: a pool, and as many permits as it has connections, so that
//! waiting for one is done by tasks and never by threads.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use tokio::sync::Semaphore;

use super::sqlite::{self, Connection};
use super::{Settings, StoreError};

/// Reads on blocking threads.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    pool: Pool<ConnectionManager<Connection>>,
    permits: Arc<Semaphore>,
    patience: Duration,
}

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<Connection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut Connection) -> Result<(), diesel::r2d2::Error> {
        sqlite::prepare_reader(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Readers {
    pub(super) fn new(path: &Path, settings: &Settings) -> Self {
        let pool = Pool::builder()
            .max_size(u32::try_from(settings.readers).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(settings.patience)
            .connection_customizer(Box::new(Prepare))
            .build_unchecked(ConnectionManager::new(sqlite::url(path)));
        Self {
            pool,
            permits: Arc::new(Semaphore::new(settings.readers)),
            patience: settings.patience,
        }
    }

    /// Runs `read` with a connection on a blocking thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(self.patience, waiting)
            .await
            .map_err(|_| StoreError::Busy("a connection"))?
            .map_err(|_| StoreError::Closed)?;
        let pool = self.pool.clone();
        tokio::task::spawn_blocking(move || {
            let mut connection = pool.get()?;
            let answer = read(&mut connection);
            drop(connection);
            drop(permit);
            answer
        })
        .await
        .map_err(|_| StoreError::Worker)?
    }

    /// Lets nobody read any more.
    pub(super) fn close(&self) {
        self.permits.close();
    }
}
