//! Clients that can't send every header reach each version: by the URL, from pages of other origins, with the types and keys that
//! they can send.

mod bodies;
mod cors;
mod files;
mod in_url;
mod keys;
