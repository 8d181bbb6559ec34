//! The HTTP server below the routes: accepting, time-outs, limits, draining, and the checks of every request.
//!
//! [`serve`] runs a tower service, such as `warp::service(filter)`, on hyper-util's connections (HTTP/1.1 and h2c). It adds what
//! warp and hyper lack:
//!
//! - A client that sends its head too slowly, stays silent, stalls within a body or doesn't read its response is cut off. Each
//!   connection has one timer, set by `activity`. hyper's own timer for heads also runs while a connection is idle, so it can't
//!   tell the two apart, and it allocates for each request.
//! - A request that breaks a rule of HTTP, or that a foreign web page sends, is refused (`screen`, `trust`). Pages of other
//!   origins may read what `cors` lets them. The answer to an
//!   unreadable request says what is wrong (`unreadable`).
//! - A panic becomes a 500. A request that would make warp panic is answered without warp (`exchange`).
//! - Every request has an id and one log line (`request_id`, `access`), with the address of the client behind proxies if that is wanted
//!   (`peer_address`).
//! - Draining is bounded in time: connections without a request in flight end at once (`accept`).

mod accept;
mod access;
mod activity;
mod body;
mod connection;
mod cors;
mod drain;
mod exchange;
mod limits;
mod listen;
mod open_files;
mod pace;
mod peer_address;
mod refusal;
mod request_id;
mod screen;
mod service;
mod signals;
mod socket;
mod trust;
mod unreadable;

pub use accept::{Summary, serve};
pub use body::RequestBody;
pub use cors::Cors;
pub use drain::{Drain, Stage};
pub use limits::Limits;
pub use listen::{BindError, Listener, bind};
pub use open_files::{NoFilesLeft, OpenFiles};
pub use peer_address::TrustedProxies;
pub use service::HttpService;
pub use signals::Signals;
pub use trust::Trust;
