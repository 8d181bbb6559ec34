//! The difference of two multisets of rows, by the digests of the rows.

use std::sync::atomic::{AtomicI64, Ordering};

use hashbrown::HashTable;

use super::{Digest, Side, bytes_for, entries_in};

/// The table has no room for a further row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// How often each row occurs in one revision more than in the other.
#[derive(Debug)]
pub struct Nets {
    table: HashTable<Net>,
    capacity: usize,
}

#[derive(Debug)]
struct Net {
    digest: Digest,
    /// Occurrences in the older revision, less those in the newer one.
    net: AtomicI64,
}

impl Nets {
    /// Bytes of a table for so many different rows.
    pub fn bytes_for(rows: usize) -> usize {
        bytes_for(rows, size_of::<Net>())
    }

    /// How many different rows a table of so many bytes has room for.
    pub fn rows_in(bytes: usize) -> usize {
        entries_in(bytes, size_of::<Net>())
    }

    /// A table for at most so many different rows.
    pub fn new(capacity: usize) -> Self {
        Self {
            table: HashTable::with_capacity(capacity),
            capacity,
        }
    }

    /// Counts a row of one of the revisions.
    ///
    /// # Errors
    /// [`Full`] if there is no room for it.
    pub fn count(&mut self, side: Side, digest: Digest) -> Result<(), Full> {
        let step = match side {
            Side::From => 1,
            Side::To => -1,
        };
        let found = self
            .table
            .find_mut(digest.hash(), |entry| entry.digest == digest);
        if let Some(entry) = found {
            *entry.net.get_mut() += step;
            return Ok(());
        }
        if self.table.len() == self.capacity {
            return Err(Full);
        }
        let net = AtomicI64::new(step);
        self.table
            .insert_unique(digest.hash(), Net { digest, net }, |entry| {
                entry.digest.hash()
            });
        Ok(())
    }

    /// Forgets the rows that occur as often in both, and the memory for them.
    pub fn shrink(&mut self) {
        self.table.retain(|entry| *entry.net.get_mut() != 0);
        self.table.shrink_to_fit(|entry| entry.digest.hash());
    }

    /// Takes up the rows of another pass. `false`: there is no room for them, and some may be missing.
    pub fn take_up(&mut self, other: &Self) -> bool {
        other.table.iter().all(|entry| {
            let fits = self.table.len() < self.capacity;
            if fits {
                let (digest, net) = (entry.digest, entry.net.load(Ordering::Relaxed).into());
                let hash = |entry: &Net| entry.digest.hash();
                self.table
                    .insert_unique(digest.hash(), Net { digest, net }, hash);
            }
            fits
        })
    }

    /// How many rows of this revision the other one doesn't have.
    pub fn surplus(&self, side: Side) -> u64 {
        let nets = self.table.iter();
        let nets = nets.map(|entry| of(side, entry.net.load(Ordering::Relaxed)));
        nets.sum()
    }

    /// Whether the revision has more rows with this digest than the other one.
    pub fn has(&self, side: Side, digest: Digest) -> bool {
        let found = self.find(digest);
        found.is_some_and(|entry| of(side, entry.net.load(Ordering::Relaxed)) > 0)
    }

    /// Takes one of the rows that this revision has more of. `false`: none is left.
    pub fn take(&self, side: Side, digest: Digest) -> bool {
        let step = |net: i64| (of(side, net) > 0).then(|| net - net.signum());
        let found = self.find(digest);
        found.is_some_and(|entry| {
            let taken = entry
                .net
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
            taken.is_ok()
        })
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        bytes_for(self.table.capacity(), size_of::<Net>())
    }

    fn find(&self, digest: Digest) -> Option<&Net> {
        self.table
            .find(digest.hash(), |entry| entry.digest == digest)
    }
}

/// The surplus of a revision.
fn of(side: Side, net: i64) -> u64 {
    match side {
        Side::From if net > 0 => net.unsigned_abs(),
        Side::To if net < 0 => net.unsigned_abs(),
        _ => 0,
    }
}
