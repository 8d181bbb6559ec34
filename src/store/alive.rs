//! What this server is in the middle of, told to the store now and then, so that other servers let it be: uploads being
//! received, keys of writes in flight, and runs being read for longer than a moment.
//!
//! Whoever holds an embedded store holds it alone; there, nothing has to be told, and what this process knows decides.
//!
//! On a server all ages are told by [its clock](now): the clocks of two hosts are never compared.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    /// Each with its one permit, which whoever writes a part of the run holds.
    uploads: HashMap<Run, Arc<Semaphore>>,
    claims: HashSet<Claim>,
}

/// The right to write one part of a run. While it is held, the run is not given up.
#[derive(Debug)]
pub struct Turn {
    pub(super) run: Run,
    _permit: Option<OwnedSemaphorePermit>,
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
    /// Notes that a run is being written, and that a part of it is about to be.
    pub(super) fn begin_part(&self, run: Run) -> Turn {
        let mut doing = self.lock();
        let one = || Arc::new(Semaphore::new(1));
        let permits = Arc::clone(doing.uploads.entry(run).or_insert_with(one));
        drop(doing);
        Turn {
            run,
            // Parts of a run are written one after the other.
            _permit: permits.try_acquire_owned().ok(),
        }
    }

    /// Notes that a run is not written any more; gives what tells when the part that is being written now is.
    pub(super) fn end_upload(&self, run: Run) -> Option<Arc<Semaphore>> {
        self.lock().uploads.remove(&run)
    }

    pub(super) fn begin_claim(&self, claim: &Claim) {
        self.lock().claims.insert(claim.clone());
    }

    pub(super) fn end_claim(&self, claim: &Claim) {
        self.lock().claims.remove(claim);
    }

    /// Whether a request of this process has the key.
    pub(super) fn has_claim(&self, claim: &Claim) -> bool {
        self.lock().claims.contains(claim)
    }

    pub(super) fn report(&self, leases: Vec<Run>) -> Report {
        let doing = self.lock();
        let mut report = Report {
            uploads: doing.uploads.keys().copied().collect(),
            claims: doing.claims.iter().cloned().collect(),
            leases,
        };
        drop(doing);
        // Rows are locked in one order, see `jobs`.
        report.claims.sort_unstable();
        report.uploads.sort_unstable();
        report.leases.sort_unstable();
        report
    }

    fn lock(&self) -> MutexGuard<'_, Doing> {
        // Both sets are whole between any two statements, so a panic elsewhere did not harm them.
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

diesel::define_sql_function! {
    /// The server's clock, as of this statement and not of the transaction's beginning.
    fn clock_timestamp() -> Timestamptz;
}
diesel::define_sql_function! {
    /// One field of a time, as a number.
    fn date_part(field: Text, of: Timestamptz) -> Double;
}

/// What time it is for ages, in the unit of the tables: by the clock of the server that the store is on, and for an embedded
/// store by that of this process, which is `here`.
pub(super) fn now(connection: &mut AnyConnection, here: i64) -> QueryResult<i64> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(here),
        AnyConnection::Postgres(server) => {
            let micros = (date_part("epoch", clock_timestamp()) * 1e6).cast::<BigInt>();
            diesel::select(micros).get_result(server)
        }
    }
}

/// Tells the store.
pub(super) fn renew(
    connection: &mut AnyConnection,
    report: &Report,
    holder: i64,
    here: i64,
) -> QueryResult<()> {
    let now = now(connection, here)?;
    for claim in &report.claims {
        diesel::update(idempotency_keys::table.find((&claim.scope, &claim.key)))
            .filter(idempotency_keys::holder.eq(claim.holder))
            .filter(idempotency_keys::answer.is_null())
            .set(idempotency_keys::renewed_at.eq(now))
            .execute(connection)?;
    }
    for run in &report.uploads {
        diesel::update(uploads::table.find((run.dataset, run.number)))
            .set(uploads::renewed_at.eq(now))
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
