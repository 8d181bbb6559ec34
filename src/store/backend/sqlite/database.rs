//! An open SQLite file, as the backend uses it.

use std::path::Path;
use std::sync::Arc;

use prometheus::IntCounter;

use super::file_watch::FileWatch;
use super::opening;
use super::queue::Queue;
use super::reserve::Reserve;
use super::writer::Writer;
use crate::store::backend::connection::Begin;
use crate::store::backend::heads::Heads;
use crate::store::error::OpenError;
use crate::store::model::Clock;
use crate::store::settings::Settings;

/// An open file: the queue of its writer thread, and the cache of the newest revisions.
pub(crate) struct Database {
    pub(crate) queue: Queue,
    pub(crate) heads: Arc<Heads>,
}

impl Database {
    /// Opens the file and starts the writer thread. Returns also the key that signs cursors. Unfinished uploads are abandoned, because
    /// only this process uses the file.
    pub(crate) fn open(
        path: &Path,
        settings: &Settings,
        clock: &Clock,
        begin: Begin,
        panics: IntCounter,
    ) -> Result<(Self, [u8; 32]), OpenError> {
        let now = clock().as_microsecond();
        let (connection, key, hold) =
            opening::open_held(path, settings.migrate, |connection, _| {
                begin(connection, &settings.address, Some(now))
            })?;
        let heads = Arc::new(Heads::new(settings.heads_bytes));
        let writer = Writer {
            connection,
            heads: Arc::clone(&heads),
            clock: Arc::clone(clock),
            batch: settings.commit_batch.max(1),
            panics,
            stopped: Arc::default(),
            files: FileWatch::new(path),
            reserve: Reserve::open(path),
        };
        let queue = Queue::start(writer, hold, settings.queue, settings.patience)
            .map_err(OpenError::Thread)?;
        Ok((Self { queue, heads }, key))
    }
}
