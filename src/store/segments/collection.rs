//! Collection: deleting, in small steps, what nobody can reach or is reading any more.

use std::sync::Arc;
use std::time::Duration;

use super::leases::{self, Leases};
use super::tombstones;
use crate::store::backend::{Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency;
use crate::store::in_flight::UPLOADS_LIVE;
use crate::store::units::micros;

/// Younger tombstones are left alone: a reader may have learned of the segment and not taken its lease yet, or not reported it to
/// other processes.
const GRACE: Duration = Duration::from_secs(60);
/// The same while the disk is tight: still far longer than a reader takes to take its lease.
const GRACE_ON_TIGHT_DISK: Duration = Duration::from_secs(5);
/// Blocks deleted in one transaction, so that other writes never wait long for it.
pub(crate) const BLOCKS: i64 = 64;
/// Tombstones that are looked at together.
const TOMBSTONES: usize = 64;

/// Deletes some of what nobody reads any more; says whether there is more.
pub(crate) async fn step(store: &Store) -> Result<bool, StoreError> {
    let leases = Arc::clone(&store.shared.leases);
    store
        .backend()
        .write(WriteOptions::COLLECTS, move |tx| collect(tx, &leases))
        .await
}

fn collect(tx: &mut Transaction<'_>, leases: &Leases) -> Result<bool, WriteError> {
    if !tx.may_collect()? {
        return Ok(false);
    }
    let now = tx.database_now()?;
    if let Some(before) = tx.given_up_before(UPLOADS_LIVE, now) {
        // Nobody can be reading what was never committed, so its tombstone is as old as its process has been silent.
        tombstones::abandon_uploads(tx, before, before)?;
    }
    idempotency::expire(tx, now)?;
    let grace = match tx.disk_is_tight() {
        true => GRACE_ON_TIGHT_DISK,
        false => GRACE,
    };
    let mut after = tombstones::BEFORE_ALL;
    loop {
        let found = tombstones::list(tx, now - micros(grace), after, TOMBSTONES)?;
        for &segment in &found {
            if leases.is_held(segment) || leases::is_reported(tx, segment, now)? {
                continue;
            }
            tombstones::delete_some(tx, segment, BLOCKS)?;
            return Ok(true);
        }
        match found.last() {
            // All of these are being read. Later ones may not be.
            Some(last) if found.len() == TOMBSTONES => after = *last,
            _ => return Ok(false),
        }
    }
}
