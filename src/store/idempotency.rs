//! Idempotency keys: each is stored with the fingerprint of the request that first used it, and with its answer.
//!
//! A request claims its key before it does anything else. Its answer is committed in the transaction of its write, so the store
//! never has one without the other, even if a server crashes, and with any number of servers.
//!
//! A key stays claimed while its request is in flight. Servers that share a database report their requests regularly
//! ([`in_flight`](super::in_flight)). If a server stops reporting, its keys become free again.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;

use super::backend::dialect::{first_locked, insert_unless_there};
use super::backend::{AnyConnection, Transaction, WriteOptions};
use super::error::StoreError;
use super::handle::Store;
use super::in_flight::{CLAIMS_LIVE, InFlight};
use super::model::Claim;
use super::schema::idempotency_keys as keys;
use super::units::micros;

/// How long an answer is kept.
const ANSWERS_LIVE: Duration = Duration::from_secs(24 * 60 * 60);

/// The result of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The request has the key now.
    First,
    /// Another request has the key and is not finished.
    InFlight,
    /// The key was used before.
    Before {
        /// SHA-256 of the request that used it.
        fingerprint: Vec<u8>,
        /// The answer to it.
        answer: Vec<u8>,
    },
}

/// Makes the answer from the result of the write.
pub type MakeAnswer<T> = Arc<dyn Fn(&T) -> Vec<u8> + Send + Sync>;

/// What is stored for a finished request. The answer tells what was done, so it stays the same after later writes and restarts. It
/// depends on everything that the operation read of the request, and the fingerprint covers the same.
pub struct Receipt<T: ?Sized> {
    /// Its key.
    pub claim: Claim,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// Its answer.
    pub answer: MakeAnswer<T>,
}

impl<T: ?Sized> Clone for Receipt<T> {
    fn clone(&self) -> Self {
        Self {
            claim: self.claim.clone(),
            fingerprint: self.fingerprint,
            answer: Arc::clone(&self.answer),
        }
    }
}

impl<T: ?Sized> std::fmt::Debug for Receipt<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Receipt").field(&self.claim).finish()
    }
}

impl Store {
    /// Claims a key for a request. The request that gets it either settles it, with or without a write, or releases it.
    pub async fn claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let in_flight = Arc::clone(self.in_flight());
        in_flight.begin_claim(claim);
        let wanted = claim.clone();
        let claimed = self
            .backend()
            .write(WriteOptions::FREES_SPACE, move |tx| {
                Ok(take(tx, &wanted, &in_flight)?)
            })
            .await;
        if !matches!(claimed, Ok(Claimed::First)) {
            self.settled(claim);
        }
        claimed
    }

    /// Stores the answer of a request that wrote nothing.
    pub async fn settle(&self, receipt: Receipt<()>) -> Result<(), StoreError> {
        let claim = receipt.claim.clone();
        let settled = self
            .backend()
            .write(WriteOptions::FREES_SPACE, move |tx| {
                if is_held(tx, &receipt.claim)? {
                    settle(tx, &receipt, &())?;
                }
                Ok(())
            })
            .await;
        self.settled(&claim);
        settled
    }

    /// Notes that a key was settled in the transaction of a write.
    pub fn settled(&self, claim: &Claim) {
        self.in_flight().end_claim(claim);
    }

    /// Releases a key, without waiting.
    pub fn release(&self, claim: &Claim) {
        self.settled(claim);
        let claim = claim.clone();
        self.backend()
            .write_later(WriteOptions::FREES_SPACE, move |tx| {
                Ok(release(tx, &claim)?)
            });
    }
}

type Row = (i64, i64, Option<Vec<u8>>, Option<Vec<u8>>);

