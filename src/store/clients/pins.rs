//! Pins: the version that a client gets if a request names none. The first call of a client sets its pin. The client and the operator
//! can move it, and each move is recorded.

use std::sync::Arc;

use diesel::prelude::*;

use super::client::{Client, Move, MovedBy, Pinned};
use super::keys;
use crate::store::backend::dialect::first_locked;
use crate::store::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use crate::store::catalog::admission;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::{self, Receipt};
use crate::store::schema::{client_moves, clients};
use crate::store::units::time_from_db;

impl Store {
    /// The moves of a client's pin, in order.
    pub async fn moves(&self, client: i64) -> Result<Vec<Move>, StoreError> {
        self.backend()
            .read(move |connection| moves(connection, client))
            .await
    }

    /// Pins a client that calls for the first time, unless another server has.
    pub async fn pin_first(&self, client: i64, version: u32) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                let now = tx.now();
                Ok(pin_first(tx, client, version, now)?)
            })
            .await
    }

    /// Moves a client's pin, as the client asks for, together with the receipt.
    pub async fn move_pin(
        &self,
        client: Arc<Client>,
        version: u32,
        receipt: Option<Receipt<Pinned>>,
    ) -> Result<Pinned, StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                move_own_pin(tx, &client, version, receipt.as_ref())
            })
            .await
    }
}

fn move_own_pin(
    tx: &mut Transaction<'_>,
    client: &Client,
    version: u32,
    receipt: Option<&Receipt<Pinned>>,
) -> Result<Pinned, WriteError> {
    let claim = receipt.map(|receipt| &receipt.claim);
    admission::admit_request(tx, Some(client), claim)?;
    let now = tx.now();
    move_pin(tx, client.id, version, MovedBy::Client, now)?;
    let pinned = Pinned {
        client: keys::by_name(tx, &client.name)?
            .ok_or(WriteError::Refused(StoreError::KeyRevoked))?,
        moves: moves(tx, client.id)?,
    };
    if let Some(receipt) = receipt {
        idempotency::settle(tx, receipt, &pinned)?;
    }
    Ok(pinned)
}

/// The moves of a client's pin, in order.
pub(crate) fn moves(connection: &mut AnyConnection, client: i64) -> Result<Vec<Move>, StoreError> {
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

/// Pins a client that calls for the first time. If several servers try, the first one decides.
fn pin_first(
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
pub(crate) fn move_pin(
    connection: &mut AnyConnection,
    client: i64,
    to: u32,
    by: MovedBy,
    now: i64,
) -> Result<(), StoreError> {
    let find = clients::table.find(client).select(clients::pin);
    let from: Option<i64> = first_locked!(&mut *connection, find)?;
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
