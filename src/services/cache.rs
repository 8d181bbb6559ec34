//! What was read lately, within one bound in bytes: pages as they went out, texts of chunks, and where chunks are and
//! what is known of them.
//!
//! Runs and revisions never change. A run is named by its dataset as well as by its number: two servers may give the same number to
//! runs of two datasets, since a number is made of time and chance. So a value that depends on nothing but what its
//! key says is never out of date; [`Key`] says of each kind what it depends on. What several ask for at the same time is made
//! once. The others wait for it, each until its own time is over: if making it fails, the next one tries, and they never wait
//! for one failure after the other. Whole answers alone hold only for a while, and say how long.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use quick_cache::sync::{Cache as Entries, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

use crate::dataset::query::Fingerprint;
use crate::dataset::summary::ColumnSummary;
use crate::dataset::{Bloom, Bounds, ChunkText, ColumnStats, DatasetName};
use crate::store::{Run, Spot, StoreError};

use super::metrics::Route;

/// Which page: of which revision, of what was asked, from which row, how many, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The run that made the revision, which no other revision has.
    pub run: Run,
    /// What was asked for; `None`: all rows as they are.
    pub query: Option<Fingerprint>,
    /// Where the page begins, as its cursor says; without one, `None`.
    pub first: Option<u64>,
    /// Rows asked for.
    pub limit: u32,
    /// Version of the API that renders it, since each renders rows its own way.
    pub version: u32,
}

/// A page as it went out.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its bytes.
    pub body: Bytes,
    /// The cursor of the next one, if there is one and its list has cursors.
    pub next: Option<Arc<str>>,
}

/// A whole answer as it went out, and what has to be so for it to go out again.
#[derive(Debug)]
pub struct Answer {
    /// Everything that was asked, which nobody else may ask in the same bytes.
    pub question: Box<[u8]>,
    /// What it tells of: a dataset, as of the revision that this run made.
    pub of: (DatasetName, Run),
    /// While the versions are what they were.
    pub holds: Range<Timestamp>,
    /// Its headers; those that each answer has its own of have their place, with nothing in it.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What it is counted as.
    pub route: Route,
    /// The name of the operation that gave it.
    pub operation: &'static str,
}

/// What is known of a column in several chunks.
#[derive(Debug)]
pub(super) struct Stats {
    /// In each of them.
    pub(super) each: Box<[ColumnStats]>,
    /// In all of them together, where that can be said.
    pub(super) together: Option<ColumnStats>,
}

impl Stats {
    /// What is known of the column in these chunks.
    pub(super) fn new(each: Vec<ColumnStats>) -> Self {
        Self {
            together: ColumnStats::together(&each),
            each: each.into(),
        }
    }
}

/// Chunks of a run that are looked up together: those that begin within these rows of it. Which rows these are is said in full,
/// since a run may be divided in several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct IndexPage {
    /// The run.
    pub(super) run: Run,
    /// The first of the rows.
    pub(super) first_row: u64,
    /// The row behind the last of them.
    pub(super) end_row: u64,
}

/// What something is remembered under: all that it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A page in JSON, and its cursor. Depends on the rows, names and types of the revision, on what is asked for and from where, and
    /// on how the version writes it; not on how the revision is divided into runs, since a cursor has the number of a row.
    Page(PageKey),
    /// Text of a chunk, and what is known of its records: run, and offset of the text in it. Depends on the chunk, and on how many
    /// columns it has: all revisions that read a run have the same layout.
    Text(Run, u64),
    /// Where the chunks of an index page are. Depends on the run's chunks and on the page's rows.
    Spots(IndexPage),
    /// What is known of the column at that place in these chunks. Depends on the same.
    Stats(IndexPage, usize),
    /// Which texts the column at that place does not have in these chunks. Depends on the same.
    Blooms(IndexPage, usize),
    /// What the columns hold: the run that made the revision. Depends on its rows and types. Compaction may change an estimate, so that
    /// whoever asks later may be told another one that is as good.
    Summary(Run),
    /// A whole answer: digest of what was asked, which need not be the only one with it, so the answer has all of it beside it. What
    /// else it depends on is looked at each time: who calls, whether the revision is the newest, and the time.
    Answer(u64),
}

