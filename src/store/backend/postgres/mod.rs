//! A PostgreSQL server that any number of processes share. Each write is a transaction of its own on a connection of the pool,
//! and nothing is remembered of what others may change.
//!
//! A server may be away, follow another one, or speak any language. What its errors mean is told by their SQLSTATE.

pub(crate) mod address;
pub(super) mod connecting;
pub(super) mod locks;
mod migrating;
pub(super) mod server;
pub(super) mod session;
pub(super) mod sqlstate;
