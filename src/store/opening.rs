//! Opens a store, and cleans up after the last process.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::backend::{Address, AnyConnection, Backend, connection};
use super::catalog::newest;
use super::error::{OpenError, StoreError};
use super::handle::{Shared, Store};
use super::ids::Ids;
use super::in_flight::InFlight;
use super::model::Clock;
use super::segments::leases::Leases;
use super::segments::tombstones;
use super::settings::Settings;
use super::{backend, idempotency, maintenance, secrets};

impl Store {
    /// Opens the store, brings its schema up to date and starts its maintenance. A SQLite file is locked for this process.
    /// Blocks the thread: call it at the start of the program, on a runtime.
    pub fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let backend = Backend::open(settings, Arc::clone(&clock), begin, newest::find)?;
        let (to_compact, names) = tokio::sync::mpsc::unbounded_channel();
        let (to_build, without_columns) = tokio::sync::mpsc::unbounded_channel();
        let ids = Ids::default();
        let store = Self {
            shared: Arc::new(Shared {
                backend,
                leases: Arc::new(Leases::default()),
                in_flight: Arc::new(InFlight::default()),
                holder: ids.next(clock()),
                ids,
                clock,
                schema_changes: settings.schema_changes,
                keep_revisions: i64::try_from(settings.keep_revisions.max(1)).unwrap_or(i64::MAX),
                block_bytes: settings.block_bytes,
                columns: settings.columns,
                to_compact,
                to_build,
                due_columns: AtomicUsize::new(1),
            }),
        };
        maintenance::start(&store, names, without_columns);
        Ok(store)
    }
}

/// Opens an existing store whose schema is up to date, while a server may use it. Refuses a store with an unfinished copy, because its
/// contents will be replaced.
pub(crate) fn open_existing(
    address: &Address,
    may_write: bool,
) -> Result<AnyConnection, OpenError> {
    let mut connection = backend::opening::open_existing(address, may_write)?;
    secrets::refuse_unfinished_copy(&mut connection, address)?;
    Ok(connection)
}

/// Prepares an opened store. If no other process writes to it, `alone_at` is the time, and all unfinished uploads are abandoned.
fn begin(
    connection: &mut AnyConnection,
    address: &Address,
    alone_at: Option<i64>,
) -> Result<[u8; 32], OpenError> {
    secrets::refuse_unfinished_copy(connection, address)?;
    connection::write(connection, |connection| {
        if let Some(now) = alone_at {
            let abandoned = tombstones::abandon_uploads(connection, i64::MAX, now)?;
            if abandoned > 0 {
                log::info!(
                    "{abandoned} uploads were interrupted by the last stop and will be collected"
                );
            }
            idempotency::release_all(connection)?;
        }
        secrets::cursor_key(connection)
    })
    .map_err(|error: StoreError| address.unusable(error))
}
