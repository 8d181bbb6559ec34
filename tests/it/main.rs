//! Black-box tests: a real server on a real socket over a real database, a module a promise.

mod client;
mod process;
mod server;

mod csv;
mod durability;
mod layout;
mod negotiation;
mod readme;
mod rows;
mod uploads;
mod v1;
mod v2;
