//! Clients: their keys, the version each is pinned to, versions that one is served for longer, and what they use.
//!
//! [`Desk`](admin::Desk) is the operator's way to them. Everything else is asked of the store's handle.

pub(in crate::store) mod admin;
pub(in crate::store) mod client;
pub(in crate::store) mod extensions;
pub(in crate::store) mod keys;
pub(in crate::store) mod pins;
pub(in crate::store) mod usage;
