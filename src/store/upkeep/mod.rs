//! Commands on whole stores: check, copy, export and backup.
//!
//! They block the thread, take bounded memory, and read committed data. Servers may use a store while it is read, but not while it
//! is written.

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
