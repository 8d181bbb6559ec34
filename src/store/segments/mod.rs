//! Blocks, and the segments that they are stored in: staging and reading them, their index and zone maps, the segment list of a
//! revision, compaction, and collection of what nobody reads.
//!
//! A segment is what one upload wrote. Its blocks never change, so readers take no locks: a [lease](leases) keeps a segment from being
//! collected while it is read.

pub(crate) mod blocks;
pub(crate) mod collection;
pub(crate) mod compaction;
pub(crate) mod index;
pub(crate) mod leases;
pub(crate) mod list;
pub(crate) mod queries;
pub(crate) mod staging;
pub(crate) mod tombstones;
