//! Writes the rows of a revision as Apache Parquet, so that no digit is lost.
//!
//! It takes up to two passes. A [`Survey`] looks at the numbers and datetimes, because whether they fit a type of Parquet depends on all of
//! them. A [`ParquetFile`] then writes all rows. The bytes depend on the values, their order and the columns only: not on blocks, memory or
//! the machine. So all servers make the same file, and it can have one strong entity tag.

mod buffer;
mod file;
mod limits;
mod number;
mod stored;
mod survey;

pub use file::{ParquetFile, UnwritableParquet};
pub use limits::{MEMORY, WRITTEN_AS};
pub use stored::{ShownColumn, Stored};
pub use survey::Survey;

#[cfg(test)]
mod tests;
