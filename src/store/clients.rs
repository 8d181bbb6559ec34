//! Those who have a key: who they are, and which version each is pinned to.
//!
//! A key itself is never stored, only its SHA-256. A pin is set once, by whichever server hears of the client first,
//! and moved only by the client itself or the operator; every move is kept.

use diesel::dsl::max;
use diesel::prelude::*;
use jiff::Timestamp;

use super::connection::AnyConnection;
use super::error::StoreError;
use super::extensions::{self, Extension};
use super::rows::time_from_db;
use super::schema::{client_keys, client_moves, clients};

/// Keys that a client may have at a time. It needs two while it changes from one to the other; more of them are those that
/// were lost on the way. None is taken away before the operator says so, since the store does not know which is in use.
const KEYS: i64 = 8;

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its number.
    pub id: i64,
    /// Its name, unique in the store.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when its keys are refused; `None`: they are not.
    pub disabled_at: Option<Timestamp>,
    /// When it first called; `None`: it has not.
    pub first_contact_at: Option<Timestamp>,
    /// The version it is pinned to, N of vN; `None` until its first contact.
    pub pin: Option<u32>,
    /// What it is served for longer than others, the oldest version first.
    pub extensions: Vec<Extension>,
    /// SHA-256 of the key by which it was found; `None`: it was found otherwise.
    pub key: Option<[u8; 32]>,
}

/// Who moved a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedBy {
    /// Nobody: the client called for the first time.
    FirstContact,
    /// The client.
    Client,
    /// The operator.
    Operator,
}

impl MovedBy {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstContact => "first-contact",
            Self::Client => "client",
            Self::Operator => "operator",
        }
    }
}

/// A move of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// By whom, see [`MovedBy::as_str`].
    pub by: String,
    /// From which version; `None`: there was no pin.
    pub from: Option<u32>,
    /// To which version.
    pub to: u32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct ClientRow {
    id: i64,
    name: String,
    created_at: i64,
    disabled_at: Option<i64>,
    first_contact_at: Option<i64>,
    pin: Option<i64>,
}

impl ClientRow {
    fn into_client(self, extensions: Vec<Extension>) -> Result<Client, StoreError> {
        Ok(Client {
            id: self.id,
            name: self.name,
            created_at: time_from_db(self.created_at)?,
            disabled_at: self.disabled_at.map(time_from_db).transpose()?,
            first_contact_at: self.first_contact_at.map(time_from_db).transpose()?,
            pin: self.pin.and_then(|pin| u32::try_from(pin).ok()),
            extensions,
            key: None,
        })
    }
}

/// The client whose key has that digest.
pub(super) fn by_key(
    connection: &mut AnyConnection,
    digest: &[u8; 32],
) -> Result<Option<Client>, StoreError> {
    let row = client_keys::table
        .inner_join(clients::table.on(clients::id.eq(client_keys::client_id)))
        .filter(client_keys::digest.eq(digest))
        .select(ClientRow::as_select())
        .first(connection)
        .optional()?;
    let client = with_extensions(connection, row)?;
    Ok(client.map(|client| Client {
        key: Some(*digest),
        ..client
    }))
}

/// Whether the key by which a client was found is still taken: it may have been disabled since, or the key dropped.
pub(super) fn is_still_admitted(
    connection: &mut AnyConnection,
    client: &Client,
) -> QueryResult<bool> {
    let Some(key) = &client.key else {
        return Ok(true);
    };
    let found: Option<i64> = client_keys::table
        .inner_join(clients::table.on(clients::id.eq(client_keys::client_id)))
        .filter(client_keys::digest.eq(key.as_slice()))
        .filter(clients::disabled_at.is_null())
        .select(clients::id)
        .first(connection)
        .optional()?;
    Ok(found.is_some())
}

/// The client of that name.
pub(super) fn by_name(
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
        row.into_client(extensions)
    })
    .transpose()
}

/// All clients by name.
pub(super) fn list(connection: &mut AnyConnection) -> Result<Vec<Client>, StoreError> {
    let rows: Vec<ClientRow> = clients::table
        .order(clients::name)
        .select(ClientRow::as_select())
        .load(connection)?;
    let mut extensions = extensions::all(connection)?;
    rows.into_iter()
        .map(|row| {
            let granted = extensions.remove(&row.id);
            row.into_client(granted.unwrap_or_default())
        })
        .collect()
}

/// The moves of a client's pin, the first one first.
pub(super) fn moves(connection: &mut AnyConnection, client: i64) -> Result<Vec<Move>, StoreError> {
    let rows: Vec<(i64, String, Option<i64>, i64)> = client_moves::table
        .filter(client_moves::client_id.eq(client))
        .order(client_moves::number)
        .select((
            client_moves::moved_at,
            client_moves::moved_by,
            client_moves::from_version,
            client_moves::to_version,
        ))
        .load(connection)?;
    let version = |number: i64| u32::try_from(number).unwrap_or(0);
    rows.into_iter()
        .map(|(at, by, from, to)| {
            Ok(Move {
                at: time_from_db(at)?,
                by,
                from: from.map(version),
                to: version(to),
            })
        })
        .collect()
}

