//! Where datasets are kept. Only this module knows diesel.
//!
//! A dataset's text is stored as it came, cut at record boundaries into compressed blocks. The blocks of one upload are
//! a **segment**; a **revision** is a segment plus what reading it needs; a dataset points to its newest revision, and
//! committing one moves that pointer in one short transaction. Blocks and revisions never change, so readers need no
//! locks, and what is derived from a revision may be remembered for ever.
//!
//! [`Store`] is the only way in for a server; all its methods may be awaited on the runtime. Each is beside what it concerns:
//!
//! | folder | its job |
//! | --- | --- |
//! | `catalog` | datasets and revisions: find, list, commit, append, delete |
//! | `segments` | blocks, their index and zone maps, segment lists, compaction, collection, leases |
//! | `clients` | keys, pins, usage, extensions, and the operator's [`AdminStore`] |
//! | `upkeep` | commands on whole stores: check, copy, export, backup |
//! | `backend` | one folder per database, behind one interface; nothing else asks which database it is |
//!
//! A write is a closure over a transaction: `backend.write(options, move |tx| …)`. It may be done more than once, and refuses before
//! it writes anything. On a server, writes wait for rows that others have locked. So that no two wait for each other for ever, all
//! lock in this order: keys of idempotent requests (by scope and key), datasets (by name), segments being written, everything else. If
//! two collide all the same, the server ends one of them, and it is done again.

mod backend;
mod catalog;
mod clients;
mod error;
mod handle;
mod idempotency;
mod ids;
mod in_flight;
mod maintenance;
mod metrics;
mod model;
mod opening;
mod rows;
mod schema;
mod secrets;
mod segments;
mod settings;
mod units;
mod upkeep;

pub use backend::address::{Address, Migrate};
pub use backend::migrations::Steps;
pub use backend::opening::migrate;
pub use backend::postgres::address::PostgresAddress;
pub use clients::admin::AdminStore;
pub use clients::client::{Client, Extension, Move, MovedBy};
pub use clients::usage::{Count, Used};
pub use error::{OpenError, StoreError};
pub use handle::Store;
pub use idempotency::{Claimed, MakeAnswer, Receipt};
pub use ids::random_key;
pub use in_flight::Turn;
pub use metrics::Load;
pub use model::{
    Claim, Clock, Committed, Conditions, Dataset, NewRevision, PART_BYTES, PlacedBlock, Revision,
    Revisions, SegmentPart, SourceBlock, Text, Write, may_change,
};
pub use segments::index::{BlockHandle, PackedBlock};
pub use segments::leases::Lease;
pub use segments::list::{Segment, SegmentId, SegmentList};
pub use segments::queries::BlockKey;
pub use settings::Settings;
pub use units::unreadable;
pub use upkeep::{
    Checked, Copied, Exported, Exporter, Problem, Step, UpkeepError, back_up, check, copy,
};
