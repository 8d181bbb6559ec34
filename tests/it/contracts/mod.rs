//! Frozen contracts: what a stable version promised, it keeps.
//!
//! `tests/contracts/vN` has the OpenAPI document of each version and exchanges that were recorded of it. The suite compares
//! the document with the one that is served ([`document`], [`messages`], [`schema`]), replays the exchanges ([`replay`]),
//! and says in sentences which client a change breaks. What may differ and what may not is decided in [`freeze`], for the
//! suite and for the command that renews ([`renewal`]) alike: renewing never lets a stable version pass that did not.

mod changes;
mod document;
mod exchange;
mod folder;
mod freeze;
mod matching;
mod messages;
mod objects;
mod recording;
mod renewal;
mod replay;
mod resolve;
mod schema;
mod served;

mod coverage;
mod frozen;
mod proofs;
