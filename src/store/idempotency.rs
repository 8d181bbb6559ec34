//! Writes that may be sent twice: a key, what it was first used for, and the answer that was given then.
//!
//! A request takes its key before it does anything, and its answer is committed together with what it wrote; so there is
//! never one without the other, whatever stops in between, and however many servers there are.
//!
//! A key that is taken stays taken while its request lives. In an embedded store this process knows which requests do; on a
//! server each says so now and then ([`alive`](super::alive)), and one that has been silent for long has no server any more.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;

use super::Committed;
use super::alive::{self, Alive, CLAIMS_LIVE, micros};
use super::connection::AnyConnection;
use super::schema::idempotency_keys as keys;

/// How long an answer is kept.
const ANSWERS_LIVE: Duration = Duration::from_secs(24 * 60 * 60);

/// A request that wants its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// Whose key it is.
    pub scope: String,
    /// The key.
    pub key: String,
    /// The request, by a number of its own.
    pub holder: i64,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The key is the request's.
    First,
    /// Another request has it and is not done.
    InFlight,
    /// It was used before.
    Before {
        /// SHA-256 of the request that used it.
        fingerprint: Vec<u8>,
        /// What was answered.
        answer: Vec<u8>,
    },
}

/// Makes the answer of what was committed.
pub type MakeAnswer = Arc<dyn Fn(&[Committed]) -> Vec<u8> + Send + Sync>;

/// What is kept of a request that is done. Its answer depends on the request, of which the fingerprint has all that operations read,
/// and on what the dataset was then: it tells what was done, so it stays the same whatever comes later, over restarts and settings.
#[derive(Clone)]
pub struct Receipt {
    /// Its key.
    pub claim: Claim,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// Its answer.
    pub answer: MakeAnswer,
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Receipt").field(&self.claim).finish()
    }
}

type Row = (i64, i64, Option<Vec<u8>>, Option<Vec<u8>>);

/// Takes a key for a request, unless another has it or had it.
pub(super) fn claim(
    connection: &mut AnyConnection,
    claim: &Claim,
    alive: &Alive,
    here: i64,
) -> QueryResult<Claimed> {
    let now = alive::now(connection, here)?;
    // Where two take a new key at once, one is told so by the database, and finds the other's row afterwards.
    if insert(connection, claim, now)? {
        return Ok(Claimed::First);
    }
    let find = keys::table.find((&claim.scope, &claim.key)).select((
        keys::holder,
        keys::renewed_at,
        keys::fingerprint,
        keys::answer,
    ));
    let found: Option<Row> = match connection {
        AnyConnection::Sqlite(sqlite) => find.first(sqlite).optional()?,
        AnyConnection::Postgres(postgres) => find.for_update().first(postgres).optional()?,
    };
    let Some((holder, renewed_at, fingerprint, answer)) = found else {
        // It was given back between the two statements; whoever asks again gets it.
        return Ok(Claimed::InFlight);
    };
    let age = now - renewed_at;
    let lives = match connection {
        AnyConnection::Sqlite(_) => alive.has_claim(&Claim {
            holder,
            ..claim.clone()
        }),
        AnyConnection::Postgres(_) => age < micros(CLAIMS_LIVE),
    };
    match (fingerprint, answer) {
        (Some(fingerprint), Some(answer)) if age < micros(ANSWERS_LIVE) => {
            return Ok(Claimed::Before {
                fingerprint,
                answer,
            });
        }
        (_, None) if lives => return Ok(Claimed::InFlight),
        _ => {}
    }
    diesel::update(keys::table.find((&claim.scope, &claim.key)))
        .set((
            keys::holder.eq(claim.holder),
            keys::renewed_at.eq(now),
            keys::fingerprint.eq(None::<Vec<u8>>),
            keys::answer.eq(None::<Vec<u8>>),
        ))
        .execute(connection)?;
    Ok(Claimed::First)
}

fn insert(connection: &mut AnyConnection, claim: &Claim, now: i64) -> QueryResult<bool> {
    let values = (
        keys::scope.eq(&claim.scope),
        keys::key.eq(&claim.key),
        keys::holder.eq(claim.holder),
        keys::renewed_at.eq(now),
    );
    let insert = diesel::insert_into(keys::table).values(values);
    let inserted = match connection {
        AnyConnection::Sqlite(sqlite) => insert.on_conflict_do_nothing().execute(sqlite)?,
        AnyConnection::Postgres(postgres) => insert.on_conflict_do_nothing().execute(postgres)?,
    };
    Ok(inserted > 0)
}

/// Whether the request still has its key, which stays so until the transaction ends.
pub(super) fn is_held(connection: &mut AnyConnection, claim: &Claim) -> QueryResult<bool> {
    let find = keys::table
        .find((&claim.scope, &claim.key))
        .select((keys::holder, keys::answer.is_null()));
    let found: Option<(i64, bool)> = match connection {
        AnyConnection::Sqlite(sqlite) => find.first(sqlite).optional()?,
        AnyConnection::Postgres(postgres) => find.for_update().first(postgres).optional()?,
    };
    Ok(found == Some((claim.holder, true)))
}

/// Keeps the answer of a request that has its key.
pub(super) fn settle(
    connection: &mut AnyConnection,
    receipt: &Receipt,
    committed: &[Committed],
    here: i64,
) -> QueryResult<()> {
    let now = alive::now(connection, here)?;
    let claim = &receipt.claim;
    diesel::update(keys::table.find((&claim.scope, &claim.key)))
        .filter(keys::holder.eq(claim.holder))
        .set((
            keys::renewed_at.eq(now),
            keys::fingerprint.eq(Some(receipt.fingerprint.as_slice())),
            keys::answer.eq(Some((receipt.answer)(committed))),
        ))
        .execute(connection)
        .map(drop)
}

/// Gives a key back that led to nothing worth keeping.
pub(super) fn release(connection: &mut AnyConnection, claim: &Claim) -> QueryResult<()> {
    diesel::delete(keys::table.find((&claim.scope, &claim.key)))
        .filter(keys::holder.eq(claim.holder))
        .filter(keys::answer.is_null())
        .execute(connection)
        .map(drop)
}

/// Gives back all keys in flight: those who had them are gone.
pub(super) fn release_all(connection: &mut AnyConnection) -> QueryResult<usize> {
    diesel::delete(keys::table.filter(keys::answer.is_null())).execute(connection)
}

/// Forgets answers that are too old to be given again, and on a server keys whose requests are as old.
pub(super) fn expire(connection: &mut AnyConnection, now: i64) -> QueryResult<usize> {
    let old = keys::table.filter(keys::renewed_at.lt(now - micros(ANSWERS_LIVE)));
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            diesel::delete(old.filter(keys::answer.is_not_null())).execute(sqlite)
        }
        AnyConnection::Postgres(server) => diesel::delete(old).execute(server),
    }
}
