//! A SQLite file that one process uses alone. One thread writes to it, and commits all waiting writes in one transaction.
//!
//! No other process writes, so the newest revisions are cached, and this process knows which uploads and requests are in flight.

pub(super) mod database;
pub(crate) mod errors;
mod file_watch;
pub(super) mod lock;
pub(super) mod opening;
mod order;
mod queue;
mod reserve;
mod writer;
