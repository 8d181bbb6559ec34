//! One budget for all bytes that the server holds for clients (`--memory`).
//!
//! Code that holds bytes for a client takes them from the budget first, and returns them when the bytes are freed. The budget is
//! divided into shares, one per kind of work, so that no kind can use up what another one needs: reads of single rows continue
//! whatever exports and uploads do. A request that gets no memory in time is refused.
//!
//! | share | sixteenths | held for |
//! | --- | --- | --- |
//! | `small` | 2 | answers of at most 64 KiB, while they are made and until the client has taken them |
//! | `answers` | 3 | longer answers, and the parts of those that are sent while they are made |
//! | `coders` | 2 | windows and tables of zstd, br and gzip, in both directions |
//! | `texts` | 3 | blocks that are read, and rows that a query has found |
//! | `uploads` | 3 | CSVs on their way into the store, bodies that are received whole, and pages for people while they are made |
//! | `large` | 3 | JSON lists being taken apart, records that are longer than a block, rows of revisions that are compared, and groups |
//!
//! The cache has its own bound (`--cache-bytes`, an eighth of the budget by default); the shares divide the rest. A request
//! for more than a whole share gets all of it, and so is alone in it.

mod allocator;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::Waiting;

pub use allocator::give_large_back_at_once;
pub(super) use allocator::{give_back, resident};

/// The kind of work that bytes are held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Short answers.
    Small,
    /// Long answers, and parts of answers that are sent while they are made.
    Answers,
    /// Encoders and decoders of content codings.
    Coders,
    /// Blocks that are read, and rows that were found.
    Texts,
    /// CSVs and bodies being received, and pages being made.
    Uploads,
    /// Work that needs many times as much as others of its kind.
    Large,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Small,
        Self::Answers,
        Self::Coders,
        Self::Texts,
        Self::Uploads,
        Self::Large,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Answers => "answers",
            Self::Coders => "coders",
            Self::Texts => "texts",
            Self::Uploads => "uploads",
            Self::Large => "large",
        }
    }

    /// Its part of the budget without the cache, in sixteenths.
    fn sixteenths(self) -> u64 {
        match self {
            Self::Small | Self::Coders => 2,
            Self::Answers | Self::Texts | Self::Uploads | Self::Large => 3,
        }
    }

    /// The share for an answer of `bytes` bytes.
    pub fn of_answer(bytes: usize) -> Self {
        match bytes <= SMALL {
            true => Self::Small,
            false => Self::Answers,
        }
    }
}

/// Bytes of the longest answer that counts as small.
pub const SMALL: usize = 64 << 10;
/// Bytes per permit of a share's semaphore.
const UNIT: usize = 1 << 10;

/// A request got no memory in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory for {} is used up", .0.name())]
pub struct Exhausted(pub Kind);

/// The budget.
#[derive(Debug)]
pub struct Memory {
    shares: [Share; Kind::ALL.len()],
    /// How long a request waits for memory.
    patience: Duration,
    /// How long an answer that has begun waits for more memory.
    stall: Duration,
    /// Most bytes held since memory was last returned to the system.
    peak: AtomicUsize,
}

#[derive(Debug)]
struct Share {
    kind: Kind,
    units: usize,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The state of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareLoad {
    /// Which share.
    pub kind: Kind,
    /// Its size in bytes.
    pub bytes: usize,
    /// Bytes that are held.
    pub held: usize,
    /// Requests that wait for memory.
    pub waiting: usize,
}

impl Memory {
    /// A budget of `total` bytes, of which the cache has `cache`. A request waits for memory at most for `patience`, and an answer
    /// that has begun at most for `stall`.
    pub fn new(total: u64, cache: u64, patience: Duration, stall: Duration) -> Arc<Self> {
        let shared = total.saturating_sub(cache);
        let share = |kind: Kind| {
            let bytes = usize::try_from(shared / 16 * kind.sixteenths()).unwrap_or(usize::MAX);
            // A semaphore counts up to an eighth of `usize::MAX`, and one permit object up to `u32::MAX`.
            let units = (bytes / UNIT).clamp(1, u32::MAX as usize);
            Share {
                kind,
                units,
                free: Arc::new(Semaphore::new(units)),
                waiting: AtomicUsize::new(0),
            }
        };
        Arc::new(Self {
            shares: Kind::ALL.map(share),
            patience,
            stall,
            peak: AtomicUsize::new(0),
        })
    }

    /// Takes `bytes` of a share, as soon as they are free.
    ///
    /// # Errors
    /// When they are not free in time.
    pub async fn take(&self, kind: Kind, bytes: usize) -> Result<Held, Exhausted> {
        self.take_within(kind, bytes, self.patience).await
    }

