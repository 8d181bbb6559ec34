//! Commands on whole stores: checking, copying, exporting and backing up.
//!
//! All of it blocks, takes bounded memory whatever the size of the store, and reads states that were committed. Servers may go on
//! with the store that is read; the one that is written is held.

mod backup;
mod check;
mod copy;
mod export;
mod opened;
mod tables;
mod verify;

pub use backup::back_up;
pub use check::{Checked, Problem, check};
pub use copy::{Copied, Step, copy};
pub use export::{Exported, Exporter};
pub use opened::UpkeepError;
