//! The switch for writes, as this server last read it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The switch as this server last read it. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenSwitch(Arc<Mutex<Option<(Instant, bool)>>>);

impl SeenSwitch {
    /// How long a server may believe what it read.
    pub(crate) const FRESH: Duration = Duration::from_secs(3);

    /// Whether writes are off, if that was read just now.
    pub(crate) fn recent(&self) -> Option<bool> {
        let seen = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.filter(|(at, _)| at.elapsed() < Self::FRESH)
            .map(|(_, off)| off)
    }

    /// Notes what was read by a statement that began at `at`. Returns whether that is a change.
    pub(crate) fn note(&self, at: Instant, off: bool) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.replace((at, off)).is_some_and(|(_, off)| off);
        before != off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_too_long_ago_is_not_believed() {
        let seen = SeenSwitch::default();
        assert_eq!(seen.recent(), None);
        assert!(!seen.note(Instant::now(), false));
        assert_eq!(seen.recent(), Some(false));
        assert!(seen.note(Instant::now(), true));
        assert_eq!(seen.recent(), Some(true));
        if let Some(long_ago) = Instant::now().checked_sub(SeenSwitch::FRESH) {
            seen.note(long_ago, true);
            assert_eq!(seen.recent(), None);
        }
    }
}
