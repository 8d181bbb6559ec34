//! One interface for all databases, and one folder for each database.
//!
//! [`Backend`] is the interface: read, write, write later, remembered heads, getting ready, and how maintenance is paced. A write
//! is a closure over a [`Transaction`](write::Transaction). Statements that differ between databases are in the [`dialect`].
//! Nothing outside this folder asks which database it is. `docs/adding-a-database.md` says what another one needs.
//!
//! Only the rest of the store uses this folder. The folder uses the store's types, and none of its operations.

pub(crate) mod address;
pub(crate) mod connection;
pub(crate) mod dialect;
pub(crate) mod engine;
pub(crate) mod heads;
pub(crate) mod migrations;
pub(crate) mod opening;
mod pool;
pub(crate) mod postgres;
pub(crate) mod seen_switch;
pub(crate) mod sqlite;
pub(crate) mod write;

pub(crate) use address::Address;
pub(crate) use connection::AnyConnection;
pub(crate) use engine::Backend;
pub(crate) use write::{Purpose, Transaction, WriteError, WriteOptions};
