//! A SQLite file that one process holds alone. One thread writes it, and commits everything that waits in one transaction.
//!
//! Because nobody else writes, what the newest revisions are is remembered, and this process knows which uploads and requests
//! are in flight.

pub(super) mod database;
pub(crate) mod errors;
mod file_watch;
mod heads;
pub(super) mod lock;
pub(super) mod opening;
mod order;
mod queue;
mod reserve;
mod writer;
