//! The admin store: the operator's commands manage clients, and turn writes off, with it while servers run. Servers see a change within seconds, because they
//! cache clients for two seconds.

use std::collections::HashMap;

use jiff::Timestamp;

use super::client::{Client, ClientLimit, DetailChanges, Details, KeyDates, Move, MovedBy};
use super::removal::{self, Removal};
use super::usage::{self, Used};
use super::{extensions, keys, limits, pins};
use crate::store::announcements::{self, Announcer};
use crate::store::backend::{Address, AnyConnection, connection};
use crate::store::error::{OpenError, StoreError};
use crate::store::ids::Ids;
use crate::store::nearest::nearest;
use crate::store::opening;
use crate::store::switch;

/// A connection for the operator's commands.
pub struct AdminStore {
    connection: AnyConnection,
}

impl std::fmt::Debug for AdminStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AdminStore").finish_non_exhaustive()
    }
}

impl AdminStore {
    /// Opens an existing store whose schema is up to date. Blocks the thread, like all methods here.
    pub fn open(address: &Address) -> Result<Self, OpenError> {
        let connection = opening::open_existing(address, true)?;
        Ok(Self { connection })
    }

    /// Adds a client whose key has that digest.
    pub fn add(
        &mut self,
        name: &str,
        digest: &[u8; 32],
        details: &Details,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let id = Ids::default().next(now);
        let now = now.as_microsecond();
        connection::write(&mut self.connection, |connection| {
            keys::insert(connection, id, name, digest, details, now)
        })
    }

    /// All clients by name.
    pub fn list(&mut self) -> Result<Vec<Client>, StoreError> {
        keys::list(&mut self.connection)
    }

    /// The client of that name.
    pub fn find(&mut self, name: &str) -> Result<Client, StoreError> {
        find(&mut self.connection, name)
    }

    /// The moves of the client's pin, in order.
    pub fn moves(&mut self, client: &Client) -> Result<Vec<Move>, StoreError> {
        pins::moves(&mut self.connection, client.id)
    }

    /// The keys of the client, in the order in which they were made.
    pub fn keys(&mut self, client: &Client) -> Result<Vec<KeyDates>, StoreError> {
        let mut dates = keys::dates(&mut self.connection, Some(client.id))?;
        Ok(dates.remove(&client.id).unwrap_or_default())
    }

    /// The keys of all clients, by the client's number.
    pub fn all_keys(&mut self) -> Result<HashMap<i64, Vec<KeyDates>>, StoreError> {
        keys::dates(&mut self.connection, None)
    }

    /// Changes what is stated of the client.
    pub fn change(&mut self, name: &str, changes: &DetailChanges) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            Ok(keys::change(connection, client.id, changes)?)
        })
    }

    /// Removes the client with its keys, pin, extensions and usage, unless it owns datasets.
    pub fn remove(&mut self, name: &str) -> Result<Removal, StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            removal::remove(connection, client.id)
        })
    }

    /// The usage since `day` (days since 1970); of one client, or of all.
    pub fn usage(&mut self, client: Option<&Client>, day: i64) -> Result<Vec<Used>, StoreError> {
        usage::since(&mut self.connection, client.map(|client| client.id), day)
    }

    /// The refusals since `day` (days since 1970); of one client, or of all.
    pub fn refusals(&mut self, client: Option<&Client>, day: i64) -> Result<Vec<Used>, StoreError> {
        usage::refused_since(&mut self.connection, client.map(|client| client.id), day)
    }

    /// The servers of the database that are remembered, with what they announce; the one that was seen last first.
    pub fn servers(&mut self) -> Result<Vec<Announcer>, StoreError> {
        announcements::list(&mut self.connection)
    }

    /// Disables or enables the client.
    pub fn set_disabled(
        &mut self,
        name: &str,
        disabled: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let at = disabled.then(|| now.as_microsecond());
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            Ok(keys::set_disabled(connection, client.id, at)?)
        })
    }

    /// Adds a key to the client's.
    pub fn rotate_key(
        &mut self,
        name: &str,
        digest: &[u8; 32],
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            keys::rotate_key(
                connection,
                &client,
                digest,
                expires_at,
                now.as_microsecond(),
            )
        })
    }

    /// Deletes all keys of the client but the newest. Returns how many.
    pub fn drop_old_keys(&mut self, name: &str) -> Result<usize, StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            Ok(keys::keep_newest_keys(connection, client.id, 1)?)
        })
    }

    /// Extends a version for the client until that time, instead of an earlier extension. `None` removes the extension.
    pub fn extend(
        &mut self,
        name: &str,
        version: u32,
        retires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            let retires_at = retires_at.map(Timestamp::as_microsecond);
            Ok(extensions::set(connection, client.id, version, retires_at)?)
        })
    }

    /// Gives the client a rate limit of its own. `None`: that of the server holds.
    pub fn set_rate_limit(
        &mut self,
        name: &str,
        limit: Option<ClientLimit>,
    ) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            Ok(limits::set(connection, client.id, limit)?)
        })
    }

    /// Turns writes off for all servers. When it returns, every acknowledged write is in the store, and no server acknowledges another
    /// one. `false`: a transaction that began before has not ended in a minute; call it again to wait longer.
    pub fn turn_writes_off(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        connection::write(&mut self.connection, |connection| {
            Ok::<_, StoreError>(switch::turn_off(connection, now)?)
        })?;
        Ok(switch::outlast_writers(&mut self.connection)?)
    }

    /// Turns writes on. Servers notice within a second.
    pub fn turn_writes_on(&mut self) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            Ok(switch::turn_on(connection)?)
        })
    }

    /// Since when writes are off. `None`: they are on.
    pub fn writes_off_since(&mut self) -> Result<Option<Timestamp>, StoreError> {
        switch::off_since(&mut self.connection)
    }

    /// Moves the client's pin.
    pub fn pin(&mut self, name: &str, version: u32, now: Timestamp) -> Result<(), StoreError> {
        connection::write(&mut self.connection, |connection| {
            let client = find(connection, name)?;
            let now = now.as_microsecond();
            pins::move_pin(connection, client.id, version, MovedBy::Operator, now)
        })
    }
}

fn find(connection: &mut AnyConnection, name: &str) -> Result<Client, StoreError> {
    if let Some(client) = keys::by_name(connection, name)? {
        return Ok(client);
    }
    let clients = keys::list(connection)?;
    let near = nearest(name, clients.iter().map(|client| client.name.as_str()));
    Err(StoreError::NoSuchClient {
        name: name.to_owned(),
        near: near.map(str::to_owned),
    })
}
