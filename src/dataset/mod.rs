//! What a CSV is: dialects, charsets, chunks, types and statistics.
//!
//! Pure code: nothing here does I/O, waits, or knows the wire or the store. An upload flows through it one way:
//!
//! ```text
//! bytes → charset → preamble → cut → [Piece] → tokenise → survey → Analysis → Chunk
//!         (UTF-8)   (header)   (record ends)   (one piece, on any thread)     Profile
//! ```
//!
//! - [`Ingest`] is pushed the uploaded bytes and hands out [`Piece`]s: whole records of decoded text. It does only
//!   what has to be done in order, so that it is never the bottleneck.
//! - [`Piece::analyse`] does all the rest for one piece: checks every record, finds each column's type and bounds.
//! - [`Chunk::seal`] compresses a piece into what is stored; [`Profile`] adds the analyses up into the columns of the
//!   whole dataset.
//! - [`Records`] reads a stored chunk's text again.
//! - [`Ingest::appending`] takes rows that are added to a dataset; [`Tail`] is what must be known of the text before them.
//!
//! The invariant of the room: the texts of all pieces, one after the other, are the decoded upload, byte for byte; of
//! added rows, without its byte-order mark and header, and with a line end. Types, names and nulls are *about* the text
//! and never change it.

pub mod bloom;
mod cell;
mod charset;
pub mod chunk;
mod chunk_text;
pub mod column;
mod counts;
mod cut;
mod decimal;
pub mod dialect;
pub mod error;
mod even;
mod header;
pub mod ingest;
mod marks;
pub mod name;
pub mod piece;
mod placeholder;
mod preamble;
pub mod profile;
pub mod query;
pub mod record;
mod span;
pub mod stats;
pub mod summary;
mod survey;
pub mod tail;
mod text_range;
mod token;
pub mod value;

pub use bloom::{Bloom, CorruptBlooms};
pub use chunk::{Chunk, CorruptChunk};
pub use chunk_text::{ChunkText, Lines};
pub use column::{Column, ColumnType, UnknownColumnType};
pub use dialect::{Delimiter, Layout, Limits, UnknownDelimiter, UploadOptions};
pub use error::{CsvError, CsvErrorKind};
pub use ingest::Ingest;
pub use name::{DatasetName, NameError};
pub use piece::{Analysis, Piece};
pub use profile::{CorruptProfile, Profile};
pub use query::{Asked, Query, QueryError};
pub use record::{Field, Records};
pub use stats::{Bounds, ColumnStats, CorruptStats};
pub use summary::{CorruptSummary, Summary};
pub use tail::{CorruptTail, Tail};

#[cfg(test)]
mod tests;
