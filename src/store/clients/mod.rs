//! Clients: their keys, pins, extensions and usage, and which datasets they read.
//!
//! The operator's commands use [`AdminStore`](admin::AdminStore), and servers the store's handle.

pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod extensions;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod pins;
pub(crate) mod readers;
pub(crate) mod removal;
pub(crate) mod usage;
