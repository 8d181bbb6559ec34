//! Statements about the session, the transaction and the clock.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz};

diesel::define_sql_function! {
    /// The server's clock, as of this statement and not of the transaction's beginning.
    fn clock_timestamp() -> Timestamptz;
}
diesel::define_sql_function! {
    /// One field of a time, as a number.
    fn date_part(field: Text, of: Timestamptz) -> Double;
}

/// The server's clock in microseconds since 1970.
pub(crate) fn clock(server: &mut PgConnection) -> QueryResult<i64> {
    let micros = (date_part("epoch", clock_timestamp()) * 1e6).cast::<BigInt>();
    diesel::select(micros).get_result(server)
}

/// What sets up a session, or the transaction alone: time-outs, and that a commit is on the disk when it is acknowledged. A stricter
/// default of the server, for synchronous standbys, stays.
fn settings(patience: Duration, of_transaction: bool) -> String {
    let (local, millis) = (
        if of_transaction { "LOCAL " } else { "" },
        patience.as_millis().max(1),
    );
    format!(
        "SET {local}client_min_messages = warning; SET {local}statement_timeout = {millis}; \
         SET {local}idle_in_transaction_session_timeout = '60s'; \
         SELECT set_config('synchronous_commit', 'on', {of_transaction}) WHERE current_setting('synchronous_commit') = 'off'"
    )
}

/// Sets up the session.
pub(crate) fn set_up(server: &mut PgConnection, patience: Duration) -> QueryResult<()> {
    server.batch_execute(&settings(patience, false))
}

/// Begins a transaction and sets it up, because its session may be another one than that of the transaction before.
pub(crate) fn begin_with_settings(patience: Duration) -> String {
    format!("BEGIN; {}", settings(patience, true))
}

/// Lets the transaction be acknowledged before it is on the disk.
pub(crate) fn do_not_wait_for_the_disk(server: &mut PgConnection) -> QueryResult<()> {
    server.batch_execute("SET LOCAL synchronous_commit = off")
}

/// Lets a transaction stay open while nothing is asked in it.
pub(crate) fn never_hurry(server: &mut PgConnection) -> QueryResult<()> {
    server.batch_execute("SET idle_in_transaction_session_timeout = 0")
}
