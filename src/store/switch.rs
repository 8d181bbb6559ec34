//! The switch for writes: the operator turns writes off for all servers of a store, for example while it is copied to another
//! database, and on again. Reads go on, and so does what servers write for themselves: compaction, counts of use and first pins.
//!
//! The switch is a row of `secrets`, and every write of a client looks at it in its own transaction, so no server has to be told. Once
//! [`outlast_writers`] has returned, every write that was acknowledged is in the store, and no further one is acknowledged. How that holds
//! depends on the database:
//!
//! - SQLite has one transaction that writes at a time. Each reads the switch, and the one that turns it is one of them.
//! - On PostgreSQL, transactions run side by side, and a statement more would slow each write down. So each server reads the switch
//!   every second, and a write believes what was read less than [`SeenSwitch::FRESH`] ago. Turning writes off waits for that time, and
//!   then until every transaction that began before has ended.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use jiff::Timestamp;

use super::backend::seen_switch::SeenSwitch;
use super::backend::{AnyConnection, Transaction, WriteError, dialect};
use super::error::StoreError;
use super::handle::Store;
use super::schema::secrets;
use super::secrets as shared;
use super::units::{time_from_db, unreadable};

/// The name of the switch. There is such a row while writes are off; its value is the time since when, in microseconds.
pub(super) const WRITES_OFF: &str = "writes-off";
/// How often a server reads the switch.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How long turning writes off waits for transactions that began before.
const PATIENCE: Duration = Duration::from_secs(60);

/// Refuses a write of a client while writes are off.
pub(super) fn admit(tx: &mut Transaction<'_>) -> Result<(), WriteError> {
    let off = match tx.recent_switch() {
        Some(off) => off,
        None => value(tx)?.is_some(),
    };
    match off {
        true => Err(WriteError::Refused(StoreError::WritesOff)),
        false => Ok(()),
    }
}

impl Store {
    /// Whether writes were off when this server last looked. A write finds out for certain when it is committed.
    pub fn writes_are_off(&self) -> bool {
        self.backend().switch.recent().unwrap_or_default()
    }

    /// Reads the switch, and tells the log when it has changed.
    pub(super) async fn look_at_switch(&self) -> Result<(), StoreError> {
        let at = Instant::now();
        let found = self.backend().read(|connection| Ok(value(connection)?));
        let off = found.await?.is_some();
        if self.backend().switch.note(at, off) {
            match off {
                true => log::warn!("writes are off: they are refused until `flash writes on`"),
                false => log::info!("writes are on again"),
            }
        }
        Ok(())
    }
}

/// Turns writes off. They are off for certain once [`outlast_writers`] has returned.
pub(super) fn turn_off(connection: &mut AnyConnection, now: Timestamp) -> QueryResult<()> {
    if value(connection)?.is_none() {
        let since = now.as_microsecond().to_le_bytes();
        diesel::insert_into(secrets::table)
            .values((
                secrets::name.eq(WRITES_OFF),
                secrets::value.eq(since.as_slice()),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Waits until nobody can write any more who may have missed that writes are off. `false`: a transaction that began before has not
/// ended in a minute.
pub(super) fn outlast_writers(connection: &mut AnyConnection) -> QueryResult<bool> {
    dialect::outlast_others(connection, SeenSwitch::FRESH, PATIENCE)
}

/// Turns writes on.
pub(super) fn turn_on(connection: &mut AnyConnection) -> QueryResult<()> {
    diesel::delete(secrets::table.find(WRITES_OFF))
        .execute(connection)
        .map(drop)
}

/// Since when writes are off. `None`: they are on.
pub(super) fn off_since(connection: &mut AnyConnection) -> Result<Option<Timestamp>, StoreError> {
    let Some(value) = value(connection)? else {
        return Ok(None);
    };
    let value = <[u8; 8]>::try_from(value)
        .map_err(|_| unreadable("switch for writes", "it is not 8 bytes long"))?;
    time_from_db(i64::from_le_bytes(value)).map(Some)
}

fn value(connection: &mut AnyConnection) -> QueryResult<Option<Vec<u8>>> {
    shared::find(connection, WRITES_OFF)
}
