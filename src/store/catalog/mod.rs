//! Datasets and their revisions: finding and listing them, committing new revisions, appending rows, deleting.
//!
//! A dataset points to its newest revision. A commit moves that pointer in one short transaction, so a reader sees all of a revision
//! or none of it.

pub(crate) mod admission;
mod append;
mod commit;
mod content;
mod delete;
mod find;
pub(crate) mod queries;
