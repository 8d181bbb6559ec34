//! What changed between two revisions of a dataset: which rows came, which went, and with a key which changed.
//!
//! A revision is a multiset of rows: the order of its rows doesn't count. A [`Comparison`] says which columns of the two revisions are
//! compared, and how. A [`Digester`] makes the digest of a row's values. [`Nets`] counts how often each digest occurs in one revision
//! more than in the other. [`Keyed`] pairs rows that have the same key.
//!
//! Both tables have a fixed capacity, and report when they are [`Full`]. Then the rows are divided among more [`Pass`]es by their
//! digests. So memory is bounded, however many rows there are.

mod comparison;
mod digest;
mod keyed;
mod nets;

pub use comparison::{BadKey, Comparison, Table};
pub use digest::{Digest, Digester, Pass};
pub use keyed::{Clash, Keyed, Pairs, Record};
pub use nets::{Full, Nets};

/// One of the two revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The older one.
    From,
    /// The newer one.
    To,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::From, Self::To];
}

/// Bytes of a hash table with room for so many entries of that size. hashbrown has a power of two of buckets, of which it fills seven
/// eighths, and a byte of its own for each.
fn bytes_for(entries: usize, size: usize) -> usize {
    let buckets = (entries.max(14) * 8).div_ceil(7).next_power_of_two();
    buckets * (size + 1)
}

/// How many entries of that size a hash table of at most so many bytes has room for.
fn entries_in(bytes: usize, size: usize) -> usize {
    let buckets = (bytes / (size + 1)).max(16);
    let power = buckets.next_power_of_two();
    let buckets = if power == buckets { power } else { power / 2 };
    buckets / 8 * 7
}

#[cfg(test)]
mod tests;
