//! Leases on runs that are being read. A run that is leased is not collected, so a reader finishes the revision it began with,
//! however many newer ones are committed, pruned and collected meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;

use super::list::Run;
use crate::store::backend::AnyConnection;
use crate::store::schema::leases;

/// The runs that this process reads, and how often. The mutex is held for a look-up only, never across a wait.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: Mutex<HashMap<Run, usize>>,
}

impl Leases {
    pub(crate) fn take(self: &Arc<Self>, runs: impl IntoIterator<Item = Run>) -> Lease {
        let runs: Vec<Run> = runs.into_iter().collect();
        let mut held = self.lock();
        for run in &runs {
            *held.entry(*run).or_default() += 1;
        }
        drop(held);
        Lease {
            runs,
            leases: Arc::clone(self),
        }
    }

    pub(crate) fn is_held(&self, run: Run) -> bool {
        self.lock().contains_key(&run)
    }

    /// All runs that are being read.
    pub(crate) fn all(&self) -> Vec<Run> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Run, usize>> {
        // The map is whole between any two statements, so a panic elsewhere did not harm it.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps runs from being collected as long as it lives.
#[derive(Debug)]
pub struct Lease {
    runs: Vec<Run>,
    leases: Arc<Leases>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.leases.lock();
        for run in &self.runs {
            if let Some(count) = held.get_mut(run) {
                *count -= 1;
                if *count == 0 {
                    held.remove(run);
                }
            }
        }
    }
}

/// Whether another process has reported that it reads the run.
pub(crate) fn is_reported(connection: &mut AnyConnection, run: Run, now: i64) -> QueryResult<bool> {
    leases::table
        .filter(leases::dataset_id.eq(run.dataset))
        .filter(leases::run.eq(run.number))
        .filter(leases::until.ge(now))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_held_until_its_last_reader_is_gone() {
        let leases = Arc::new(Leases::default());
        let run = Run {
            dataset: 1,
            number: 2,
        };
        let first = leases.take([run]);
        let second = leases.take([run]);
        drop(first);
        assert!(leases.is_held(run));
        drop(second);
        assert!(!leases.is_held(run));
    }
}
