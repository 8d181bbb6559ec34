//! What the socket server promises, whatever it serves.

mod access_log;
mod draining;
mod limits;
mod requests;
pub mod running;
mod timeouts;