/// What is remembered.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Page(Page),
    /// A page that is too large to be kept.
    LargePage,
    Text(Arc<ChunkText>),
    Spots(Arc<[Spot]>),
    Stats(Arc<Stats>),
    Blooms(Arc<[Option<Bloom>]>),
    Summary(Arc<[ColumnSummary]>),
    Answer(Arc<Answer>),
}

#[derive(Debug, Clone)]
struct ByBytes;

/// What an entry takes beside its bytes, about.
const ENTRY_OVERHEAD: usize = 176;
/// What is told of a column takes, about: ten texts and twenty bins.
const SUMMARY: usize = 2 << 10;
/// What an answer takes beside its body and its question, about: a dozen headers.
const HEAD: usize = 2 << 10;

impl Weighter<Key, Value> for ByBytes {
    fn weight(&self, _: &Key, value: &Value) -> u64 {
        value.weight()
    }
}

/// What came of a cache so far, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheFigures {
    /// What was looked for and found.
    pub hits: u64,
    /// What was looked for and not found.
    pub misses: u64,
    /// What it holds.
    pub bytes: u64,
}

impl Value {
    fn weight(&self) -> u64 {
        let bytes = match self {
            Self::Page(page) => page.body.len() + page.next.as_ref().map_or(0, |next| next.len()),
            Self::LargePage => 0,
            Self::Text(text) => text.bytes(),
            Self::Spots(spots) => size_of_val::<[Spot]>(spots),
            Self::Stats(stats) => {
                let texts = stats.each.iter().map(|stats| match &stats.bounds {
                    Bounds::Text { min, max } => min.len() + max.len() + 32,
                    _ => 0,
                });
                size_of_val::<[ColumnStats]>(&stats.each) + texts.sum::<usize>()
            }
            // Several entries share one list; each counts for its part of it.
            Self::Summary(columns) => columns.len() * SUMMARY,
            // The body may be that of a page that is remembered too; then it counts twice.
            Self::Answer(answer) => HEAD + answer.question.len() + answer.body.len(),
            Self::Blooms(blooms) => {
                let bits = blooms.iter().flatten().map(|bloom| bloom.bytes() + 16);
                size_of_val::<[Option<Bloom>]>(blooms) + bits.sum::<usize>()
            }
        };
        u64::try_from(bytes.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u64::MAX)
    }
}

/// The cache.
#[derive(Debug)]
pub struct Cache {
    entries: Entries<Key, Value, ByBytes>,
    /// Bytes of the largest entry worth keeping: a larger one would push out too many others.
    largest: u64,
    /// How long somebody waits for what somebody else makes.
    patience: Duration,
    /// Whole answers that were looked for and not found: then what they are made of is looked for, and counts.
    unanswered: AtomicU64,
}

/// The place of a value that is being made. The next one who waits for it gets it if it is dropped.
type Making<'c> =
    PlaceholderGuard<'c, Key, Value, ByBytes, DefaultHashBuilder, DefaultLifecycle<Key, Value>>;

impl Cache {
    /// An entry of usual size, in bytes: decides how many entries the cache is laid out for.
    const USUAL: u64 = 16 << 10;

    /// A cache of at most `capacity` bytes, in which nobody waits longer than `patience` for what somebody else makes.
    pub fn new(capacity: u64, patience: Duration) -> Self {
        let entries = usize::try_from(capacity / Self::USUAL)
            .unwrap_or(1024)
            .max(16);
        let entries = Entries::with_weighter(entries, capacity, ByBytes);
        let largest = entries.shard_capacity() / 4;
        Self {
            entries,
            largest,
            patience,
            unanswered: AtomicU64::new(0),
        }
    }

    /// What came of it so far.
    pub fn figures(&self) -> CacheFigures {
        CacheFigures {
            hits: self.entries.hits(),
            misses: self
                .entries
                .misses()
                .saturating_sub(self.unanswered.load(Ordering::Relaxed)),
            bytes: self.entries.weight(),
        }
    }

