//! Clients: their keys, the version each is pinned to, versions that one is served for longer, and what they use.
//!
//! [`AdminStore`](admin::AdminStore) is the operator's way to them. Everything else is asked of the store's handle.

pub(crate) mod admin;
pub(crate) mod client;
pub(crate) mod extensions;
pub(crate) mod keys;
pub(crate) mod pins;
pub(crate) mod usage;
