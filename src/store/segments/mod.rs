//! Blocks, and the runs that they are stored in: staging and reading them, their index and zone maps, the segment list of a
//! revision, compaction, and collection of what nobody reads.
//!
//! A run is what one upload wrote. Its blocks never change, so readers take no locks: a [lease](leases) keeps a run from being
//! collected while it is read.

pub(in crate::store) mod blocks;
pub(in crate::store) mod collection;
pub(in crate::store) mod compaction;
pub(in crate::store) mod index;
pub(in crate::store) mod leases;
pub(in crate::store) mod list;
pub(in crate::store) mod queries;
pub(in crate::store) mod staging;
pub(in crate::store) mod tombstones;
