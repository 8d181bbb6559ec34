//! Figures that are counted per key in memory, until they are handed to the store.

use std::collections::HashMap;
use std::hash::Hash;

/// Figures per key, of a bounded number of keys.
#[derive(Debug)]
pub(super) struct Tally<K, F> {
    places: HashMap<K, usize>,
    counted: Vec<(K, F)>,
    /// The place of the key that was counted last. Most requests have the same key as the one before, and so need no lookup.
    last: usize,
    most: usize,
}

impl<K: Copy + Hash + Ord, F: Default> Tally<K, F> {
    /// An empty one, for so many keys.
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: HashMap::new(),
            counted: Vec::new(),
            last: 0,
            most,
        }
    }

    /// The figures of a key, at first the default. `None`: there are too many keys.
    pub(super) fn figures(&mut self, key: K) -> Option<&mut F> {
        let last = self.counted.get(self.last);
        if last.is_none_or(|(last, _)| *last != key) {
            let next = self.counted.len();
            self.last = match self.places.get(&key) {
                Some(place) => *place,
                None if next < self.most => {
                    self.places.insert(key, next);
                    self.counted.push((key, F::default()));
                    next
                }
                None => return None,
            };
        }
        let (_, figures) = self.counted.get_mut(self.last)?;
        Some(figures)
    }

    /// All figures, by their keys. Nothing is counted afterwards.
    pub(super) fn take(&mut self) -> Vec<(K, F)> {
        let mut counted = std::mem::replace(self, Self::new(self.most)).counted;
        counted.sort_unstable_by_key(|(key, _)| *key);
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn every_key_has_its_figures_up_to_a_number_of_keys() {
        let mut tally: Tally<u8, u32> = Tally::new(3);
        for key in [2, 2, 1, 2, 3, 4, 4, 1] {
            if let Some(count) = tally.figures(key) {
                *count += 1;
            }
        }
        assert_eq!(tally.take(), [(1, 2), (2, 3), (3, 1)]);
        assert_eq!(tally.take(), []);
        *tally.figures(4).unwrap() += 1;
        assert_eq!(tally.take(), [(4, 1)]);
    }
}
