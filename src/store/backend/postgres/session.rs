//! Statements about the session, the transaction and the clock.

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

/// Lets the transaction be acknowledged before it is on the disk.
pub(crate) fn do_not_wait_for_the_disk(server: &mut PgConnection) -> QueryResult<()> {
    server.batch_execute("SET LOCAL synchronous_commit = off")
}

/// Lets a transaction stay open while nothing is asked in it.
pub(crate) fn never_hurry(server: &mut PgConnection) -> QueryResult<()> {
    server.batch_execute("SET idle_in_transaction_session_timeout = 0")
}
