//! What is in flight in this process: uploads being received, idempotency keys of unfinished writes, and segments being read.
//!
//! Servers that share a database report this regularly, so that others don't collect or claim it. A process that has a database to
//! itself reports nothing, because it knows everything itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::backend::AnyConnection;
use super::model::Claim;
use super::schema::{idempotency_keys, leases, uploads};
use super::segments::list::SegmentId;
use super::units::micros;

/// An upload that was not renewed for so long has no process any more.
pub(crate) const UPLOADS_LIVE: Duration = Duration::from_secs(15 * 60);
/// A key in flight that was not renewed for so long has no process any more.
pub(crate) const CLAIMS_LIVE: Duration = Duration::from_secs(90);
/// How long a lease holds after it was reported.
const LEASES_LIVE: Duration = Duration::from_secs(120);

/// What is in flight in this process.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    /// Each has a semaphore with one permit. Whoever writes a part of the segment holds it.
    uploads: HashMap<SegmentId, Arc<Semaphore>>,
    claims: HashSet<Claim>,
}

/// The permit to write one part of a segment. While it is held, the segment is not abandoned.
#[derive(Debug)]
pub struct Turn {
    pub(crate) segment: SegmentId,
    _permit: Option<OwnedSemaphorePermit>,
}

/// The report of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub uploads: Vec<SegmentId>,
    pub claims: Vec<Claim>,
    pub leases: Vec<SegmentId>,
}

impl Report {
    pub(crate) fn is_empty(&self) -> bool {
        self.uploads.is_empty() && self.claims.is_empty() && self.leases.is_empty()
    }
}

impl InFlight {
    /// Notes that a segment is being written, and that a part of it is written next.
    pub(crate) fn begin_part(&self, segment: SegmentId) -> Turn {
        let mut now = self.lock();
        let one = || Arc::new(Semaphore::new(1));
        let permits = Arc::clone(now.uploads.entry(segment).or_insert_with(one));
        drop(now);
        Turn {
            segment,
            // Parts of a segment are written one after the other.
            _permit: permits.try_acquire_owned().ok(),
        }
    }

    /// Notes that a segment is not written any more. Returns its semaphore, which becomes free when the current part is written.
    pub(crate) fn end_upload(&self, segment: SegmentId) -> Option<Arc<Semaphore>> {
        self.lock().uploads.remove(&segment)
    }

    /// Whether uploads are being received.
    pub(crate) fn has_uploads(&self) -> bool {
        !self.lock().uploads.is_empty()
    }

    pub(crate) fn begin_claim(&self, claim: &Claim) {
        self.lock().claims.insert(claim.clone());
    }

    pub(crate) fn end_claim(&self, claim: &Claim) {
        self.lock().claims.remove(claim);
    }

    /// Whether a request of this process has the key.
    pub(crate) fn has_claim(&self, claim: &Claim) -> bool {
        self.lock().claims.contains(claim)
    }

    pub(crate) fn report(&self, leases: Vec<SegmentId>) -> Report {
        let now = self.lock();
        let mut report = Report {
            uploads: now.uploads.keys().copied().collect(),
            claims: now.claims.iter().cloned().collect(),
            leases,
        };
        drop(now);
        // Rows are locked in this order: see the module `store`.
        report.claims.sort_unstable();
        report.uploads.sort_unstable();
        report.leases.sort_unstable();
        report
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // Both sets are whole between any two statements, so a panic elsewhere did not harm them.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the report of the process `holder`.
pub(crate) fn renew(
    connection: &mut AnyConnection,
    report: &Report,
    holder: i64,
    now: i64,
) -> QueryResult<()> {
    for claim in &report.claims {
        diesel::update(idempotency_keys::table.find((&claim.scope, &claim.key)))
            .filter(idempotency_keys::holder.eq(claim.holder))
            .filter(idempotency_keys::answer.is_null())
            .set(idempotency_keys::renewed_at.eq(now))
            .execute(connection)?;
    }
    for segment in &report.uploads {
        diesel::update(uploads::table.find((segment.dataset, segment.number)))
            .set(uploads::renewed_at.eq(now))
            .execute(connection)?;
    }
    let until = now + micros(LEASES_LIVE);
    for segment in &report.leases {
        let key = (segment.dataset, segment.number, holder);
        let renewed = diesel::update(leases::table.find(key))
            .set(leases::until.eq(until))
            .execute(connection)?;
        if renewed == 0 {
            diesel::insert_into(leases::table)
                .values((
                    leases::dataset_id.eq(segment.dataset),
                    leases::run.eq(segment.number),
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
