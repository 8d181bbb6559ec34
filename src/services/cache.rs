//! Pages of rows as they went out, within a bound in bytes. A page belongs to one revision, and a revision never
//! changes, so nothing here is ever out of date.

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Which page: of which revision, from which row, how many, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKey {
    /// Number of the run that made the revision, which no other revision of any dataset has.
    pub run: i64,
    /// Number of the first row, from 0.
    pub first: u64,
    /// Rows asked for.
    pub limit: u32,
    /// Version of the API that renders it, since each renders rows its own way.
    pub version: u32,
}

#[derive(Debug, Clone)]
struct ByBytes;

/// What an entry takes beside its bytes, about.
const ENTRY_OVERHEAD: u64 = 160;

impl Weighter<PageKey, Bytes> for ByBytes {
    fn weight(&self, _: &PageKey, page: &Bytes) -> u64 {
        u64::try_from(page.len())
            .unwrap_or(u64::MAX)
            .saturating_add(ENTRY_OVERHEAD)
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

/// The cache of pages.
#[derive(Debug)]
pub struct PageCache {
    pages: Cache<PageKey, Bytes, ByBytes>,
    largest: u64,
}

impl PageCache {
    /// A page of usual size, in bytes: decides how many entries the cache is laid out for.
    const USUAL_PAGE: u64 = 16 << 10;

    /// A cache of at most `capacity` bytes.
    pub fn new(capacity: u64) -> Self {
        let entries = usize::try_from(capacity / Self::USUAL_PAGE)
            .unwrap_or(1024)
            .max(16);
        let pages = Cache::with_weighter(entries, capacity, ByBytes);
        let largest = pages.shard_capacity() / 4;
        Self { pages, largest }
    }

    /// What came of it so far.
    pub fn figures(&self) -> CacheFigures {
        CacheFigures {
            hits: self.pages.hits(),
            misses: self.pages.misses(),
            bytes: self.pages.weight(),
        }
    }

    /// Bytes of the largest page worth keeping: a larger one would push out too many others.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The page, if it is there.
    pub fn get(&self, key: &PageKey) -> Option<Bytes> {
        self.pages.get(key)
    }

    /// Keeps a page.
    pub fn insert(&self, key: PageKey, page: Bytes) {
        if u64::try_from(page.len()).is_ok_and(|bytes| bytes <= self.largest) {
            self.pages.insert(key, page);
        }
    }
}
