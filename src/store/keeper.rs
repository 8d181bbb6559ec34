//! What is done now and then without being asked: sweeping, putting small appends together, telling other servers what
//! this one is in the middle of, and getting ready again when a database that was away is back.
//!
//! It is one task, which ends with the store. What fails is tried again the next time.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::inner::Inner;
use super::{StoreError, alive, compaction};
use crate::dataset::DatasetName;

/// How long it rests when there is nothing to do: in a store of its own, and in one that is far away.
const IDLE: Duration = Duration::from_secs(1);
const IDLE_FAR: Duration = Duration::from_secs(5);
/// How long it rests between two steps of sweeping.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);

/// Where the keeper is told of datasets to be compacted.
pub(super) type Hints = UnboundedSender<DatasetName>;

/// Starts the keeper on the runtime that the caller is on; without one nothing is kept, which only means more to sweep
/// for whoever comes next.
pub(super) fn start(start: impl FnOnce(Hints) -> Arc<Inner>) -> Arc<Inner> {
    let (hints, told) = unbounded_channel();
    let store = start(hints);
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(keep(Arc::downgrade(&store), told));
    }
    store
}

async fn keep(store: Weak<Inner>, mut told: UnboundedReceiver<DatasetName>) {
    let mut renewed = Instant::now();
    let mut pause = IDLE;
    loop {
        let mut due = HashSet::new();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            name = told.recv() => match name {
                Some(name) => drop(due.insert(name)),
                None => return,
            }
        }
        while let Ok(name) = told.try_recv() {
            due.insert(name);
        }
        let Some(store) = store.upgrade() else { return };
        if store.is_closed() {
            return;
        }
        pause = if store.is_far() { IDLE_FAR } else { IDLE };
        if let Err(error) = store.prepare().await {
            log::debug!("the store is not ready: {error}");
            pause = IDLE;
            continue;
        }
        for name in &due {
            report(
                "putting small appends together",
                compaction::compact(&store, name).await,
            );
        }
        if store.is_far() && renewed.elapsed() >= alive::EVERY {
            renewed = Instant::now();
            report("renewing what is in flight", store.renew().await);
        }
        match store.tidy().await {
            Ok(true) => pause = SWEEP_PAUSE,
            Ok(false) => {}
            Err(error) => report("sweeping", Err(error)),
        }
    }
}

fn report(what: &str, outcome: Result<(), StoreError>) {
    match outcome {
        Ok(()) | Err(StoreError::Closed) => {}
        Err(error) => log::warn!("{what} failed, it is tried again: {error}"),
    }
}
