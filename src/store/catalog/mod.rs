//! Datasets and their revisions: finding and listing them, committing new revisions, appending rows, deleting, and what
//! writes to a dataset may change.
//!
//! A dataset points to its newest revision. A commit moves that pointer in one short transaction, so a reader sees all of a revision
//! or none of it.

pub(crate) mod admission;
mod append;
pub(crate) mod backfill;
mod commit;
mod content;
mod create;
mod decision;
mod delete;
pub(crate) mod descriptions;
mod find;
pub(crate) mod newest;
mod patch;
pub(crate) mod queries;
pub(crate) mod schema_versions;
