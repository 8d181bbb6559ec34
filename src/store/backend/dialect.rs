//! The statements that differ between databases, each with an arm for every database.
//!
//! A statement that depends on its table is a macro, because its diesel type depends on table and database. The others are functions.

use std::path::Path;
use std::time::Duration;

use diesel::QueryResult;

use super::connection::AnyConnection;
pub(crate) use super::postgres::create::NewDataset;
use super::{postgres, sqlite};
use crate::store::error::StoreError;
use crate::store::units::micros;

/// Reads the first row of a query, and locks it until the transaction ends.
macro_rules! first_locked {
    ($connection:expr, $query:expr) => {
        match $connection {
            // A transaction that writes has locked the whole database.
            $crate::store::backend::connection::AnyConnection::Sqlite(sqlite) => {
                $query.first(sqlite)
            }
            $crate::store::backend::connection::AnyConnection::Postgres(postgres) => {
                $query.for_update().first(postgres)
            }
        }
    };
}

/// Inserts a row unless there is one with its key. Returns how many rows were inserted.
macro_rules! insert_unless_there {
    ($connection:expr, $table:expr, $values:expr) => {
        match $connection {
            $crate::store::backend::connection::AnyConnection::Sqlite(sqlite) => {
                diesel::insert_into($table)
                    .values($values)
                    .on_conflict_do_nothing()
                    .execute(sqlite)
            }
            $crate::store::backend::connection::AnyConnection::Postgres(postgres) => {
                diesel::insert_into($table)
                    .values($values)
                    .on_conflict_do_nothing()
                    .execute(postgres)
            }
        }
    };
}

/// Inserts a row, or updates the one with its key.
macro_rules! insert_or_change {
    ($connection:expr, $table:expr, $values:expr, $key:expr, $change:expr) => {
        match $connection {
            $crate::store::backend::connection::AnyConnection::Sqlite(sqlite) => {
                diesel::insert_into($table)
                    .values($values)
                    .on_conflict($key)
                    .do_update()
                    .set($change)
                    .execute(sqlite)
            }
            $crate::store::backend::connection::AnyConnection::Postgres(postgres) => {
                diesel::insert_into($table)
                    .values($values)
                    .on_conflict($key)
                    .do_update()
                    .set($change)
                    .execute(postgres)
            }
        }
    };
}

/// Inserts rows: in one statement on PostgreSQL, and one by one on SQLite, where diesel prepares the statement once.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {{
        let rows = $rows;
        match $connection {
            $crate::store::backend::connection::AnyConnection::Postgres(postgres)
                if rows.len() > 1 =>
            {
                diesel::insert_into($table)
                    .values(rows.collect::<Vec<_>>())
                    .execute(postgres)
                    .map(drop)
            }
            connection => rows
                .map(|row| {
                    let inserted = diesel::insert_into($table).values(row).execute(connection);
                    inserted.map(drop)
                })
                .collect::<diesel::QueryResult<()>>(),
        }
    }};
}

/// Reads the rows of a query with a list of values in its condition. PostgreSQL gets the list as one value, so the statement is prepared
/// once for lists of any length.
macro_rules! load_listed {
    ($connection:expr, $query:expr) => {
        match $connection {
            $crate::store::backend::connection::AnyConnection::Sqlite(sqlite) => {
                $query.load(sqlite)
            }
            $crate::store::backend::connection::AnyConnection::Postgres(postgres) => {
                $query.load(postgres)
            }
        }
    };
}

pub(crate) use {first_locked, insert_all, insert_or_change, insert_unless_there, load_listed};

/// Creates a small dataset by one statement, unless its name is taken or was another dataset's before, or its client's key isn't valid any
/// more. Returns whether it did; on SQLite it never does.
pub(crate) fn create(connection: &mut AnyConnection, new: &NewDataset<'_>) -> QueryResult<bool> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(false),
        AnyConnection::Postgres(server) => postgres::create::create(server, new),
    }
}

/// The time by the database's clock, for ages. It is PostgreSQL's clock, because those of hosts differ. On SQLite it is this process's
/// clock, `here`.
pub(super) fn now(connection: &mut AnyConnection, here: i64) -> QueryResult<i64> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(here),
        AnyConnection::Postgres(server) => postgres::session::clock(server),
    }
}

/// Whatever had its last heartbeat before this time has no process any more. `None`: there are no heartbeats, because only this process
/// uses the database.
pub(super) fn given_up_before(
    connection: &AnyConnection,
    silence: Duration,
    now: i64,
) -> Option<i64> {
    match connection {
        AnyConnection::Sqlite(_) => None,
        AnyConnection::Postgres(_) => Some(now - micros(silence)),
    }
}

/// Claims collection for this transaction. `false`: another server is collecting.
pub(super) fn may_collect(connection: &mut AnyConnection) -> QueryResult<bool> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(server) => postgres::locks::may_collect(server),
    }
}

/// Lets this transaction be acknowledged before it is on the disk. A later one that waits for the disk waits for this one too.
pub(crate) fn do_not_wait_for_the_disk(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(server) => postgres::session::do_not_wait_for_the_disk(server),
    }
}

/// Waits until no other process can do what it may have decided before now: for `fresh`, in which it may believe what it has read, and
/// then until every transaction that began by then has ended, at most `patience`. `false`: one has not. On SQLite, transactions that
/// write come one after the other, so there is nothing to wait for. Blocks the thread.
pub(crate) fn outlast_others(
    connection: &mut AnyConnection,
    fresh: Duration,
    patience: Duration,
) -> QueryResult<bool> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(true),
        AnyConnection::Postgres(server) => {
            std::thread::sleep(fresh);
            postgres::transactions::outlast_others(server, patience)
        }
    }
}

/// Lets transactions stay open without time limit.
pub(crate) fn never_hurry(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(server) => postgres::session::never_hurry(server),
    }
}

/// Writes a consistent copy of a SQLite database to a file. PostgreSQL has programs of its own for that.
pub(crate) fn write_copy(connection: &mut AnyConnection, target: &Path) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::opening::write_copy(sqlite, target),
        AnyConnection::Postgres(_) => Ok(()),
    }
}

/// Whether a write failed only because it collided with another one.
pub(super) fn may_repeat(error: &StoreError) -> bool {
    postgres::sqlstate::may_repeat(error)
}

/// The store's error for an error of a statement, and whether the connection must be dropped.
pub(super) fn explain(connection: &AnyConnection, error: StoreError) -> (StoreError, bool) {
    match connection {
        AnyConnection::Sqlite(_) => (error, false),
        AnyConnection::Postgres(_) => postgres::sqlstate::explain(error),
    }
}
