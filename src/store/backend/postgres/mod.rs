//! A PostgreSQL server that any number of processes share. Each write is a transaction of its own on a connection of the pool. Nothing
//! is cached that another process may change.
//!
//! A server may be away, be a standby, or report errors in any language. So errors are told apart by SQLSTATE.

pub(crate) mod address;
pub(super) mod connecting;
pub(super) mod create;
pub(super) mod grouped;
pub(super) mod locks;
mod migrating;
pub(super) mod server;
pub(super) mod session;
pub(super) mod sqlstate;
pub(super) mod transactions;
