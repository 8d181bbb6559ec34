//! Reads counted per dataset and caller, with the columns that the caller names, in memory, and handed to the store every few seconds.
//!
//! Memory is bounded: so many callers of datasets are counted between two hand-overs, with so many names of columns. What comes
//! beyond that is not counted: these are statistics, and a client that reads regularly is counted another time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::usage::{day, family_of};
use crate::settings::CountUsage;
use crate::store::{Dataset, READER_COLUMNS, Reads, Store, StoreError};

/// Callers of datasets that are counted between two hand-overs.
const MOST: usize = 4096;
/// Bytes of names of columns that are held between two hand-overs.
const NAMES: usize = 1 << 20;
/// Bytes of the longest name of a column that is counted.
const LONGEST: usize = 255;

/// The names of the columns that a request names.
pub type NamedColumns = Arc<[Box<str>]>;

/// Reads that were not handed to the store yet.
#[derive(Debug)]
pub struct Readers {
    counts: bool,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    places: HashMap<ReaderKey, usize>,
    counted: Vec<(ReaderKey, Figures)>,
    /// The place of the reader that was counted last. Most requests have the same as the one before, and so need no lookup.
    last: usize,
    /// Bytes of all names of columns.
    names: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct ReaderKey {
    dataset: i64,
    client: i64,
    family: &'static str,
    day: i64,
}

#[derive(Debug, Default)]
struct Figures {
    requests: i64,
    /// In microseconds since 1970.
    last_at: i64,
    columns: HashMap<Box<str>, i64>,
    /// The names of the last request. A remembered answer has the same each time.
    latest: Option<NamedColumns>,
}

/// The names of columns that a request names, as far as they are counted.
pub fn named(dataset: &Dataset, places: impl IntoIterator<Item = usize>) -> Option<NamedColumns> {
    let mut places: Vec<usize> = places.into_iter().collect();
    places.sort_unstable();
    places.dedup();
    let columns = places
        .iter()
        .filter_map(|place| dataset.columns.get(*place));
    let names = columns.map(|column| column.name.as_str());
    let names = names.filter(|name| name.len() <= LONGEST);
    let names: Vec<Box<str>> = names.take(READER_COLUMNS).map(Box::from).collect();
    (!names.is_empty()).then(|| names.into())
}

impl Readers {
    /// Counts reads, unless the setting turns it off.
    pub(super) fn new(setting: CountUsage) -> Self {
        Self {
            counts: setting == CountUsage::On,
            pending: Mutex::default(),
        }
    }

    /// Counts a read of the dataset with that number. An anonymous caller has no `client`; its `user_agent` is used instead.
    pub fn count(
        &self,
        dataset: i64,
        client: Option<i64>,
        user_agent: Option<&str>,
        columns: Option<&NamedColumns>,
        now: Timestamp,
    ) {
        if !self.counts {
            return;
        }
        let key = ReaderKey {
            dataset,
            client: client.unwrap_or(0),
            family: match client {
                Some(_) => "",
                None => family_of(user_agent),
            },
            day: day(now),
        };
        self.pending().add(key, columns, now.as_microsecond());
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // The counts are consistent after every statement, so a panic elsewhere did no harm.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the reads to the store. What the store does not take is counted again.
    pub(super) async fn hand_over(&self, store: &Store) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut *self.pending());
        if pending.counted.is_empty() {
            return Ok(());
        }
        let mut counted = pending.counted;
        counted.sort_unstable_by_key(|(key, _)| *key);
        let reads: Vec<Reads> = counted.iter().map(reads).collect();
        let outcome = store.count_reads(reads).await;
        if outcome.is_err() {
            let mut pending = self.pending();
            for (key, figures) in counted {
                pending.put_back(key, figures);
            }
        }
        outcome
    }
}

fn reads((key, figures): &(ReaderKey, Figures)) -> Reads {
    let mut columns: Vec<(String, i64)> = figures
        .columns
        .iter()
        .map(|(name, last_at)| (name.to_string(), *last_at))
        .collect();
    columns.sort_unstable();
    Reads {
        dataset: key.dataset,
        client: key.client,
        family: key.family,
        day: key.day,
        requests: figures.requests,
        last_at: figures.last_at,
        columns,
    }
}

