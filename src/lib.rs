//! Flash turns a CSV into a versioned HTTP API in one `POST`, and keeps that API's contract while it evolves.
//!
//! The rooms of the house, and who may import whom:
//!
//! | room | its job | imports |
//! | --- | --- | --- |
//! | [`versioning`] | which version a caller gets | none of the others |
//! | [`dataset`] | what a CSV is: dialects, types, chunks | none of the others |
//! | [`settings`] | every setting once | `versioning` |
//! | [`logging`] | where log lines go | `settings` |
//! | [`store`] | where datasets rest; alone knows diesel | `dataset`, `versioning` |
//! | [`services`] | the container that handlers share, and uploads on their way into the store | `store`, `dataset`, `versioning`, `settings` |
//! | [`api`] | what the wire says; alone knows warp | `services`, `store`, `dataset`, `versioning`, `settings` |
//! | [`server`] | sockets: accept, time-outs, limits, draining | `api`, `settings`, `logging` |
//! | [`cli`] | a command each | all |
//!
//! Data flows one way: socket → api → services → store, and back.

pub mod api;
pub mod cli;
pub mod dataset;
pub mod logging;
pub mod server;
pub mod services;
pub mod settings;
pub mod store;
pub mod versioning;
