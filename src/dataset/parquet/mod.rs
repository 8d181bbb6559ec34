//! Writes the rows of a revision as Apache Parquet, so that no digit is lost.
//!
//! It takes up to two passes. A [`Survey`] looks at the numbers and datetimes, because whether they fit a type of Parquet depends on all of
//! them. A [`ParquetFile`] then writes all rows. The bytes depend on the values, their order and the columns only: not on blocks, memory or
//! the machine. So all servers make the same file, and it can have one strong entity tag.

mod buffer;
mod file;
mod number;
mod stored;
mod survey;

pub use file::{ParquetFile, UnwritableParquet};
pub use stored::{ShownColumn, Stored};
pub use survey::Survey;

/// Names the bytes that this release writes, in entity tags and in the names of stored files. Another one is needed as soon as the same rows
/// become other bytes, for example by another release of the crate `parquet`.
pub const WRITTEN_AS: &str = "parquet-1";

/// The most rows of a row group.
const GROUP_ROWS: usize = 64 << 10;
/// Bytes of values after which a row group ends. It bounds the memory, and must not depend on anything else.
const GROUP_BYTES: usize = 12 << 20;
/// The memory for a file that is being written: the values of a row group, the same packed, and one column of them on its way.
pub const MEMORY: usize = 2 * GROUP_BYTES + (4 << 20);
/// The memory for what is kept of each column of each row group until the end of the file, about.
const CHUNK_MEMORY: usize = 1 << 10;

#[cfg(test)]
mod tests;
