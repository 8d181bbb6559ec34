//! Black-box tests: a real server on a real socket over a real database, a module a promise.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "what a test did not expect is to end it; and a test binary has no outside"
)]

mod client;
mod database;
mod ledger;
mod process;
mod sample;
mod server;

mod adding_a_version;
mod announced;
mod answers;
mod appends;
mod budget;
mod changes;
mod cli;
mod client_details;
mod clients;
mod columns;
mod contracts;
mod crashes;
mod csv;
mod day;
mod described;
mod descriptions;
mod discovery;
mod disk;
mod durability;
mod edge;
mod faults;
mod idempotency;
mod key_expiry;
mod layout;
mod lifecycle;
mod manifests;
mod memory;
mod metrics;
mod monitoring;
mod negotiation;
mod notices;
mod pages;
mod pairs;
mod parquet;
mod queries;
mod rate_limit;
mod reach;
mod readme;
mod release;
mod revisions;
mod revoked;
mod rows;
mod schema;
mod summary;
mod upgrade;
mod uploads;
mod v1;
mod v2;
mod writes;