impl Pending {
    /// The figures of a reader. `None`: there are too many readers.
    fn figures(&mut self, key: ReaderKey) -> Option<(&mut Figures, &mut usize)> {
        let is_last = self
            .counted
            .get(self.last)
            .is_some_and(|(last, _)| *last == key);
        if !is_last {
            let next = self.counted.len();
            self.last = match self.places.get(&key) {
                Some(place) => *place,
                None if next < MOST => {
                    self.places.insert(key, next);
                    self.counted.push((key, Figures::default()));
                    next
                }
                None => return None,
            };
        }
        let (_, figures) = self.counted.get_mut(self.last)?;
        Some((figures, &mut self.names))
    }

    fn add(&mut self, key: ReaderKey, columns: Option<&NamedColumns>, now: i64) {
        let Some((figures, bytes)) = self.figures(key) else {
            return;
        };
        figures.requests += 1;
        figures.last_at = figures.last_at.max(now);
        let Some(columns) = columns else { return };
        if let Some(latest) = &figures.latest
            && Arc::ptr_eq(latest, columns)
        {
            return;
        }
        for name in columns.iter() {
            figures.name(name, now, bytes);
        }
        figures.latest = Some(Arc::clone(columns));
    }

    fn put_back(&mut self, key: ReaderKey, counted: Figures) {
        let Some((figures, bytes)) = self.figures(key) else {
            return;
        };
        figures.requests += counted.requests;
        figures.last_at = figures.last_at.max(counted.last_at);
        for (name, last_at) in counted.columns {
            figures.name(&name, last_at, bytes);
        }
    }
}

impl Figures {
    /// Notes that a column was named.
    fn name(&mut self, name: &str, at: i64, bytes: &mut usize) {
        if let Some(last_at) = self.columns.get_mut(name) {
            *last_at = (*last_at).max(at);
        } else if self.columns.len() <= READER_COLUMNS && *bytes + name.len() <= NAMES {
            *bytes += name.len();
            self.columns.insert(name.into(), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(dataset: i64) -> ReaderKey {
        ReaderKey {
            dataset,
            client: 1,
            family: "",
            day: 0,
        }
    }

    #[test]
    fn however_many_read_and_name_what_they_want_memory_is_bounded() {
        let mut pending = Pending::default();
        for dataset in 0..2 * MOST as i64 {
            let names = (0..100).map(|n| format!("{n}-{}", "x".repeat(250)).into());
            let names: NamedColumns = names.collect();
            pending.add(key(dataset), Some(&names), 1);
        }
        assert_eq!(pending.counted.len(), MOST);
        assert_eq!(pending.places.len(), MOST);
        let figures = pending.counted.iter().map(|(_, figures)| figures);
        let held = figures.flat_map(|figures| figures.columns.keys());
        assert!(held.map(|name| name.len()).sum::<usize>() <= NAMES);
        assert!(pending.counted[0].1.columns.len() <= READER_COLUMNS + 1);
    }

    #[test]
    fn a_reader_is_counted_with_all_that_it_named() {
        let mut pending = Pending::default();
        let names = |names: &[&str]| -> NamedColumns {
            names.iter().map(|name| Box::from(*name)).collect()
        };
        let (one, other) = (names(&["a", "b"]), names(&["b", "c"]));
        for (at, columns) in [
            (1, Some(&one)),
            (2, Some(&one)),
            (3, None),
            (4, Some(&other)),
        ] {
            pending.add(key(1), columns, at);
            pending.add(key(2), None, at);
        }
        let counted: Vec<Reads> = pending.counted.iter().map(reads).collect();
        assert_eq!((counted[0].requests, counted[0].last_at), (4, 4));
        let named = [("a", 1), ("b", 4), ("c", 4)].map(|(name, at)| (name.to_owned(), at));
        assert_eq!(counted[0].columns, named);
        assert_eq!((counted[1].requests, counted[1].columns.len()), (4, 0));
    }
}
