//! The store keeps datasets. It is the only module that uses diesel.
//!
//! A dataset's text is stored as it came, split at record boundaries into compressed **blocks**. The blocks of one upload are
//! an **upload segment**. A **revision** is a list of segments. A dataset points to its newest revision, and a commit moves that
//! pointer in one short transaction. Blocks and revisions never change, so reads need no locks, and everything that follows from
//! a revision may be cached.
//!
//! A server uses the store through [`Store`]. All its methods can be awaited on the runtime. Each is in the folder of its subject:
//!
//! | folder | its job |
//! | --- | --- |
//! | `catalog` | datasets and revisions: find, list, commit, append, delete |
//! | `segments` | blocks, their index and zone maps, columns, segment lists, compaction, collection, leases |
//! | `clients` | keys, pins, usage, extensions, and the operator's [`AdminStore`] |
//! | `upkeep` | commands on whole stores: check, copy, export, backup |
//! | `backend` | one folder per database, behind one interface; nothing else asks which database it is |
//!
//! A write is a closure over a transaction: `backend.write(options, move |tx| …)`. It may be called more than once, and refuses before
//! it writes anything. On PostgreSQL, a write waits for rows that another transaction has locked. To avoid deadlocks, all writes
//! lock in this order: idempotency keys (by scope and key), datasets (by name), segments being written, everything else. If two
//! transactions collide all the same, the server ends one of them, and that write is repeated.

mod announcements;
mod backend;
mod catalog;
mod clients;
mod derived;
mod error;
mod handle;
mod idempotency;
mod ids;
mod in_flight;
mod maintenance;
mod metrics;
mod model;
mod nearest;
mod notices;
mod open_error;
mod opening;
mod rows;
mod schema;
mod schema_refusal;
mod secrets;
mod segments;
mod settings;
mod switch;
mod units;
mod upkeep;

pub use announcements::{Announcement, Announcer, Broken, Permissions, SERVERS_LIVE};
pub use backend::address::{Address, Migrate};
pub use backend::migrations::Steps;
pub use backend::opening::migrate;
pub use backend::postgres::address::PostgresAddress;
pub use catalog::descriptions::Described;
pub use clients::admin::AdminStore;
pub use clients::client::{
    Client, ClientLimit, DetailChanges, Details, Extension, KeyDates, Move, MovedBy, Pinned,
};
pub use clients::readers::{READER_COLUMNS, Read, Reader, Reads};
pub use clients::removal::Removal;
pub use clients::usage::{Count, Outcome, Reason, Used};
pub use derived::{DerivedFile, DerivedName, StagedFile};
pub use error::{OpenError, OpenErrorOf, StoreError};
pub use handle::Store;
pub use idempotency::{Claimed, MakeAnswer, Receipt};
pub use ids::random_key;
pub use in_flight::Turn;
pub use metrics::{Load, Waiting};
pub use model::{
    BadRowsBlock, Claim, Clock, Committed, Conditions, Dataset, NewRevision, PART_BYTES,
    PlacedBlock, Revision, Revisions, SegmentPart, SourceBlock, UnpackedBlock, Write, may_change,
};
pub use nearest::nearest;
pub use notices::{Delivery, DueNotice, Notice};
pub use schema_refusal::SchemaRefusal;
pub use segments::columns::PackedColumn;
pub use segments::index::{BlockHandle, PackedBlock};
pub use segments::leases::Lease;
pub use segments::list::{Segment, SegmentId, SegmentList};
pub use segments::queries::BlockKey;
pub use settings::{ColumnSizes, Settings};
pub use units::unreadable;
pub use upkeep::{
    Checked, Copied, Exported, Exporter, Problem, Step, UpkeepError, back_up, check, copy,
};
