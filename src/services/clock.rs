//! The time: the system's clock in production, and a clock that tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A source of the time. Clones of a movable clock move together.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Microseconds since 1970 of a clock that stands until it is moved.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `time` until it is moved.
    pub fn standing_at(time: Timestamp) -> Self {
        Self {
            set: Some(Arc::new(AtomicI64::new(time.as_microsecond()))),
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.set {
            // Only valid timestamps are ever stored.
            Some(set) => {
                Timestamp::from_microsecond(set.load(Ordering::Relaxed)).unwrap_or_default()
            }
            None => Timestamp::now(),
        }
    }

    /// Moves a standing clock. The system's clock stays as it is.
    pub fn set(&self, time: Timestamp) {
        if let Some(set) = &self.set {
            set.store(time.as_microsecond(), Ordering::Relaxed);
        }
    }

    /// The same clock as a function, for modules that don't know the services.
    pub fn to_fn(&self) -> crate::store::Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
