//! Leases on segments that are being read. A leased segment is not collected, so a read that has begun completes, even if newer
//! revisions are committed meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::prelude::*;

use super::list::SegmentId;
use crate::store::backend::AnyConnection;
use crate::store::schema::leases;

/// The segments that this process reads, each with the number of its leases. The mutex is never held across an await.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    held: Mutex<HashMap<SegmentId, usize>>,
}

impl Leases {
    pub(crate) fn take(self: &Arc<Self>, segments: impl IntoIterator<Item = SegmentId>) -> Lease {
        let segments: Vec<SegmentId> = segments.into_iter().collect();
        let mut held = self.lock();
        for segment in &segments {
            *held.entry(*segment).or_default() += 1;
        }
        drop(held);
        Lease {
            segments,
            leases: Arc::clone(self),
        }
    }

    pub(crate) fn is_held(&self, segment: SegmentId) -> bool {
        self.lock().contains_key(&segment)
    }

    /// All segments that are being read.
    pub(crate) fn all(&self) -> Vec<SegmentId> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SegmentId, usize>> {
        // The map is consistent after every statement, so a panic elsewhere did no harm.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps segments from being collected until it is dropped.
#[derive(Debug)]
pub struct Lease {
    segments: Vec<SegmentId>,
    leases: Arc<Leases>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.leases.lock();
        for segment in &self.segments {
            if let Some(count) = held.get_mut(segment) {
                *count -= 1;
                if *count == 0 {
                    held.remove(segment);
                }
            }
        }
    }
}

/// Whether another process has reported that it reads the segment.
pub(crate) fn is_reported(
    connection: &mut AnyConnection,
    segment: SegmentId,
    now: i64,
) -> QueryResult<bool> {
    leases::table
        .filter(leases::dataset_id.eq(segment.dataset))
        .filter(leases::run.eq(segment.number))
        .filter(leases::until.ge(now))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_held_until_its_last_reader_is_gone() {
        let leases = Arc::new(Leases::default());
        let segment = SegmentId {
            dataset: 1,
            number: 2,
        };
        let first = leases.take([segment]);
        let second = leases.take([segment]);
        drop(first);
        assert!(leases.is_held(segment));
        drop(second);
        assert!(!leases.is_held(segment));
    }
}
