//! Cancelling work on another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set when nobody waits for the result any more. The worker checks it often, and ends when it is set.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Cancels the work.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was cancelled.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes of one value that are read between two checks of [`Stop`].
const SLICE: usize = 64 << 10;

/// A text in slices, each with its offset. They end early when `stop` is set.
#[inline]
pub(super) fn slices<'t>(text: &'t str, stop: &Stop) -> impl Iterator<Item = (usize, &'t str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = &text[from..];
        if rest.is_empty() || from > 0 && stop.is_set() {
            return None;
        }
        let (begin, length) = (from, rest.floor_char_boundary(SLICE));
        from += length;
        Some((begin, &rest[..length]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slices_of_a_text_are_all_of_it_until_the_work_is_to_end() {
        let text = "aé€𝄞".repeat(40_000);
        let stop = Stop::default();
        let mut joined = String::new();
        for (from, slice) in slices(&text, &stop) {
            assert_eq!(from, joined.len());
            assert!((1..=SLICE).contains(&slice.len()));
            joined.push_str(slice);
        }
        assert!(joined == text);
        assert_eq!(slices("", &stop).count(), 0);
        stop.set();
        assert_eq!(slices(&text, &stop).count(), 1);
    }
}
