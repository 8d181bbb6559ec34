//! Columns: a second form of a dataset's values, for questions that look at every row.
//!
//! A **row group** is some 64 Ki rows of an upload segment, made of whole blocks. In a row group, a **column chunk** has the values of
//! one column: a **dictionary** of the different texts, and for each row a **code**, which is the text's place in the dictionary. A
//! filter looks at each text of the dictionary once, with the code that also looks at texts of rows, so both find the same rows. After
//! that, only codes are compared.
//!
//! The texts are those of the file, nulls included. What a text means is decided by the query, because later revisions may read the
//! same segment with other types. A column with long texts, or with about as many texts as rows, has no chunk; questions on it read
//! the text. So do questions on a chunk that is damaged or was written by a later release.
//!
//! Nothing here does I/O.

mod builder;
mod chunk;
mod dictionary;
mod numbers;
mod packing;
mod ranks;
mod row_group;
mod selection;
mod tally;

pub use builder::{BuiltGroup, RowGroupBuilder, group_rows};
pub use chunk::{Chunks, ColumnChunk, CorruptColumn};
pub use dictionary::Dictionary;
pub use ranks::best_of_blocks;
pub use row_group::RowGroup;
pub use selection::{Selected, select};
pub use tally::Tally;

#[cfg(test)]
mod tests;
