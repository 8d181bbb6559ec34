//! Numbers for datasets and segments, made without asking the database; and keys.
//!
//! A number has 41 bits of milliseconds since 2024 and 22 random bits. Numbers are ordered by time, so new rows go to the end of
//! every index. Two servers are unlikely to make the same number; if they do, the primary key refuses the second one.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// 2024-01-01T00:00:00Z in milliseconds since 1970.
const EPOCH_MILLIS: i64 = 1_704_067_200_000;
const CHANCE_BITS: u32 = 22;

/// Makes ascending numbers.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    last: AtomicI64,
}

impl Ids {
    /// A number that this process has not made before.
    pub(crate) fn next(&self, now: Timestamp) -> i64 {
        let chance = i64::from(uuid::Uuid::new_v4().as_fields().0 >> (u32::BITS - CHANCE_BITS));
        let made = ((now.as_millisecond() - EPOCH_MILLIS).max(0) << CHANCE_BITS) | chance;
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let next = made.max(last + 1);
            match self
                .last
                .compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return next,
                Err(seen) => last = seen,
            }
        }
    }
}

/// Random bytes for a key.
pub fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_even_within_one_millisecond_and_when_the_clock_goes_back() {
        let ids = Ids::default();
        let noon = Timestamp::from_second(1_800_000_000).unwrap();
        let mut last = 0;
        for step in 0..10_000 {
            let now = if step % 3 == 0 {
                noon
            } else {
                noon - jiff::SignedDuration::from_secs(60)
            };
            let next = ids.next(now);
            assert!(next > last);
            last = next;
        }
    }
}
