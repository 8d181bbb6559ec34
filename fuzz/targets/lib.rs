//! What the fuzzers check: a module each, whose `check` panics when something is not as it must be.
//!
//! The programs in `fuzz_targets` give it inputs that libFuzzer finds by coverage; `tests/fuzz` gives it the seeds and
//! mutations of them. Each compares Flash with a plain way to do the same (`plain_…`), written for these tests alone: slow,
//! and as close to the documents as it can be.

pub mod blocks;
pub mod csv;
pub mod dialects;
pub mod negotiation;
pub mod plain_accept;
pub mod plain_csv;
pub mod plain_query;
pub mod plain_value;
pub mod queries;
