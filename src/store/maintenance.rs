//! The background tasks of a store: reporting what is in flight to other servers, compacting small appends, building columns, collecting
//! segments that no revision reads, watching the switch for writes, following up servers of earlier releases, and preparing a database that
//! was away at the start.
//!
//! Each is a task of its own, so none delays another: other servers abandon what is not reported in time, while compaction may take
//! long. All tasks end with the store. Each repeats what failed.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::backend::WriteOptions;
use super::catalog::backfill;
use super::error::StoreError;
use super::handle::{Shared, Store};
use super::segments::columns::build::{self, Builder};
use super::segments::{collection, compaction};
use super::{in_flight, switch};
use crate::dataset::DatasetName;

/// How soon a failed preparation is repeated.
const PREPARE_AGAIN: Duration = Duration::from_secs(1);
/// The pause between two steps of collection, or of following up earlier releases.
const COLLECT_PAUSE: Duration = Duration::from_millis(20);
/// How often all datasets are looked at for segments without columns. Those that this process writes are known without that.
const LOOK_FOR_SEGMENTS: Duration = Duration::from_secs(60);
/// After so many such looks, columns are looked for whose segments are gone.
const LOOKS_FOR_LOST: u32 = 60;
/// How soon a failed report is repeated.
const REPORT_AGAIN: Duration = Duration::from_secs(1);

/// Starts the tasks on the caller's runtime. Without a runtime there is no maintenance; the next server does it.
pub(crate) fn start(
    store: &Store,
    to_compact: UnboundedReceiver<DatasetName>,
    to_build: UnboundedReceiver<DatasetName>,
) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let shared = || Arc::downgrade(&store.shared);
    runtime.spawn(collect(shared(), store.backend().pace().collect));
    runtime.spawn(compact(shared(), to_compact));
    runtime.spawn(build_columns(shared(), to_build));
    runtime.spawn(watch_switch(shared()));
    runtime.spawn(follow_up(shared(), store.backend().pace().collect));
    if let Some(every) = store.backend().pace().report {
        runtime.spawn(report(shared(), every));
    }
}

/// The store, unless it was dropped or closed.
fn open(shared: &Weak<Shared>) -> Option<Store> {
    let shared = shared.upgrade()?;
    (!shared.backend.is_closed()).then_some(Store { shared })
}

/// Prepares the store if necessary, and collects.
async fn collect(shared: Weak<Shared>, idle: Duration) {
    // The first step comes soon, because a database that was away may be back.
    let mut pause = idle.min(PREPARE_AGAIN);
    loop {
        tokio::time::sleep(pause).await;
        let Some(store) = open(&shared) else { return };
        if let Err(error) = store.backend().prepare().await {
            log::debug!("the store is not ready: {error}");
            pause = PREPARE_AGAIN;
            continue;
        }
        pause = match collection::step(&store).await {
            Ok(true) => COLLECT_PAUSE,
            Ok(false) => idle,
            Err(error) => {
                log_failure("collecting", Err(error));
                idle
            }
        };
    }
}

/// Reports to other servers what is in flight in this process.
async fn report(shared: Weak<Shared>, every: Duration) {
    let mut pause = every;
    loop {
        tokio::time::sleep(pause).await;
        let Some(store) = open(&shared) else { return };
        let reported = renew(&store).await;
        pause = if reported.is_ok() {
            every
        } else {
            REPORT_AGAIN
        };
        log_failure("reporting what is in flight", reported);
    }
}

async fn renew(store: &Store) -> Result<(), StoreError> {
    let holder = store.shared.holder;
    let report = store.in_flight().report(store.shared.leases.all());
    if report.is_empty() {
        return Ok(());
    }
    store
        .backend()
        .write(WriteOptions::ORDINARY, move |tx| {
            let now = tx.database_now()?;
            Ok(in_flight::renew(tx, &report, holder, now)?)
        })
        .await
}

/// Reads again and again whether writes are off.
async fn watch_switch(shared: Weak<Shared>) {
    loop {
        let Some(store) = open(&shared) else { return };
        // While that fails, each write reads it for itself.
        if let Err(error) = store.look_at_switch().await {
            log::debug!("the switch for writes can't be read: {error}");
        }
        drop(store);
        tokio::time::sleep(switch::LOOK).await;
    }
}

/// Compacts the small appends of datasets, one dataset after the other.
async fn compact(shared: Weak<Shared>, mut to_compact: UnboundedReceiver<DatasetName>) {
    while let Some(name) = to_compact.recv().await {
        let mut due = HashSet::from([name]);
        while let Ok(name) = to_compact.try_recv() {
            due.insert(name);
        }
        for name in &due {
            let Some(store) = open(&shared) else { return };
            // The segment that compaction writes is large enough for columns, perhaps.
            store.shared.due_columns.fetch_add(1, Ordering::Relaxed);
            log_failure("compacting", compaction::compact(&store, name).await);
            store.build_columns_of(name);
            store.shared.due_columns.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Builds columns: at the start and from time to time of all datasets, and in between of those that were written.
async fn build_columns(shared: Weak<Shared>, mut to_build: UnboundedReceiver<DatasetName>) {
    let mut builder = Builder::default();
    // Counts the looks at all datasets. The first one was counted as due when the store was opened.
    for look in 0_u32.. {
        let mut due = Vec::new();
        {
            let Some(store) = open(&shared) else { return };
            match builder.due(&store).await {
                Ok(found) => due = found,
                // Collection tells that the database does not answer.
                Err(StoreError::Away(_)) => {}
                Err(error) => log_failure("looking for segments without columns", Err(error)),
            }
            if look.is_multiple_of(LOOKS_FOR_LOST) {
                log_failure("removing lost columns", build::delete_lost(&store).await);
            }
        }
        for name in &due {
            let Some(store) = open(&shared) else { return };
            log_failure("building columns", builder.build(&store, name).await);
        }
        if look == 0
            && let Some(store) = open(&shared)
        {
            store.shared.due_columns.fetch_sub(1, Ordering::Relaxed);
        }
        let again = Instant::now() + LOOK_FOR_SEGMENTS;
        while let Ok(name) = tokio::time::timeout_at(again, to_build.recv()).await {
            let Some(name) = name else { return };
            let Some(store) = open(&shared) else { return };
            log_failure("building columns", builder.build(&store, &name).await);
            store.shared.due_columns.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Follows up servers of earlier releases that write to the same store.
async fn follow_up(shared: Weak<Shared>, idle: Duration) {
    let mut after = i64::MIN;
    loop {
        let Some(store) = open(&shared) else { return };
        let stored = backfill::store_next(&store, after).await;
        drop(store);
        after = match &stored {
            Ok(Some(dataset)) => *dataset,
            Ok(None) | Err(_) => i64::MIN,
        };
        let pause = match after {
            i64::MIN => idle,
            _ => COLLECT_PAUSE,
        };
        match stored {
            // Collection tells that the database does not answer.
            Err(StoreError::Away(_)) => {}
            stored => log_failure("following up earlier releases", stored.map(drop)),
        }
        tokio::time::sleep(pause).await;
    }
}

fn log_failure(what: &str, outcome: Result<(), StoreError>) {
    match outcome {
        Ok(()) | Err(StoreError::Closed) => {}
        // Clients that write get this error too, so there is no need for a warning.
        Err(StoreError::ReadOnly(_)) => {
            log::debug!("{what} waits for a database that takes writes");
        }
        Err(error) => log::warn!("{what} failed, it is tried again: {error}"),
    }
}
