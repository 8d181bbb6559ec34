//! A PostgreSQL server, as the backend uses it.

use std::sync::Arc;
use std::time::Duration;

use super::address::PostgresAddress;
use super::sqlstate;
use super::{connecting, migrating, session};
use crate::store::backend::address::{Address, Migrate};
use crate::store::backend::connection::{self, AnyConnection, Begin};
use crate::store::backend::dialect;
use crate::store::backend::seen_switch::SeenSwitch;
use crate::store::backend::write::{Purpose, Transaction, WriteError, WriteOptions};
use crate::store::error::{OpenError, StoreError};
use crate::store::settings::Settings;

/// How often a write is repeated after a collision with another transaction.
const TRIES: usize = 16;

/// How to prepare the server, now or when it answers.
#[derive(Clone)]
pub(crate) struct Server {
    address: PostgresAddress,
    migrate: Migrate,
    patience: Duration,
    begin: Begin,
    /// How a transaction that writes begins.
    pub(crate) begins_with: Arc<str>,
}

impl Server {
    pub(crate) fn new(address: PostgresAddress, settings: &Settings, begin: Begin) -> Self {
        Self {
            begins_with: match address.is_pooled() {
                true => session::begin_with_settings(settings.patience).into(),
                false => "BEGIN".into(),
            },
            address,
            migrate: settings.migrate,
            patience: settings.patience,
            begin,
        }
    }

    /// Whether nothing may depend on the session.
    pub(crate) fn is_pooled(&self) -> bool {
        self.address.is_pooled()
    }

    /// Brings the schema up to date, or checks it. Returns the key that signs cursors. Blocks the thread.
    pub(crate) fn prepare(&self) -> Result<[u8; 32], OpenError> {
        let mut connected = connecting::open(&self.address, self.patience)?;
        let steps = migrating::migrate(&mut connected, &self.address, self.migrate)?;
        if !steps.unknown.is_empty() {
            log::info!(
                "the schema is of a later release (it has {}); this one works with it",
                steps.unknown.join(", ")
            );
        }
        let address = Address::Postgres(self.address.clone());
        (self.begin)(&mut connected.connection, &address, None)
    }
}

/// Does a write in a transaction of its own, and repeats it after collisions.
pub(crate) fn write<T>(
    connection: &mut AnyConnection,
    begins_with: &str,
    options: WriteOptions,
    now: i64,
    switch: &SeenSwitch,
    work: &impl Fn(&mut Transaction<'_>) -> Result<T, WriteError>,
) -> Result<T, StoreError> {
    for _ in 0..TRIES {
        let outcome = connection::write_from(connection, begins_with, |connection| {
            if options.purpose == Purpose::Provisional {
                dialect::do_not_wait_for_the_disk(connection)?;
            }
            // What is believed is looked up after the transaction has begun, because turning writes off waits for its end.
            let transaction = Transaction::new(connection, now, false);
            work(&mut transaction.knowing(switch.recent()))
        });
        match outcome.map_err(WriteError::into_inner) {
            Err(error) if sqlstate::may_repeat(&error) => {}
            outcome => return outcome,
        }
    }
    Err(StoreError::Busy("the dataset"))
}
