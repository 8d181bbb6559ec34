//! What a CSV is: dialects, charsets, blocks, types and statistics.
//!
//! Pure code: nothing here does I/O, waits, or knows the wire or the store. An upload flows through it one way:
//!
//! ```text
//! bytes → charset → preamble → split → [RawBlock] → tokenize → survey → Analysis → Block
//!         (UTF-8)   (header)   (record ends)   (one raw block, on any thread)     Profile
//! ```
//!
//! - [`Ingest`] is pushed the uploaded bytes and hands out [`RawBlock`]s: whole records of decoded text. It does only
//!   what has to be done in order, so that it is never the bottleneck.
//! - [`RawBlock::analyse`] does all the rest for one raw block: checks every record, finds each column's type and bounds.
//! - [`Block::seal`] compresses a raw block into what is stored; [`Profile`] adds the analyses up into the columns of the
//!   whole dataset.
//! - [`Records`] reads a stored block's text again.
//! - [`Ingest::appending`] takes rows that are added to a dataset; [`ResumableDigest`] is what must be known of the text before them.
//!
//! The invariant of the room: the texts of all raw blocks, one after the other, are the decoded upload, byte for byte; of
//! added rows, without its byte-order mark and header, and with a line end. Types, names and nulls are *about* the text
//! and never change it.

pub mod block;
mod block_text;
pub mod bloom;
mod calendar;
mod cell;
mod charset;
pub mod column;
mod column_projection;
mod counts;
mod decimal;
pub mod dialect;
pub mod error;
mod header;
pub mod ingest;
pub mod name;
mod placeholder;
mod preamble;
pub mod profile;
pub mod query;
pub mod raw_block;
pub mod record;
mod record_splitter;
pub mod resumable_digest;
mod span;
mod structural_index;
pub mod summary;
mod survey;
mod text_range;
mod tokenizer;
pub mod value;
pub mod zone_map;

pub use block::{Block, CorruptBlock};
pub use block_text::{BlockText, Lines};
pub use bloom::{Bloom, CorruptBlooms};
pub use column::{Column, ColumnType, UnknownColumnType};
pub use dialect::{Delimiter, Layout, Limits, UnknownDelimiter, UploadOptions};
pub use error::{CsvError, CsvErrorKind};
pub use ingest::Ingest;
pub use name::{DatasetName, NameError};
pub use profile::{CorruptProfile, Profile};
pub use query::{Query, QueryError, RawQuery};
pub use raw_block::{Analysis, RawBlock};
pub use record::{Field, Records};
pub use resumable_digest::{CorruptDigest, ResumableDigest};
pub use summary::{CorruptSummary, Summary};
pub use zone_map::{Bounds, CorruptZoneMaps, ZoneMap};

#[cfg(test)]
mod tests;
