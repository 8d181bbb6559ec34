//! Collection: deletes, in small steps, segments that no revision reads and nobody has leased.

use std::sync::Arc;
use std::time::Duration;

use super::leases::{self, Leases};
use super::tombstones;
use crate::store::backend::{Transaction, WriteError, WriteOptions};
use crate::store::catalog::schema_versions;
use crate::store::clients::readers;
use crate::store::derived;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency;
use crate::store::in_flight::UPLOADS_LIVE;
use crate::store::units::micros;

/// Younger tombstones are skipped: a reader may know the segment and not have leased it yet, or not have reported the lease to other
/// servers.
const GRACE: Duration = Duration::from_secs(60);
/// The same while the disk is almost full. It is still far longer than a reader needs for its lease.
const GRACE_ON_TIGHT_DISK: Duration = Duration::from_secs(5);
/// How many blocks one transaction deletes, so that other writes don't wait long for it.
pub(crate) const BLOCKS: i64 = 64;
/// How many tombstones are read at once.
const TOMBSTONES: usize = 64;

/// Deletes some blocks. Returns whether there is more to delete.
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
        // Nobody reads a segment that was never committed, so its tombstone is as old as its last heartbeat.
        tombstones::abandon_uploads(tx, before, before)?;
    }
    idempotency::expire(tx, now)?;
    schema_versions::forget_former(tx, now)?;
    readers::expire(tx, now)?;
    derived::remove_orphans(tx, now)?;
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
            // All of these are leased. Later ones may not be.
            Some(last) if found.len() == TOMBSTONES => after = *last,
            _ => return Ok(false),
        }
    }
}
