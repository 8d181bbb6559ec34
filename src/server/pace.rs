//! How fast a request's body has to arrive.
//!
//! Its reader may be kept waiting for `body_timeout`. Bytes that arrive make up for time that was waited, at the least rate,
//! and never for more. So a pause may be as long as `body_timeout`, a body that is slower than the least rate is cut off
//! after about that time, and it helps nobody to have been fast before. The time runs only while the reader waits, so a
//! server that is slow itself never blames the client.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;
use crate::api::body::BodyTimedOut;

/// How long a body may keep its reader waiting.
#[derive(Debug)]
pub(super) struct Pace {
    longest: Duration,
    rate: u64,
    /// How long it still may.
    left: Duration,
    waiting_since: Option<Instant>,
    /// Made when a part is first waited for; most bodies come with their head.
    end: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// That of a body which begins now.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            longest: limits.body_timeout,
            rate: limits.body_rate,
            left: limits.body_timeout,
            waiting_since: None,
            end: None,
        }
    }

    /// So many bytes have arrived.
    pub(super) fn arrived(&mut self, bytes: usize) {
        if let Some(since) = self.waiting_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        if self.left < self.longest {
            self.left = self
                .longest
                .min(self.left.saturating_add(self.time_for(bytes)));
        }
    }

    /// The time that so many bytes may take.
    fn time_for(&self, bytes: usize) -> Duration {
        let nanoseconds = u64::try_from(bytes)
            .unwrap_or(u64::MAX)
            .saturating_mul(1_000_000_000);
        nanoseconds
            .checked_div(self.rate)
            .map_or(Duration::MAX, Duration::from_nanos)
    }

    /// Nothing has arrived, and the reader waits; ready when it has waited too long.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<BodyTimedOut> {
        let since = match self.waiting_since {
            Some(since) => since,
            None => {
                let now = Instant::now();
                let due = now + self.left;
                match &mut self.end {
                    Some(end) => end.as_mut().reset(due),
                    none => *none = Some(Box::pin(sleep_until(due))),
                }
                *self.waiting_since.insert(now)
            }
        };
        if let Some(end) = &mut self.end {
            ready!(end.as_mut().poll(cx));
        }
        Poll::Ready(match since.elapsed() >= self.longest {
            true => BodyTimedOut::Stalled(self.longest),
            false => BodyTimedOut::Slow(self.rate),
        })
    }
}
