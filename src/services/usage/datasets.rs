//! Which datasets are read and written, and by whom: the most frequent ones since the server started, in bounded memory.
//!
//! There can be any number of datasets, so they are no part of the counts that the store keeps.

use std::sync::{Mutex, PoisonError};

use datasketches::frequencies::{ErrorType, FrequentItemsSketch};

/// How many callers of datasets are told apart at most.
const KEPT: usize = 1024;

/// The use of datasets.
#[derive(Debug)]
pub(super) struct DatasetCounts {
    counted: Mutex<Counted>,
}

#[derive(Debug)]
struct Counted {
    /// What was counted last. Most requests are like the one before, and so need no lookup.
    last: Option<(DatasetUse, u64)>,
    rest: FrequentItemsSketch<DatasetUse>,
}

/// The use of a dataset by a caller, in a version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatasetUse {
    /// The client; 0: anonymous callers.
    pub client: i64,
    /// The family of the user agent of anonymous callers.
    pub family: &'static str,
    /// N of vN.
    pub version: u32,
    /// The dataset's name.
    pub dataset: String,
}

impl Default for DatasetCounts {
    fn default() -> Self {
        let rest = FrequentItemsSketch::new(KEPT).expect("the size is a power of two");
        Self {
            counted: Mutex::new(Counted { last: None, rest }),
        }
    }
}

impl DatasetCounts {
    pub(super) fn count(&self, client: i64, family: &'static str, version: u32, dataset: &str) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, requests)) = &mut counted.last
            && (last.client, last.family, last.version) == (client, family, version)
            && last.dataset == dataset
        {
            *requests += 1;
            return;
        }
        let found = DatasetUse {
            client,
            family,
            version,
            dataset: dataset.to_owned(),
        };
        let before = counted.last.replace((found, 1));
        if let Some((before, requests)) = before {
            counted.rest.update_with_count(before, requests);
        }
    }

    /// The most frequent uses, the most frequent first, each with the number of requests that there were at least.
    pub(super) fn frequent(&self) -> Vec<(DatasetUse, u64)> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, requests)) = counted.last.take() {
            counted.rest.update_with_count(last, requests);
        }
        let rows = counted.rest.frequent_items(ErrorType::NoFalsePositives);
        rows.iter()
            .map(|row| (row.item().clone(), row.lower_bound()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_per_caller_version_and_dataset() {
        let counts = DatasetCounts::default();
        for (client, dataset, times) in [(1, "people", 3), (1, "flights", 1), (2, "people", 2)] {
            for _ in 0..times {
                counts.count(client, "", 2, dataset);
            }
        }
        counts.count(1, "", 2, "people");
        let found: Vec<_> = counts
            .frequent()
            .into_iter()
            .map(|(found, requests)| (found.client, found.dataset, requests))
            .collect();
        let expected = [(1, "people", 4), (2, "people", 2), (1, "flights", 1)];
        let expected = expected.map(|(client, dataset, times)| (client, dataset.to_owned(), times));
        assert_eq!(found, expected);
    }

    #[test]
    fn memory_is_bounded_and_what_is_frequent_is_kept() {
        let counts = DatasetCounts::default();
        for number in 0..20_000 {
            counts.count(0, "curl", 1, &format!("dataset-{number}"));
            counts.count(0, "curl", 1, "people");
        }
        let found = counts.frequent();
        assert!(found.len() <= KEPT, "{}", found.len());
        assert_eq!(found[0].0.dataset, "people");
        assert!(found[0].1 > 19_000, "{}", found[0].1);
    }
}
