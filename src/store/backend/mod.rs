//! What the store asks of a database, and the one folder per database that does it.
//!
//! [`Backend`] is the interface: read, write, write later, remembered heads, getting ready, and how maintenance is paced. A write
//! is a closure over a [`Transaction`](write::Transaction). Statements that the databases say differently are in the [`dialect`].
//! Nothing outside this folder asks which database it is. `docs/adding-a-database.md` says what another one must supply.
//!
//! Only the rest of the store may use this folder. It knows the store's types, and none of its operations.

pub(in crate::store) mod address;
pub(in crate::store) mod connection;
pub(in crate::store) mod dialect;
pub(in crate::store) mod engine;
pub(in crate::store) mod migrations;
pub(in crate::store) mod opening;
mod pool;
pub(in crate::store) mod postgres;
pub(in crate::store) mod sqlite;
pub(in crate::store) mod write;
