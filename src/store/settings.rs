//! How a store is opened.

use std::time::Duration;

use super::backend::address::{Address, Migrate};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is. A SQLite file is made when it is missing; its folder must exist.
    pub address: Address,
    /// Whether the schema is brought up to date.
    pub migrate: Migrate,
    /// Whether opening succeeds while the database is away; the store gets ready once it answers.
    pub wait: bool,
    /// Connections: to a SQLite file those that read, to a PostgreSQL server all.
    pub connections: usize,
    /// How long a request waits for a connection, for a permit of the writer's queue, and for a server's answer.
    pub patience: Duration,
    /// Writes that may wait for the writer of a SQLite file.
    pub queue: usize,
    /// Writes that one transaction of that writer may commit; 1 gives each its own.
    pub commit_batch: usize,
    /// Revisions of a dataset that are kept, the newest included.
    pub keep_revisions: usize,
    /// Bytes that remembered descriptions of datasets may take in memory.
    pub heads_bytes: u64,
    /// Bytes of text after which a block that compaction writes ends at the next end of a record.
    pub block_bytes: usize,
}
