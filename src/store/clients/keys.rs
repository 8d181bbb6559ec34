//! Finds clients and manages their keys. Only the SHA-256 of a key is stored.

use std::collections::HashMap;

use diesel::dsl::max;
use diesel::prelude::*;
use jiff::Timestamp;

use super::client::{Client, ClientLimit, DetailChanges, Details, Extension, KeyDates};
use super::{extensions, limits};
use crate::store::backend::{AnyConnection, WriteError};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::schema::{client_keys, clients};
use crate::store::units::time_from_db;

/// How many keys a client may have. It needs two while it changes its key. The operator deletes old ones, because the store doesn't know
/// which are in use.
const KEYS: i64 = 8;

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct ClientRow {
    id: i64,
    name: String,
    created_at: i64,
    disabled_at: Option<i64>,
    first_contact_at: Option<i64>,
    pin: Option<i64>,
    note: Option<String>,
    contact: Option<String>,
}

impl ClientRow {
    fn into_client(
        self,
        extensions: Vec<Extension>,
        rate_limit: Option<ClientLimit>,
    ) -> Result<Client, StoreError> {
        Ok(Client {
            id: self.id,
            name: self.name,
            created_at: time_from_db(self.created_at)?,
            disabled_at: self.disabled_at.map(time_from_db).transpose()?,
            first_contact_at: self.first_contact_at.map(time_from_db).transpose()?,
            pin: self.pin.and_then(|pin| u32::try_from(pin).ok()),
            extensions,
            rate_limit,
            key: None,
            key_expires_at: None,
            note: self.note,
            contact: self.contact,
        })
    }
}

impl Store {
    /// The client whose key has that SHA-256.
    pub async fn client_by_key(&self, digest: [u8; 32]) -> Result<Option<Client>, StoreError> {
        self.backend()
            .read(move |connection| by_key(connection, &digest))
            .await
    }

    /// The client of that name.
    pub async fn client(&self, name: &str) -> Result<Option<Client>, StoreError> {
        let name = name.to_owned();
        self.backend()
            .read(move |connection| by_name(connection, &name))
            .await
    }

    /// All clients by name.
    pub async fn clients(&self) -> Result<Vec<Client>, StoreError> {
        self.backend().read(list).await
    }
}

/// The client whose key has that digest.
fn by_key(connection: &mut AnyConnection, digest: &[u8; 32]) -> Result<Option<Client>, StoreError> {
    let found: Option<(ClientRow, Option<i64>)> = client_keys::table
        .inner_join(clients::table.on(clients::id.eq(client_keys::client_id)))
        .filter(client_keys::digest.eq(digest))
        .select((ClientRow::as_select(), client_keys::expires_at))
        .first(connection)
        .optional()?;
    let (row, expires_at) = found.unzip();
    let client = with_extensions(connection, row)?;
    let key_expires_at = expires_at.flatten().map(time_from_db).transpose()?;
    Ok(client.map(|client| Client {
        key: Some(*digest),
        key_expires_at,
        ..client
    }))
}

/// Refuses a client whose key is no longer valid: the client may have been disabled since it was found, or the key dropped.
pub(crate) fn admit(connection: &mut AnyConnection, client: &Client) -> Result<(), WriteError> {
    let Some(key) = &client.key else {
        return Ok(());
    };
    let found: Option<i64> = client_keys::table
        .inner_join(clients::table.on(clients::id.eq(client_keys::client_id)))
        .filter(client_keys::digest.eq(key.as_slice()))
        .filter(clients::disabled_at.is_null())
        .select(clients::id)
        .first(connection)
        .optional()?;
    match found {
        Some(_) => Ok(()),
        None => Err(WriteError::Refused(StoreError::KeyRevoked)),
    }
}