    /// The answer to exactly that question, if it is there. Whether it still holds is for its caller to see.
    pub fn answer(&self, question: &[u8]) -> Option<Arc<Answer>> {
        if self.largest == 0 {
            return None;
        }
        let Some(found) = self.entries.get(&Key::Answer(xxh3_64(question))) else {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        match found {
            Value::Answer(answer) if *answer.question == *question => Some(answer),
            _ => None,
        }
    }

    /// Keeps an answer, if it is not too large.
    pub fn keep_answer(&self, answer: Answer) {
        let key = Key::Answer(xxh3_64(&answer.question));
        self.keep(key, Value::Answer(Arc::new(answer)));
    }

    /// The page, if it is there.
    pub fn page(&self, key: &PageKey) -> Option<Page> {
        match self.entries.get(&Key::Page(*key)) {
            Some(Value::Page(page)) => Some(page),
            _ => None,
        }
    }

    /// The page, or else what `make` makes. What it says is a page is kept, and is made once however many ask for it;
    /// what is none is made for each.
    pub async fn page_or<T, E: From<StoreError>>(
        &self,
        key: PageKey,
        make: impl Future<Output = Result<T, E>>,
        page: impl Fn(&T) -> Option<Page>,
    ) -> Result<Result<T, Page>, E> {
        if self.largest == 0 {
            return Ok(Ok(make.await?));
        }
        let key = Key::Page(key);
        let guard = match self.value_or_place(&key, self.deadline()).await? {
            Ok(Value::Page(page)) => return Ok(Err(page)),
            Ok(_) => return Ok(Ok(make.await?)),
            Err(guard) => guard,
        };
        let made = make.await?;
        let value = page(&made).map(Value::Page);
        let value = value.filter(|value| value.weight() <= self.largest);
        // When it was pushed out or is being made anew, somebody else keeps it.
        drop(guard.insert(value.unwrap_or(Value::LargePage)));
        Ok(Ok(made))
    }

    /// The value, if it is there.
    pub(super) fn get(&self, key: &Key) -> Option<Value> {
        self.entries.get(key)
    }

    /// Whether a value of so many bytes is not too large to be kept.
    pub(super) fn keeps(&self, bytes: u64) -> bool {
        bytes.saturating_add(ENTRY_OVERHEAD as u64) <= self.largest
    }

    /// Keeps a value, if it is not too large.
    pub(super) fn keep(&self, key: Key, value: Value) {
        if value.weight() <= self.largest {
            self.entries.insert(key, value);
        }
    }

    /// The value, or else what `make` makes, once however many ask for it.
    pub(super) async fn get_or<E: From<StoreError>>(
        &self,
        key: Key,
        make: impl Future<Output = Result<Value, E>>,
    ) -> Result<Value, E> {
        if self.largest == 0 {
            return make.await;
        }
        match self.value_or_place(&key, self.deadline()).await? {
            Ok(value) => Ok(value),
            Err(place) => {
                let value = make.await?;
                self.fill(place, &value);
                Ok(value)
            }
        }
    }

    /// The values, or else what `make` makes of those that are not there, which it is given the places of among `keys`; each
    /// once however many ask for it. Whoever asks for several of these keys has them in the same order, so that no two wait
    /// for each other.
    pub(super) async fn get_or_all<E: From<StoreError>, F>(
        &self,
        keys: &[Key],
        make: impl FnOnce(Vec<usize>) -> F,
    ) -> Result<Vec<Value>, E>
    where
        F: Future<Output = Result<Vec<Value>, E>>,
    {
        if self.largest == 0 {
            return make((0..keys.len()).collect()).await;
        }
        let deadline = self.deadline();
        let (mut found, mut lacking, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (number, key) in keys.iter().enumerate() {
            match self.value_or_place(key, deadline).await? {
                Ok(value) => found.push(value),
                Err(place) => {
                    lacking.push(number);
                    places.push(place);
                }
            }
        }
        if lacking.is_empty() {
            return Ok(found);
        }
        let made = make(lacking.clone()).await?;
        for ((number, place), value) in lacking.into_iter().zip(places).zip(made) {
            self.fill(place, &value);
            found.insert(number, value);
        }
        Ok(found)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// The value, or the place for it, which is to be filled. Whoever waits for somebody else to fill it does so until the
    /// deadline.
    async fn value_or_place(
        &self,
        key: &Key,
        deadline: Instant,
    ) -> Result<Result<Value, Making<'_>>, StoreError> {
        let value = self.entries.get_value_or_guard_async(key);
        let value = tokio::time::timeout_at(deadline, value).await;
        value.map_err(|_| StoreError::Waited)
    }

    /// Keeps a value in its place, if it is not too large.
    fn fill(&self, place: Making<'_>, value: &Value) {
        if value.weight() <= self.largest {
            // When it was pushed out or is being made anew, somebody else keeps it.
            drop(place.insert(value.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
