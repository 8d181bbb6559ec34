//! One cache for what was read lately, bounded in bytes: pages as they were sent, texts of blocks, index pages, zone maps, Bloom
//! filters, and whole responses.
//!
//! Upload segments and revisions never change, so a value that depends only on its key is never out of date; [`CacheKey`] says
//! what each kind depends on. A segment is named by its dataset and its number, because two servers may give segments of two
//! datasets the same number. If several requests need the same value, one makes it and the others wait, each until its own
//! deadline. If making it fails, the next one tries; nobody waits for one failure after the other. Only whole responses expire:
//! they say how long they are valid.

mod key;
mod value;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::sync::{Cache as Entries, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64;

use crate::store::StoreError;

pub(super) use key::{CacheKey, IndexPageKey};
pub use key::{ExportKey, PageKey};
use value::ENTRY_OVERHEAD;
pub use value::{CachedResponse, Page};
pub(super) use value::{CachedValue, ZoneMaps};

#[derive(Debug, Clone)]
struct ByBytes;

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

    /// How many bytes an export has, if they were counted.
    pub fn export_length(&self, key: &ExportKey) -> Option<u64> {
        match self.entries.get(&CacheKey::ExportLength(*key)) {
            Some(CachedValue::ExportLength(length)) => Some(length),
            _ => None,
        }
    }

    /// Caches how many bytes an export has.
    pub fn keep_export_length(&self, key: ExportKey, length: u64) {
        self.keep(
            CacheKey::ExportLength(key),
            CachedValue::ExportLength(length),
        );
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