/// Claims a key for a request, unless another request has it or used it before.
fn take(tx: &mut Transaction<'_>, claim: &Claim, in_flight: &InFlight) -> QueryResult<Claimed> {
    let now = tx.database_now()?;
    // If two requests insert a new key at once, one of them fails and then finds the other's row.
    if insert(tx, claim, now)? {
        return Ok(Claimed::First);
    }
    let find = keys::table.find((&claim.scope, &claim.key)).select((
        keys::holder,
        keys::renewed_at,
        keys::fingerprint,
        keys::answer,
    ));
    let found: Option<Row> = first_locked!(&mut **tx, find).optional()?;
    let Some((holder, renewed_at, fingerprint, answer)) = found else {
        // The key was released between the two statements. The client's next try gets it.
        return Ok(Claimed::InFlight);
    };
    let is_in_flight = match tx.given_up_before(CLAIMS_LIVE, now) {
        Some(before) => renewed_at > before,
        None => in_flight.has_claim(&Claim {
            holder,
            ..claim.clone()
        }),
    };
    match (fingerprint, answer) {
        (Some(fingerprint), Some(answer)) if now - renewed_at < micros(ANSWERS_LIVE) => {
            return Ok(Claimed::Before {
                fingerprint,
                answer,
            });
        }
        (_, None) if is_in_flight => return Ok(Claimed::InFlight),
        _ => {}
    }
    diesel::update(keys::table.find((&claim.scope, &claim.key)))
        .set((
            keys::holder.eq(claim.holder),
            keys::renewed_at.eq(now),
            keys::fingerprint.eq(None::<Vec<u8>>),
            keys::answer.eq(None::<Vec<u8>>),
        ))
        .execute(&mut **tx)?;
    Ok(Claimed::First)
}

fn insert(connection: &mut AnyConnection, claim: &Claim, now: i64) -> QueryResult<bool> {
    let values = (
        keys::scope.eq(&claim.scope),
        keys::key.eq(&claim.key),
        keys::holder.eq(claim.holder),
        keys::renewed_at.eq(now),
    );
    let inserted = insert_unless_there!(connection, keys::table, values)?;
    Ok(inserted > 0)
}

/// Whether the request still has its key. The row is locked until the transaction ends.
pub(crate) fn is_held(connection: &mut AnyConnection, claim: &Claim) -> QueryResult<bool> {
    let find = keys::table
        .find((&claim.scope, &claim.key))
        .select((keys::holder, keys::answer.is_null()));
    let found: Option<(i64, bool)> = first_locked!(connection, find).optional()?;
    Ok(found == Some((claim.holder, true)))
}

/// Stores the answer of a request that has its key. `outcome` is the result of its write.
pub(crate) fn settle<T: ?Sized>(
    tx: &mut Transaction<'_>,
    receipt: &Receipt<T>,
    outcome: &T,
) -> QueryResult<()> {
    let now = tx.database_now()?;
    let claim = &receipt.claim;
    diesel::update(keys::table.find((&claim.scope, &claim.key)))
        .filter(keys::holder.eq(claim.holder))
        .set((
            keys::renewed_at.eq(now),
            keys::fingerprint.eq(Some(receipt.fingerprint.as_slice())),
            keys::answer.eq(Some((receipt.answer)(outcome))),
        ))
        .execute(&mut **tx)
        .map(drop)
}

/// Releases a key whose request has no answer to store.
fn release(connection: &mut AnyConnection, claim: &Claim) -> QueryResult<()> {
    diesel::delete(keys::table.find((&claim.scope, &claim.key)))
        .filter(keys::holder.eq(claim.holder))
        .filter(keys::answer.is_null())
        .execute(connection)
        .map(drop)
}

/// Releases all keys in flight: the processes that had them are gone.
pub(crate) fn release_all(connection: &mut AnyConnection) -> QueryResult<usize> {
    diesel::delete(keys::table.filter(keys::answer.is_null())).execute(connection)
}

/// Deletes keys whose answers have expired, and keys in flight that are as old.
pub(crate) fn expire(tx: &mut Transaction<'_>, now: i64) -> QueryResult<usize> {
    let old = keys::table.filter(keys::renewed_at.lt(now - micros(ANSWERS_LIVE)));
    match tx.given_up_before(ANSWERS_LIVE, now) {
        Some(_) => diesel::delete(old).execute(&mut **tx),
        None => diesel::delete(old.filter(keys::answer.is_not_null())).execute(&mut **tx),
    }
}