/// The client of that name.
pub(crate) fn by_name(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Client>, StoreError> {
    let row = clients::table
        .filter(clients::name.eq(name))
        .select(ClientRow::as_select())
        .first(connection)
        .optional()?;
    with_extensions(connection, row)
}

fn with_extensions(
    connection: &mut AnyConnection,
    row: Option<ClientRow>,
) -> Result<Option<Client>, StoreError> {
    row.map(|row| {
        let extensions = extensions::of(connection, row.id)?;
        let limit = limits::of(connection, row.id)?;
        row.into_client(extensions, limit)
    })
    .transpose()
}

/// All clients by name.
pub(crate) fn list(connection: &mut AnyConnection) -> Result<Vec<Client>, StoreError> {
    let rows: Vec<ClientRow> = clients::table
        .order(clients::name)
        .select(ClientRow::as_select())
        .load(connection)?;
    let mut extensions = extensions::all(connection)?;
    let mut limits = limits::all(connection)?;
    rows.into_iter()
        .map(|row| {
            let granted = extensions.remove(&row.id);
            let limit = limits.remove(&row.id);
            row.into_client(granted.unwrap_or_default(), limit)
        })
        .collect()
}

/// The keys of each client, by its number, in the order in which they were made; of one client, or of all.
pub(crate) fn dates(
    connection: &mut AnyConnection,
    client: Option<i64>,
) -> Result<HashMap<i64, Vec<KeyDates>>, StoreError> {
    let find = client_keys::table
        .order((client_keys::client_id, client_keys::created_at))
        .select((
            client_keys::client_id,
            client_keys::created_at,
            client_keys::expires_at,
        ));
    let rows: Vec<(i64, i64, Option<i64>)> = match client {
        Some(client) => find
            .filter(client_keys::client_id.eq(client))
            .load(connection)?,
        None => find.load(connection)?,
    };
    let mut all: HashMap<i64, Vec<KeyDates>> = HashMap::new();
    for (client, created_at, expires_at) in rows {
        let dates = KeyDates {
            created_at: time_from_db(created_at)?,
            expires_at: expires_at.map(time_from_db).transpose()?,
        };
        all.entry(client).or_default().push(dates);
    }
    Ok(all)
}

/// How many keys a client has.
fn count_keys(connection: &mut AnyConnection, client: i64) -> QueryResult<i64> {
    client_keys::table
        .filter(client_keys::client_id.eq(client))
        .count()
        .get_result(connection)
}

/// Adds a client with its first key.
pub(crate) fn insert(
    connection: &mut AnyConnection,
    id: i64,
    name: &str,
    digest: &[u8],
    details: &Details,
    now: i64,
) -> Result<(), StoreError> {
    if by_name(connection, name)?.is_some() {
        return Err(StoreError::ClientExists(name.to_owned()));
    }
    diesel::insert_into(clients::table)
        .values((
            clients::id.eq(id),
            clients::name.eq(name),
            clients::created_at.eq(now),
            clients::note.eq(details.note.as_deref()),
            clients::contact.eq(details.contact.as_deref()),
        ))
        .execute(connection)?;
    insert_key(connection, id, digest, details.expires_at, now)?;
    Ok(())
}

/// Changes what is stated of a client.
pub(crate) fn change(
    connection: &mut AnyConnection,
    client: i64,
    changes: &DetailChanges,
) -> QueryResult<()> {
    if let Some(note) = &changes.note {
        diesel::update(clients::table.find(client))
            .set(clients::note.eq(note.as_deref()))
            .execute(connection)?;
    }
    if let Some(contact) = &changes.contact {
        diesel::update(clients::table.find(client))
            .set(clients::contact.eq(contact.as_deref()))
            .execute(connection)?;
    }
    if let Some(expires_at) = changes.expires_at {
        let keys = client_keys::table.filter(client_keys::client_id.eq(client));
        diesel::update(keys)
            .set(client_keys::expires_at.eq(expires_at.map(Timestamp::as_microsecond)))
            .execute(connection)?;
    }
    Ok(())
}

fn insert_key(
    connection: &mut AnyConnection,
    client: i64,
    digest: &[u8],
    expires_at: Option<Timestamp>,
    now: i64,
) -> QueryResult<()> {
    diesel::insert_into(client_keys::table)
        .values((
            client_keys::digest.eq(digest),
            client_keys::client_id.eq(client),
            client_keys::created_at.eq(now),
            client_keys::expires_at.eq(expires_at.map(Timestamp::as_microsecond)),
        ))
        .execute(connection)
        .map(drop)
}

/// Adds a key to a client's.
pub(crate) fn rotate_key(
    connection: &mut AnyConnection,
    client: &Client,
    digest: &[u8],
    expires_at: Option<Timestamp>,
    now: i64,
) -> Result<(), StoreError> {
    if count_keys(connection, client.id)? >= KEYS {
        return Err(StoreError::TooManyKeys(client.name.clone()));
    }
    let last: Option<i64> = client_keys::table
        .filter(client_keys::client_id.eq(client.id))
        .select(max(client_keys::created_at))
        .first(connection)?;
    // The new key must be the newest, even if the clocks of the hosts differ.
    let now = last.map_or(now, |last| now.max(last + 1));
    Ok(insert_key(connection, client.id, digest, expires_at, now)?)
}

/// Deletes all keys of a client but the newest `keep`. Returns how many.
pub(crate) fn keep_newest_keys(
    connection: &mut AnyConnection,
    client: i64,
    keep: i64,
) -> QueryResult<usize> {
    let newest: Vec<Vec<u8>> = client_keys::table
        .filter(client_keys::client_id.eq(client))
        .order(client_keys::created_at.desc())
        .limit(keep)
        .select(client_keys::digest)
        .load(connection)?;
    diesel::delete(
        client_keys::table
            .filter(client_keys::client_id.eq(client))
            .filter(client_keys::digest.ne_all(newest)),
    )
    .execute(connection)
}

/// Disables or enables a client.
pub(crate) fn set_disabled(
    connection: &mut AnyConnection,
    client: i64,
    disabled_at: Option<i64>,
) -> QueryResult<()> {
    diesel::update(clients::table.find(client))
        .set(clients::disabled_at.eq(disabled_at))
        .execute(connection)
        .map(drop)
}
