//! Advisory locks, for work that only one process may do at a time.

use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Held by the process that changes the schema: "flash" and a number of the task.
const SCHEMA: i64 = 0x666c_6173_6801;
/// Held by the process that collects.
const COLLECTION: i64 = 0x666c_6173_6802;
/// Held by the process that copies a store into this one.
pub(super) const COPY: i64 = 0x666c_6173_6803;

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// Takes a lock for the rest of the session, if it is free. Closing the connection releases it.
pub(super) fn try_lock(connection: &mut PgConnection, lock: i64) -> QueryResult<bool> {
    take(connection, "pg_try_advisory_lock", lock)
}

/// Claims the schema for this transaction. `false`: another server is changing it.
pub(super) fn may_change_schema(connection: &mut PgConnection) -> QueryResult<bool> {
    take(connection, "pg_try_advisory_xact_lock", SCHEMA)
}

/// Claims collection for this transaction. `false`: another server is collecting.
pub(crate) fn may_collect(connection: &mut PgConnection) -> QueryResult<bool> {
    take(connection, "pg_try_advisory_xact_lock", COLLECTION)
}

fn take(connection: &mut PgConnection, function: &str, lock: i64) -> QueryResult<bool> {
    diesel::sql_query(format!("SELECT {function}({lock}) AS taken"))
        .get_result::<Taken>(connection)
        .map(|answer| answer.taken)
}
