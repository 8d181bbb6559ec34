//! What is done now and then without being asked: telling other servers what this one is in the middle of, putting small
//! appends together, sweeping, and getting ready again when a database that was away is back.
//!
//! Each is a task of its own, since none may hold up another: what other servers are not told of in time, they take for dead,
//! while putting appends together may take as long as it likes. All end with the store. What fails is tried again.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::inner::Inner;
use super::{StoreError, alive, compaction};
use crate::dataset::DatasetName;

/// How long sweeping rests when there is nothing to do: in a store of its own, and in one that is far away.
const IDLE: Duration = Duration::from_secs(1);
const IDLE_FAR: Duration = Duration::from_secs(5);
/// How long it rests between two steps.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);
/// How soon it is told again what could not be told.
const RENEW_AGAIN: Duration = Duration::from_secs(1);

/// Where it is told which datasets are to be compacted.
pub(super) type Hints = UnboundedSender<DatasetName>;

/// Starts the tasks on the runtime that the caller is on; without one nothing is kept, which only means more to sweep for
/// whoever comes next.
pub(super) fn start(start: impl FnOnce(Hints) -> Arc<Inner>) -> Arc<Inner> {
    let (hints, told) = unbounded_channel();
    let store = start(hints);
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(sweep(Arc::downgrade(&store)));
        runtime.spawn(compact(Arc::downgrade(&store), told));
        if store.is_far() {
            runtime.spawn(renew(Arc::downgrade(&store)));
        }
    }
    store
}

/// The store, unless it is gone or closed.
fn open(store: &Weak<Inner>) -> Option<Arc<Inner>> {
    store.upgrade().filter(|store| !store.is_closed())
}

/// Gets the store ready where it is not, and sweeps.
async fn sweep(store: Weak<Inner>) {
    let mut pause = IDLE;
    loop {
        tokio::time::sleep(pause).await;
        let Some(store) = open(&store) else { return };
        pause = if store.is_far() { IDLE_FAR } else { IDLE };
        if let Err(error) = store.prepare().await {
            log::debug!("the store is not ready: {error}");
            pause = IDLE;
            continue;
        }
        match store.tidy().await {
            Ok(true) => pause = SWEEP_PAUSE,
            Ok(false) => {}
            Err(error) => report("sweeping", Err(error)),
        }
    }
}

/// Tells other servers what this one is in the middle of.
async fn renew(store: Weak<Inner>) {
    let mut pause = alive::EVERY;
    loop {
        tokio::time::sleep(pause).await;
        let Some(store) = open(&store) else { return };
        let renewed = store.renew().await;
        pause = if renewed.is_ok() {
            alive::EVERY
        } else {
            RENEW_AGAIN
        };
        report("renewing what is in flight", renewed);
    }
}

/// Puts the small appends of datasets together, one dataset after the other.
async fn compact(store: Weak<Inner>, mut told: UnboundedReceiver<DatasetName>) {
    while let Some(name) = told.recv().await {
        let mut due = HashSet::from([name]);
        while let Ok(name) = told.try_recv() {
            due.insert(name);
        }
        for name in &due {
            let Some(store) = open(&store) else { return };
            let compacted = compaction::compact(&store, name).await;
            report("putting small appends together", compacted);
        }
    }
}

fn report(what: &str, outcome: Result<(), StoreError>) {
    match outcome {
        Ok(()) | Err(StoreError::Closed) => {}
        // Whoever writes is told; there is nothing else to be done about it here.
        Err(StoreError::ReadOnly(_)) => {
            log::debug!("{what} waits for a database that takes writes");
        }
        Err(error) => log::warn!("{what} failed, it is tried again: {error}"),
    }
}
