//! Where datasets rest. This room alone knows diesel.
//!
//! A dataset's text is stored as it came, cut at record boundaries into compressed chunks. The chunks of one upload are
//! a **run**; a **revision** is a run plus what reading it needs; a dataset points to its newest revision, and
//! committing one moves that pointer in one short transaction. Chunks and revisions never change, so readers need no
//! locks and whatever is derived from a revision may be remembered for ever.
//!
//! [`Store`] is the handle. All writes go through one thread (`writer`), which commits everything that waits in one transaction. Reads use a
//! pool of connections on blocking threads (`readers`). Every method here may be awaited on the runtime.

mod blocks;
mod error;
mod handle;
mod ids;
mod leases;
mod model;
mod queries;
mod readers;
mod schema;
mod sqlite;
mod writer;

pub use error::{OpenError, StoreError};
pub use handle::{Clock, Settings, Store};
pub use leases::Lease;
pub use model::{
    Batch, Committed, Dataset, NewRevision, PlacedChunk, Run, SourceBlock, Text, Write,
};

use handle::Heads;
use leases::Leases;
