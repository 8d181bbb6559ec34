//! The settings of a store.

use std::time::Duration;

use super::backend::address::{Address, Migrate};
use crate::dataset::SchemaChanges;

/// The settings of a store.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address. A missing SQLite file is created; its folder must exist.
    pub address: Address,
    /// Whether the schema is brought up to date.
    pub migrate: Migrate,
    /// Whether opening succeeds while the database is away. The store becomes ready when the database answers.
    pub wait: bool,
    /// Connections: those that read a SQLite file, or all to a PostgreSQL server.
    pub connections: usize,
    /// How long a request waits for a connection, for a permit of the writer's queue, and for a server's answer.
    pub patience: Duration,
    /// Writes that may wait for the writer of a SQLite file.
    pub queue: usize,
    /// Writes that one transaction of that writer may commit; 1 gives each its own.
    pub commit_batch: usize,
    /// Revisions of a dataset that are kept, the newest included.
    pub keep_revisions: usize,
    /// How much writes may change the schema of a dataset that is new.
    pub schema_changes: SchemaChanges,
    /// Bytes of memory for cached descriptions of datasets.
    pub heads_bytes: u64,
    /// Compaction ends a block at the first record end after so many bytes of text.
    pub block_bytes: usize,
    /// Which segments get columns, and how large their row groups are.
    pub columns: ColumnSizes,
}

/// The sizes of columns.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSizes {
    /// A row group ends before the first block with which it would have more rows. In datasets with many columns it is shorter.
    pub group_rows: usize,
    /// A segment with fewer rows gets no columns.
    pub least_rows: u64,
}
