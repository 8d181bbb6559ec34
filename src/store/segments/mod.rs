//! Upload segments and their blocks: staging, reading, segment lists, compaction and collection.
//!
//! The blocks of a segment never change, so reads need no locks. A [lease](leases) keeps a segment from being collected while it is
//! read.

pub(crate) mod bad_rows;
pub(crate) mod blocks;
pub(crate) mod collection;
pub(crate) mod columns;
pub(crate) mod compaction;
pub(crate) mod index;
pub(crate) mod leases;
pub(crate) mod list;
pub(crate) mod queries;
pub(crate) mod staging;
pub(crate) mod tombstones;
