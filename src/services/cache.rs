//! One cache for what was read lately, bounded in bytes: pages as they were sent, texts of blocks, index pages, zone maps, Bloom
//! filters, and whole responses.
//!
//! Upload segments and revisions never change, so a value that depends only on its key is never out of date; [`CacheKey`] says
//! what each kind depends on. A segment is named by its dataset and its number, because two servers may give segments of two
//! datasets the same number. If several requests need the same value, one makes it and the others wait, each until its own
//! deadline. If making it fails, the next one tries; nobody waits for one failure after the other. Only whole responses expire:
//! they say how long they are valid.

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
use crate::dataset::{BlockText, Bloom, Bounds, DatasetName, ZoneMap};
use crate::store::{BlockHandle, SegmentId, StoreError};

use super::metrics::Route;

/// Identifies a page: its revision, query, first row, length and format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// The upload segment that made the revision. No other revision has it.
    pub made_by: SegmentId,
    /// The query; `None` for all rows in the order of the file.
    pub query: Option<Fingerprint>,
    /// Where the page begins, as its cursor says; `None` without a cursor.
    pub first: Option<u64>,
    /// How many rows were asked for.
    pub limit: u32,
    /// The version of the API that rendered it: each version has a format of its own.
    pub version: u32,
}

/// A page as it was sent.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its bytes.
    pub body: Bytes,
    /// The cursor of the next page, if there is one and the list has cursors.
    pub next: Option<Arc<str>>,
}

/// A whole response as it was sent, and the conditions under which it may be sent again.
#[derive(Debug)]
pub struct CachedResponse {
    /// Everything in the request that the response depends on, encoded so that no other request has the same bytes.
    pub question: Box<[u8]>,
    /// The dataset that it is about, and the upload segment that made the revision.
    pub of: (DatasetName, SegmentId),
    /// The time in which no version changes its state.
    pub holds: Range<Timestamp>,
    /// Its headers. Headers that differ for each response are there with an empty value.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The route that it is counted under.
    pub route: Route,
    /// The name of the operation that made it.
    pub operation: &'static str,
}

/// The zone maps of a column for the blocks of an index page.
#[derive(Debug)]
pub(super) struct ZoneMaps {
    /// One for each block.
    pub(super) each: Box<[ZoneMap]>,
    /// One for the whole page, if the bounds of the blocks can be compared.
    pub(super) merged: Option<ZoneMap>,
}

impl ZoneMaps {
    /// From the zone maps of the blocks.
    pub(super) fn new(each: Vec<ZoneMap>) -> Self {
        Self {
            merged: ZoneMap::merged(&each),
            each: each.into(),
        }
    }
}

/// Identifies an index page: the blocks of an upload segment that begin within a range of its rows. The range is written out, because
/// a segment may be divided into pages in several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct IndexPageKey {
    /// The segment.
    pub(super) segment: SegmentId,
    /// The first of the rows.
    pub(super) first_row: u64,
    /// The row after the last of them.
    pub(super) end_row: u64,
}

/// The key of a cached value: everything that the value depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CacheKey {
    /// A page in JSON, with its cursor. It depends on the rows, names and types of the revision, on the query and the first row,
    /// and on the version's format. It does not depend on how the revision is divided into segments: cursors hold row numbers.
    Page(PageKey),
    /// The text of a block with its line index: the upload segment, and the offset of the text there. It depends on the block
    /// and on the number of columns, which is the same in all revisions that read the segment.
    Text(SegmentId, u64),
    /// The block handles of an index page. They depend on the segment's blocks and on the rows that the page covers.
    BlockHandles(IndexPageKey),
    /// The zone maps of the column with that index, for the blocks of an index page. They depend on the same.
    ZoneMaps(IndexPageKey, usize),
    /// The Bloom filters of the column with that index, for the blocks of an index page. They depend on the same.
    Blooms(IndexPageKey, usize),
    /// The summaries of the columns: the upload segment that made the revision. They depend on its rows and types. Compaction may
    /// change an estimate, so a later one may differ and is as good.
    Summary(SegmentId),
    /// A whole response: the digest of its request. Other requests may have the same digest, so the response holds the request in
    /// full. What else it depends on is checked each time: the caller's access, whether the revision is the newest, and the time.
    Response(u64),
}