/// How many keys a client has.
pub(super) fn count_keys(connection: &mut AnyConnection, client: i64) -> QueryResult<i64> {
    client_keys::table
        .filter(client_keys::client_id.eq(client))
        .count()
        .get_result(connection)
}

/// Makes a client with its first key.
pub(super) fn insert(
    connection: &mut AnyConnection,
    id: i64,
    name: &str,
    digest: &[u8],
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
        ))
        .execute(connection)?;
    insert_key(connection, id, digest, now)?;
    Ok(())
}

fn insert_key(
    connection: &mut AnyConnection,
    client: i64,
    digest: &[u8],
    now: i64,
) -> QueryResult<()> {
    diesel::insert_into(client_keys::table)
        .values((
            client_keys::digest.eq(digest),
            client_keys::client_id.eq(client),
            client_keys::created_at.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Gives a client a new key beside those it has.
pub(super) fn rotate_key(
    connection: &mut AnyConnection,
    client: &Client,
    digest: &[u8],
    now: i64,
) -> Result<(), StoreError> {
    if count_keys(connection, client.id)? >= KEYS {
        return Err(StoreError::TooManyKeys(client.name.clone()));
    }
    let last: Option<i64> = client_keys::table
        .filter(client_keys::client_id.eq(client.id))
        .select(max(client_keys::created_at))
        .first(connection)?;
    // The newest is the one that was made last, whatever the clocks of those who make them say.
    let now = last.map_or(now, |last| now.max(last + 1));
    Ok(insert_key(connection, client.id, digest, now)?)
}

/// Takes all keys of a client away but the newest `keep`; says how many.
pub(super) fn keep_newest_keys(
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

/// Refuses a client's keys from now on, or takes them again.
pub(super) fn set_disabled(
    connection: &mut AnyConnection,
    client: i64,
    disabled_at: Option<i64>,
) -> QueryResult<()> {
    diesel::update(clients::table.find(client))
        .set(clients::disabled_at.eq(disabled_at))
        .execute(connection)
        .map(drop)
}

/// Pins a client that calls for the first time. Whichever server is first decides, and all others find what it decided.
pub(super) fn pin_first(
    connection: &mut AnyConnection,
    client: i64,
    version: u32,
    now: i64,
) -> Result<(), StoreError> {
    let pinned = diesel::update(clients::table.find(client))
        .filter(clients::pin.is_null())
        .set((
            clients::pin.eq(i64::from(version)),
            clients::first_contact_at.eq(now),
        ))
        .execute(connection)?;
    if pinned > 0 {
        insert_move(
            connection,
            client,
            None,
            version,
            MovedBy::FirstContact,
            now,
        )?;
    } else {
        // The operator may have pinned it before it ever called.
        diesel::update(clients::table.find(client))
            .filter(clients::first_contact_at.is_null())
            .set(clients::first_contact_at.eq(now))
            .execute(connection)?;
    }
    Ok(())
}

/// Moves a client's pin.
pub(super) fn move_pin(
    connection: &mut AnyConnection,
    client: i64,
    to: u32,
    by: MovedBy,
    now: i64,
) -> Result<(), StoreError> {
    let find = clients::table.find(client);
    let from: Option<i64> = match connection {
        AnyConnection::Sqlite(sqlite) => find.select(clients::pin).first(sqlite)?,
        AnyConnection::Postgres(postgres) => {
            find.select(clients::pin).for_update().first(postgres)?
        }
    };
    if from == Some(i64::from(to)) {
        return Ok(());
    }
    diesel::update(clients::table.find(client))
        .set(clients::pin.eq(i64::from(to)))
        .execute(connection)?;
    insert_move(connection, client, from, to, by, now)?;
    Ok(())
}

fn insert_move(
    connection: &mut AnyConnection,
    client: i64,
    from: Option<i64>,
    to: u32,
    by: MovedBy,
    now: i64,
) -> QueryResult<()> {
    let last: Option<i64> = client_moves::table
        .filter(client_moves::client_id.eq(client))
        .order(client_moves::number.desc())
        .select(client_moves::number)
        .first(connection)
        .optional()?;
    diesel::insert_into(client_moves::table)
        .values((
            client_moves::client_id.eq(client),
            client_moves::number.eq(last.unwrap_or(0) + 1),
            client_moves::moved_at.eq(now),
            client_moves::moved_by.eq(by.as_str()),
            client_moves::from_version.eq(from),
            client_moves::to_version.eq(i64::from(to)),
        ))
        .execute(connection)
        .map(drop)
}
