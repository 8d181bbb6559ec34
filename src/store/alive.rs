//! What this server is in the middle of, told to the store now and then, so that other servers let it be: uploads being
//! received, keys of writes in flight, and runs being read for longer than a moment.
//!
//! Whoever holds an embedded store holds it alone; there, nothing has to be told.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::{idempotency_keys, leases, uploads};
use super::{Claim, Run};

/// How often it is told.
pub(super) const EVERY: Duration = Duration::from_secs(15);
/// Uploads that were not renewed for so long have no server any more.
pub(super) const UPLOADS_LIVE: Duration = Duration::from_secs(15 * 60);
/// Keys in flight that were not renewed for so long have no server any more.
pub(super) const CLAIMS_LIVE: Duration = Duration::from_secs(90);
/// How long a lease holds from when it was told.
pub(super) const LEASES_LIVE: Duration = Duration::from_secs(120);

/// What this server is in the middle of.
#[derive(Debug, Default)]
pub(super) struct Alive {
    doing: Mutex<Doing>,
}

#[derive(Debug, Default)]
struct Doing {
    uploads: HashSet<Run>,
    claims: HashSet<Claim>,
}

/// What is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub uploads: Vec<Run>,
    pub claims: Vec<Claim>,
    pub leases: Vec<Run>,
}

impl Report {
    pub(super) fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.claims.is_empty() && self.leases.is_empty()
    }
}

impl Alive {
    pub(super) fn begin_upload(&self, run: Run) {
        self.lock().uploads.insert(run);
    }

    pub(super) fn end_upload(&self, run: Run) {
        self.lock().uploads.remove(&run);
    }

    pub(super) fn begin_claim(&self, claim: &Claim) {
        self.lock().claims.insert(claim.clone());
    }

    pub(super) fn end_claim(&self, claim: &Claim) {
        self.lock().claims.remove(claim);
    }

    pub(super) fn report(&self, leases: Vec<Run>) -> Report {
        let doing = self.lock();
        Report {
            uploads: doing.uploads.iter().copied().collect(),
            claims: doing.claims.iter().cloned().collect(),
            leases,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Doing> {
        // Both sets are whole between any two statements, so a panic elsewhere did not harm them.
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the store.
pub(super) fn renew(
    connection: &mut AnyConnection,
    report: &Report,
    holder: i64,
    now: i64,
) -> QueryResult<()> {
    for run in &report.uploads {
        diesel::update(uploads::table.find((run.dataset, run.number)))
            .set(uploads::renewed_at.eq(now))
            .execute(connection)?;
    }
    for claim in &report.claims {
        diesel::update(idempotency_keys::table.find((&claim.scope, &claim.key)))
            .filter(idempotency_keys::holder.eq(claim.holder))
            .filter(idempotency_keys::answer.is_null())
            .set(idempotency_keys::renewed_at.eq(now))
            .execute(connection)?;
    }
    let until = now + micros(LEASES_LIVE);
    for run in &report.leases {
        let key = (run.dataset, run.number, holder);
        let renewed = diesel::update(leases::table.find(key))
            .set(leases::until.eq(until))
            .execute(connection)?;
        if renewed == 0 {
            diesel::insert_into(leases::table)
                .values((
                    leases::dataset_id.eq(run.dataset),
                    leases::run.eq(run.number),
                    leases::holder.eq(holder),
                    leases::until.eq(until),
                ))
                .execute(connection)?;
        }
    }
    diesel::delete(leases::table.filter(leases::until.lt(now)))
        .execute(connection)
        .map(drop)
}

/// Whether some server is reading the run.
pub(super) fn is_leased(connection: &mut AnyConnection, run: Run, now: i64) -> QueryResult<bool> {
    leases::table
        .filter(leases::dataset_id.eq(run.dataset))
        .filter(leases::run.eq(run.number))
        .filter(leases::until.ge(now))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// A length of time in the unit of the tables.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
