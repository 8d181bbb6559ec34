//! Where datasets rest. This room alone knows diesel.
//!
//! A dataset's text is stored as it came, cut at record boundaries into compressed chunks. The chunks of one upload are
//! a **run**; a **revision** is a run plus what reading it needs; a dataset points to its newest revision, and
//! committing one moves that pointer in one short transaction. Chunks and revisions never change, so readers need no
//! locks and whatever is derived from a revision may be remembered for ever.
//!
//! [`Store`] is the handle; every method of it may be awaited on the runtime. There are two kinds of store, with the same
//! statements ([`queries`](self), over one type of connection) and the same jobs that write:
//!
//! - an **embedded** one is a SQLite file that one process holds alone. All writes go through one thread (`writer`), which
//!   commits everything that waits in one transaction. What the newest revisions are is remembered.
//! - a **far** one is a PostgreSQL server that any number of processes share. Each write is a transaction of its own; what
//!   the newest revision is, is asked each time. Servers tell each other through tables what they are in the middle of
//!   (`alive`).

mod alive;
mod append;
mod blocks;
mod clients;
mod commit;
mod compaction;
mod connection;
mod desk;
mod error;
mod extensions;
mod figures;
mod file_watch;
mod garbage;
mod handle;
mod idempotency;
mod ids;
mod inner;
mod jobs;
mod keeper;
mod leases;
mod model;
mod opening;
mod pool;
mod postgres;
mod queries;
mod reserve;
mod rows;
mod schema;
mod schema_steps;
mod segments;
mod spots;
mod sqlite;
mod sqlstate;
mod upkeep;
mod usage;
mod writer;

use std::path::PathBuf;

pub use alive::Turn;
pub use clients::{Client, Move, MovedBy};
pub use desk::Desk;
pub use error::{OpenError, StoreError};
pub use extensions::Extension;
pub use figures::Load;
pub use handle::{Clock, Store};
pub use idempotency::{Claim, Claimed, MakeAnswer, Receipt};
pub use ids::random_key;
pub use leases::Lease;
pub use model::{
    BATCH_BYTES, Batch, Committed, Conditions, Dataset, NewRevision, PlacedChunk, Revision,
    Revisions, Run, SourceBlock, Text, Write, may_change,
};
pub use opening::Settings;
pub use postgres::PostgresAddress;
pub use queries::ChunkKey;
pub use rows::unreadable;
pub use schema_steps::Steps;
pub use segments::{Segment, Segments};
pub use spots::{Packed, Spot};
pub use upkeep::{
    Checked, Copied, Exported, Exporter, Problem, Step, UpkeepError, back_up, check, copy,
};
pub use usage::{Count, Used};

use inner::Heads;
use leases::Leases;

/// Where a store is, and so which database it is in.
#[derive(Debug, Clone)]
pub enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or several of which one takes writes.
    Postgres(PostgresAddress),
}

impl Address {
    fn is_embedded(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => f.write_str(&server.shown),
        }
    }
}

/// What is done about a schema that lacks steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// They are taken.
    Run,
    /// The store is refused.
    Check,
}

/// Brings the schema of a store up to date, and does nothing else. Blocks.
pub fn migrate(address: &Address) -> Result<Steps, OpenError> {
    match address {
        Address::Sqlite(path) => {
            let _hold = sqlite::hold(path)?;
            sqlite::open_writer(path, Migrate::Run).map(|(_, steps)| steps)
        }
        Address::Postgres(address) => {
            let mut connected = postgres::open(address, opening::COMMAND_PATIENCE)?;
            postgres::migrate(&mut connected, address, Migrate::Run)
        }
    }
}
