//! The pace that a request's body must keep.
//!
//! A body has a budget of waiting time, `body_timeout`. Waiting for bytes uses it up. Bytes that arrive refill it at the least
//! rate, up to `body_timeout`. So a pause may be as long as `body_timeout`, and a body that is slower than the least rate is cut
//! off after about that time, even if it was fast before. Time counts only while the reader waits for the client, so a slow
//! server is never the client's fault.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;
use crate::api::body::BodyTimedOut;

/// The budget of waiting time of a body.
#[derive(Debug)]
pub(super) struct Pace {
    longest: Duration,
    rate: u64,
    /// The time that is left.
    left: Duration,
    waiting_since: Option<Instant>,
    /// Created at the first wait; most bodies arrive with their head.
    end: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// The pace of a body that begins now.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            longest: limits.body_timeout,
            rate: limits.body_rate,
            left: limits.body_timeout,
            waiting_since: None,
            end: None,
        }
    }

    /// Records that so many bytes have arrived.
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

    /// Called when no bytes are there. Ready once the budget is used up.
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
