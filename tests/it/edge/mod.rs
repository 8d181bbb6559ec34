//! What the socket server promises, whatever it serves.

mod access_log;
mod draining;
mod heads;
mod limits;
mod pages;
mod requests;
pub mod running;
mod timeouts;
