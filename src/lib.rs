//! Flash turns a CSV into a versioned HTTP API in one `POST`, and keeps that API's contract while it evolves.
//!
//! The modules, and what each may import:
//!
//! | module | job | may import |
//! | --- | --- | --- |
//! | [`versioning`] | which version a caller gets | none of the others |
//! | [`dataset`] | what a CSV is: dialects, types, blocks, queries | none of the others |
//! | [`outgoing`] | connections to other servers | none of the others |
//! | [`settings`] | each setting, once | `versioning`, `outgoing` |
//! | [`logging`] | where log lines go | `settings` |
//! | [`store`] | keeps datasets; the only one that knows diesel | `dataset`, `versioning` |
//! | [`services`] | the container that all handlers share | `store`, `dataset`, `versioning`, `settings`, `outgoing` |
//! | [`api`] | HTTP as the versions define it; the only one that knows warp | `services`, `store`, `dataset`, `versioning`, `settings`, `logging` |
//! | [`pages`] | pages for people, which read through the API | `api`, `services`, `store`, `dataset`, `versioning`, `settings` |
//! | [`server`] | sockets: limits, time-outs, request ids, draining | `api`, `services`, `settings`, `logging` |
//! | [`cli`] | a command each | all |
//!
//! [`dataset`] is a package of its own, so that the image can optimise it for speed and the rest for size.
//!
//! A request passes from the socket to the API, the services and the store, and its answer goes back the same way.

pub mod api;
pub mod cli;
pub mod logging;
pub mod outgoing;
pub mod pages;
pub mod server;
pub mod services;
pub mod settings;
pub mod store;
pub mod versioning;

pub use ::dataset;
