//! What the bytes of a file depend on beside its rows, and the memory for writing it.

/// Names the bytes that this release writes, in entity tags and in the names of stored files. Another one is needed as soon as the same rows
/// become other bytes, for example by another release of the crate `parquet`.
pub const WRITTEN_AS: &str = "parquet-1";

/// The most rows of a row group.
pub(super) const GROUP_ROWS: usize = 64 << 10;
/// Bytes of values after which a row group ends. It bounds the memory, and must not depend on anything else.
pub(super) const GROUP_BYTES: usize = 12 << 20;
/// The memory for a file that is being written: the values of a row group, the same packed, and one column of them on its way.
pub const MEMORY: usize = 2 * GROUP_BYTES + (4 << 20);
/// The memory for what is kept of each column of each row group until the end of the file, about.
pub(super) const CHUNK_MEMORY: usize = 1 << 10;