/// A cached value.
#[derive(Debug, Clone)]
pub(super) enum CachedValue {
    Page(Page),
    /// A page that is too large to be cached.
    LargePage,
    Text(Arc<BlockText>),
    BlockHandles(Arc<[BlockHandle]>),
    ZoneMaps(Arc<ZoneMaps>),
    Blooms(Arc<[Option<Bloom>]>),
    Summary(Arc<[ColumnSummary]>),
    Response(Arc<CachedResponse>),
}

#[derive(Debug, Clone)]
struct ByBytes;

/// Bytes of an entry besides its value, about.
const ENTRY_OVERHEAD: usize = 176;
/// Bytes of a column's summary, about: ten texts and twenty bins.
const SUMMARY: usize = 2 << 10;
/// Bytes of a response besides its body and its request, about: a dozen headers.
const HEAD: usize = 2 << 10;

impl Weighter<CacheKey, CachedValue> for ByBytes {
    fn weight(&self, _: &CacheKey, value: &CachedValue) -> u64 {
        value.weight()
    }
}

/// What a cache did so far, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheStats {
    /// Lookups that found a value.
    pub hits: u64,
    /// Lookups that did not.
    pub misses: u64,
    /// Bytes that it holds.
    pub bytes: u64,
}

impl CachedValue {
    fn weight(&self) -> u64 {
        let bytes = match self {
            Self::Page(page) => page.body.len() + page.next.as_ref().map_or(0, |next| next.len()),
            Self::LargePage => 0,
            Self::Text(text) => text.bytes(),
            Self::BlockHandles(handles) => size_of_val::<[BlockHandle]>(handles),
            Self::ZoneMaps(maps) => {
                let texts = maps.each.iter().map(|map| match &map.bounds {
                    Bounds::Text { min, max } => min.len() + max.len() + 32,
                    _ => 0,
                });
                size_of_val::<[ZoneMap]>(&maps.each) + texts.sum::<usize>()
            }
            Self::Summary(columns) => columns.len() * SUMMARY,
            // If the page with this body is cached too, its bytes count twice.
            Self::Response(answer) => HEAD + answer.question.len() + answer.body.len(),
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
    entries: Entries<CacheKey, CachedValue, ByBytes>,
    /// Bytes of the largest value to cache: a larger one would evict too many others.
    largest: u64,
    /// How long a request waits for a value that another one makes.
    patience: Duration,
    /// Lookups of whole responses that found none. They are no misses: the parts of the response are looked up next, and count.
    unanswered: AtomicU64,
}

/// The guard of a value that is being made. If it is dropped without a value, the next request that waits gets it.
type Making<'c> = PlaceholderGuard<
    'c,
    CacheKey,
    CachedValue,
    ByBytes,
    DefaultHashBuilder,
    DefaultLifecycle<CacheKey, CachedValue>,
>;

impl Cache {
    /// Usual size of an entry in bytes. It decides how many entries the cache is laid out for.
    const USUAL: u64 = 16 << 10;

    /// A cache of at most `capacity` bytes. No request waits longer than `patience` for a value that another one makes.
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

    /// What it did so far.
    pub fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.entries.hits(),
            misses: self
                .entries
                .misses()
                .saturating_sub(self.unanswered.load(Ordering::Relaxed)),
            bytes: self.entries.weight(),
        }
    }

