//! The files that are being made, and the requests that wait for each.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use super::error::ParquetError;
use crate::store::{DerivedFile, DerivedName, SegmentId};

/// Making a file, or the reason why it failed.
pub(super) type Making = Pin<Box<dyn Future<Output = Result<DerivedFile, Failure>> + Send>>;
/// The upload segment that made the revision, and the name of the file.
pub(super) type Key = (SegmentId, DerivedName);

/// The files that are being made.
#[derive(Debug)]
pub(in crate::services) struct Makings {
    /// The mutex is never held across an await.
    now: Mutex<HashMap<Key, WeakShared<Making>>>,
    /// The permit to make a file.
    permit: Semaphore,
}

/// Why a file was not made, for all requests that waited for it.
#[derive(Debug, Clone)]
pub(super) struct Failure(Arc<Mutex<Option<ParquetError>>>);

impl Failure {
    pub(super) fn new(error: ParquetError) -> Self {
        Self(Arc::new(Mutex::new(Some(error))))
    }

    /// The error for one of the requests. Errors of the store are told once.
    pub(super) fn tell(&self) -> ParquetError {
        let mut error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *error {
            Some(ParquetError::TimedOut(limit)) => ParquetError::TimedOut(limit),
            Some(ParquetError::TooLong(limit)) => ParquetError::TooLong(limit),
            _ => error.take().unwrap_or(ParquetError::OfAnother),
        }
    }
}

impl Default for Makings {
    fn default() -> Self {
        Self {
            now: Mutex::default(),
            permit: Semaphore::new(1),
        }
    }
}

impl Makings {
    /// Waits for the permit to make a file.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.permit.acquire().await
    }

    /// The work of making a file: what others wait for, or else a new one.
    pub(super) fn join(&self, key: Key, make: impl FnOnce() -> Making) -> Shared<Making> {
        // The map is whole after every statement, so a panic elsewhere did no harm.
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.retain(|_, making| {
            making
                .upgrade()
                .is_some_and(|making| making.peek().is_none())
        });
        if let Some(making) = now.get(&key).and_then(WeakShared::upgrade) {
            return making;
        }
        let making = make().shared();
        if let Some(weak) = making.downgrade() {
            now.insert(key, weak);
        }
        making
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    fn key() -> Key {
        let segment = SegmentId {
            dataset: 1,
            number: 2,
        };
        (segment, [0; 32])
    }

    #[test]
    fn the_work_goes_on_while_somebody_waits_and_ends_with_the_last_one() {
        let makings = Makings::default();
        let alive = Arc::new(());
        let make = || -> Making {
            let alive = Arc::clone(&alive);
            Box::pin(async move {
                let _alive = alive;
                future::pending().await
            })
        };
        let first = makings.join(key(), make);
        let second = makings.join(key(), || panic!("it is being made already"));
        drop(first);
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(second);
        assert_eq!(Arc::strong_count(&alive), 1);
        let again = makings.join(key(), make);
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(again);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_the_next_request_tries_again() {
        let makings = Makings::default();
        let failing = || -> Making {
            let error = Failure::new(ParquetError::TooLong(7));
            Box::pin(future::ready(Err(error)))
        };
        let (first, second) = (makings.join(key(), failing), makings.join(key(), failing));
        for failed in [first.await, second.await] {
            let told = failed.unwrap_err().tell();
            assert!(matches!(told, ParquetError::TooLong(7)));
        }
        let mut tried = false;
        let again = makings.join(key(), || {
            tried = true;
            failing()
        });
        assert!(again.await.is_err() && tried);
        // Other errors can't be copied.
        let failure = Failure::new(ParquetError::Worker);
        assert!(matches!(failure.tell(), ParquetError::Worker));
        assert!(matches!(failure.tell(), ParquetError::OfAnother));
    }
}