    /// The same, waiting at most for `patience`.
    ///
    /// # Errors
    /// When they are not free in time.
    pub async fn take_within(
        &self,
        kind: Kind,
        bytes: usize,
        patience: Duration,
    ) -> Result<Held, Exhausted> {
        if let Some(held) = self.try_take(kind, bytes) {
            return Ok(held);
        }
        let share = self.share(kind);
        let _waiting = Waiting::new(&share.waiting);
        let units = share.units_of(bytes);
        let free = Arc::clone(&share.free).acquire_many_owned(units);
        match tokio::time::timeout(patience, free).await {
            Ok(Ok(permit)) => {
                self.note_peak();
                Ok(Held { kind, permit })
            }
            _ => Err(Exhausted(kind)),
        }
    }

    /// Takes bytes for the next part of an answer that is being sent. Answers whose clients read nothing are cut off after a while,
    /// so this waits longer than a request that has not begun.
    ///
    /// # Errors
    /// When they are not free in time.
    pub async fn take_for_part(&self, bytes: usize) -> Result<Held, Exhausted> {
        self.take_within(Kind::Answers, bytes, self.stall).await
    }

    /// Takes `bytes` of a share, if they are free.
    pub fn try_take(&self, kind: Kind, bytes: usize) -> Option<Held> {
        let share = self.share(kind);
        let permit = Arc::clone(&share.free).try_acquire_many_owned(share.units_of(bytes));
        let held = permit.ok().map(|permit| Held { kind, permit })?;
        if bytes > SMALL {
            self.note_peak();
        }
        Some(held)
    }

    /// Whether more than half of a share is free, so that it can be used for what only makes requests faster.
    pub fn is_ample(&self, kind: Kind) -> bool {
        let share = self.share(kind);
        share.free.available_permits() > share.units / 2
    }

    /// How many requests of `bytes` each fit into a share; at least one.
    pub fn capacity_for(&self, kind: Kind, bytes: usize) -> usize {
        let share = self.share(kind);
        (share.units / share.units_of(bytes) as usize).max(1)
    }

    /// Whether a request waits for a share.
    pub fn is_wanted(&self, kind: Kind) -> bool {
        self.share(kind).waiting.load(Ordering::Relaxed) > 0
    }

    /// The state of each share.
    pub fn load(&self) -> impl Iterator<Item = ShareLoad> + '_ {
        self.shares.iter().map(|share| ShareLoad {
            kind: share.kind,
            bytes: share.units * UNIT,
            held: share.held() * UNIT,
            waiting: share.waiting.load(Ordering::Relaxed),
        })
    }

    fn share(&self, kind: Kind) -> &Share {
        &self.shares[kind as usize]
    }

    fn held(&self) -> usize {
        self.shares.iter().map(Share::held).sum::<usize>() * UNIT
    }

    fn note_peak(&self) {
        self.peak.fetch_max(self.held(), Ordering::Relaxed);
    }

    /// Whether much less is held now than at the peak since this was last asked.
    pub(super) fn has_ebbed(&self) -> bool {
        let held = self.held();
        let peak = self.peak.load(Ordering::Relaxed);
        let ebbed = peak.saturating_sub(held) > WORTH_GIVING_BACK;
        if ebbed {
            self.peak.store(held, Ordering::Relaxed);
        }
        ebbed
    }
}

/// Bytes that make it worthwhile for the allocator to search its arenas.
pub(super) const WORTH_GIVING_BACK: usize = 8 << 20;

impl Share {
    fn units_of(&self, bytes: usize) -> u32 {
        // The number of units fits, see `Memory::new`.
        bytes.div_ceil(UNIT).clamp(1, self.units) as u32
    }

    fn held(&self) -> usize {
        self.units.saturating_sub(self.free.available_permits())
    }
}

/// Bytes of the budget that are taken, until this is dropped.
#[derive(Debug)]
pub struct Held {
    kind: Kind,
    permit: OwnedSemaphorePermit,
}

impl Held {
    /// The share that they belong to.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many bytes they are.
    pub fn bytes(&self) -> usize {
        self.permit.num_permits() * UNIT
    }

    /// Adds `more`, which is of the same share.
    pub fn add(&mut self, more: Self) {
        self.permit.merge(more.permit);
    }

    /// Returns all but `bytes` bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let wanted = bytes.div_ceil(UNIT).max(1);
        let surplus = self.permit.num_permits().saturating_sub(wanted);
        drop(self.permit.split(surplus));
    }

    /// Ties the memory to `bytes`: it is held until the last reference to them is dropped.
    pub fn around(mut self, bytes: Bytes) -> Bytes {
        self.shrink_to(bytes.len());
        Bytes::from_owner(Around { bytes, _held: self })
    }
}

struct Around {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Around {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
