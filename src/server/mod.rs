//! Sockets: accepting, time-outs, limits, draining, and what every request goes through before a module that knows HTTP
//! routes sees it.
//!
//! [`serve`] runs a tower service (`warp::service(filter)` is one) on hyper-util's connections, HTTP/1.1 and h2c. It
//! does what neither warp nor hyper does by itself:
//!
//! - A client that trickles its request head, stays silent, stalls within a body or does not take its response is cut
//!   off. One timer a connection does it, driven by what `activity` has noted; hyper's own head timer also runs
//!   while a connection is idle and so cannot tell the two apart, and allocates for each request.
//! - A request that breaks a rule of HTTP, or that a foreign web page sends, is refused (`refusal`, `trust`); one that
//!   hyper can't read is told what is wrong with it (`unreadable`).
//! - A panic becomes a 500, and what would make warp panic is answered before warp sees it (`exchange`).
//! - Every request has an id and one log line (`request_id`, `access`).
//! - Draining ends: connections without a request in flight never hold it (`accept`).

mod accept;
mod access;
mod activity;
mod body;
mod connection;
mod drain;
mod exchange;
mod limits;
mod listen;
mod open_files;
mod pace;
mod refusal;
mod request_id;
mod service;
mod signals;
mod socket;
mod trust;
mod unreadable;

pub use accept::{Summary, serve};
pub use body::RequestBody;
pub use drain::{Drain, Stage};
pub use limits::Limits;
pub use listen::{BindError, bind};
pub use open_files::{NoFilesLeft, OpenFiles};
pub use service::HttpService;
pub use signals::Signals;
pub use trust::Trust;
