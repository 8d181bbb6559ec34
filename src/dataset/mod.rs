//! CSVs: dialects, charsets, blocks, types, statistics and queries.
//!
//! Pure code: nothing here does I/O, waits, or knows HTTP or the store. An upload flows through it one way:
//!
//! ```text
//! bytes → signature → charset → detect → translator → preamble → record splitter → [RawBlock] → tokenizer → type inference → Analysis → Block
//!         (no CSV?)   (UTF-8)   (delimiter) (dialects)  (header)                     (one raw block, on any thread)                 Profile
//! ```
//!
//! - [`Ingest`] takes the uploaded bytes and returns [`RawBlock`]s: whole records of decoded text. It does only what has to be
//!   done in order, so that it is never the bottleneck.
//! - [`RawBlock::analyse`] does the rest for one raw block: it checks every record, and finds each column's type and zone map.
//! - [`Block::seal`] compresses a raw block into a stored block; [`Profile`] adds the analyses up into the columns of the dataset.
//! - [`Records`] reads a stored block's text.
//! - [`Ingest::appending`] takes rows for a dataset that exists; [`ResumableDigest`] continues the digest of its source.
//! - [`Query`] filters, orders and selects rows.
//! - [`difference`] finds what changed between two revisions.
//! - [`parquet`] writes the rows of a revision as Parquet.
//!
//! The invariant of this module: the texts of all raw blocks, one after the other, are the decoded upload, byte for byte, or what the
//! translator made of it. (For appended rows: without byte-order mark and header, and with a line end.) Types, names, nulls and formats
//! describe the text and never change it.

mod advice;
pub mod aggregate;
pub mod bad_row;
pub mod block;
mod block_text;
pub mod bloom;
mod cell;
mod charset;
pub mod column;
mod column_projection;
pub mod columns;
mod counts;
mod csv_field;
mod decimal;
pub mod description;
mod detect;
pub mod dialect;
pub mod difference;
pub mod error;
pub mod formats;
mod header;
mod hints;
pub mod ingest;
mod marks;
pub mod name;
mod null_fields;
pub mod parquet;
mod placeholder;
mod preamble;
pub mod profile;
pub mod query;
pub mod raw_block;
pub mod record;
mod record_splitter;
pub mod resumable_digest;
pub mod schema_changes;
pub mod schema_version;
mod signature;
mod span;
mod structural_index;
pub mod summary;
mod suspect;
mod text_range;
mod tokenizer;
mod translator;
mod type_inference;
pub mod value;
pub mod zone_map;

pub use bad_row::BadRow;
pub use block::{Block, CorruptBlock};
pub use block_text::{BlockText, Lines};
pub use bloom::{Bloom, CorruptBlooms};
pub use charset::same_charset;
pub use column::{Column, ColumnType, UnknownColumnType};
pub use csv_field::{needs_quotes, push_csv_field, push_doubled};
pub use description::{ColumnDescription, Description};
pub use dialect::{
    BadCombination, BadParameter, Delimiter, Dialect, Layout, Limits, PARAMETERS, Separator,
    UnknownDelimiter, UploadOptions,
};
pub use error::{CsvError, CsvErrorKind};
pub use formats::Formats;
pub use hints::{Observed, changed_types};
pub use ingest::Ingest;
pub use name::{DatasetName, NameError};
pub use null_fields::NullFields;
pub use profile::{CorruptProfile, Profile};
pub use query::{Query, QueryError, RawQuery};
pub use raw_block::{Analysis, Causes, ChangedLines, RawBlock};
pub use record::{Field, Records};
pub use resumable_digest::{CorruptDigest, ResumableDigest};
pub use schema_changes::{SchemaChanges, UnknownSchemaChanges};
pub use schema_version::{ColumnChange, SchemaVersion};
pub use summary::{CorruptSummary, Summary};
pub use zone_map::{Bounds, CorruptZoneMaps, ZoneMap};

#[cfg(test)]
mod tests;