    /// The response to exactly this request, if it is cached. The caller checks whether it is still valid.
    pub fn response(&self, question: &[u8]) -> Option<Arc<CachedResponse>> {
        if self.largest == 0 {
            return None;
        }
        let Some(found) = self.entries.get(&CacheKey::Response(xxh3_64(question))) else {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        match found {
            CachedValue::Response(answer) if *answer.question == *question => Some(answer),
            _ => None,
        }
    }

    /// Caches a response, unless it is too large.
    pub fn keep_response(&self, answer: CachedResponse) {
        let key = CacheKey::Response(xxh3_64(&answer.question));
        self.keep(key, CachedValue::Response(Arc::new(answer)));
    }

    /// The page, if it is cached.
    pub fn page(&self, key: &PageKey) -> Option<Page> {
        match self.entries.get(&CacheKey::Page(*key)) {
            Some(CachedValue::Page(page)) => Some(page),
            _ => None,
        }
    }

    /// The page, or else the result of `make`. If `page` finds a page in the result, it is cached, and `make` runs once however
    /// many requests wait. Other results are made for each request.
    pub async fn page_or<T, E: From<StoreError>>(
        &self,
        key: PageKey,
        make: impl Future<Output = Result<T, E>>,
        page: impl Fn(&T) -> Option<Page>,
    ) -> Result<Result<T, Page>, E> {
        if self.largest == 0 {
            return Ok(Ok(make.await?));
        }
        let key = CacheKey::Page(key);
        let guard = match self.value_or_guard(&key, self.deadline()).await? {
            Ok(CachedValue::Page(page)) => return Ok(Err(page)),
            Ok(_) => return Ok(Ok(make.await?)),
            Err(guard) => guard,
        };
        let made = make.await?;
        let value = page(&made).map(CachedValue::Page);
        let value = value.filter(|value| value.weight() <= self.largest);
        // If the guard no longer counts, another request has cached the value.
        drop(guard.insert(value.unwrap_or(CachedValue::LargePage)));
        Ok(Ok(made))
    }

    /// The value, if it is cached.
    pub(super) fn get(&self, key: &CacheKey) -> Option<CachedValue> {
        self.entries.get(key)
    }

    /// Whether a value of `bytes` bytes is small enough to be cached.
    pub(super) fn keeps(&self, bytes: u64) -> bool {
        bytes.saturating_add(ENTRY_OVERHEAD as u64) <= self.largest
    }

    /// Caches a value, unless it is too large.
    pub(super) fn keep(&self, key: CacheKey, value: CachedValue) {
        if value.weight() <= self.largest {
            self.entries.insert(key, value);
        }
    }

    /// The value, or else the result of `make`, which runs once however many requests wait.
    pub(super) async fn get_or<E: From<StoreError>>(
        &self,
        key: CacheKey,
        make: impl Future<Output = Result<CachedValue, E>>,
    ) -> Result<CachedValue, E> {
        if self.largest == 0 {
            return make.await;
        }
        match self.value_or_guard(&key, self.deadline()).await? {
            Ok(value) => Ok(value),
            Err(guard) => {
                let value = make.await?;
                self.fill(guard, &value);
                Ok(value)
            }
        }
    }

    /// The values, or else what `make` makes of the missing ones, given by their indexes among `keys`. Each is made once however many
    /// requests wait. All callers must give overlapping keys in the same order, so that no two of them wait for each other.
    pub(super) async fn get_or_all<E: From<StoreError>, F>(
        &self,
        keys: &[CacheKey],
        make: impl FnOnce(Vec<usize>) -> F,
    ) -> Result<Vec<CachedValue>, E>
    where
        F: Future<Output = Result<Vec<CachedValue>, E>>,
    {
        if self.largest == 0 {
            return make((0..keys.len()).collect()).await;
        }
        let deadline = self.deadline();
        let (mut found, mut lacking, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        for (number, key) in keys.iter().enumerate() {
            match self.value_or_guard(key, deadline).await? {
                Ok(value) => found.push(value),
                Err(guard) => {
                    lacking.push(number);
                    guards.push(guard);
                }
            }
        }
        if lacking.is_empty() {
            return Ok(found);
        }
        let made = make(lacking.clone()).await?;
        for ((number, guard), value) in lacking.into_iter().zip(guards).zip(made) {
            self.fill(guard, &value);
            found.insert(number, value);
        }
        Ok(found)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// The value, or the guard to fill it with. Waits until the deadline for a value that another request makes.
    async fn value_or_guard(
        &self,
        key: &CacheKey,
        deadline: Instant,
    ) -> Result<Result<CachedValue, Making<'_>>, StoreError> {
        let value = self.entries.get_value_or_guard_async(key);
        let value = tokio::time::timeout_at(deadline, value).await;
        value.map_err(|_| StoreError::Waited)
    }

    /// Caches a value under its guard, unless it is too large.
    fn fill(&self, guard: Making<'_>, value: &CachedValue) {
        if value.weight() <= self.largest {
            // If the guard no longer counts, another request has cached the value.
            drop(guard.insert(value.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
