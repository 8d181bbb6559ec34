//! The statements that the databases say differently, each with an arm per database. Everybody else writes a statement once.
//!
//! A statement that depends on its table is a macro, because diesel types it by table and database; the others are functions.

use std::path::Path;
use std::time::Duration;

use diesel::QueryResult;

use super::connection::AnyConnection;
use super::{postgres, sqlite};
use crate::store::error::StoreError;
use crate::store::units::micros;

/// Reads the first row that a query finds, and keeps others from changing it until the transaction ends.
macro_rules! first_locked {
    ($connection:expr, $query:expr) => {
        match $connection {
            // The one transaction that writes has locked everything.
            $crate::store::backend::connection::AnyConnection::Sqlite(sqlite) => {
                $query.first(sqlite)
            }
            $crate::store::backend::connection::AnyConnection::Postgres(postgres) => {
                $query.for_update().first(postgres)
            }
        }
    };
}

/// Inserts a row unless one with its key is there; gives how many rows were inserted.
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

/// Inserts a row, or changes the one that has its key.
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

/// Inserts the rows that an iterator gives. A server is sent several in one statement; a single row's statement is one that
/// diesel prepares once.
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

pub(crate) use {first_locked, insert_all, insert_or_change, insert_unless_there};

/// The time for ages, in the unit of the tables. A server's own clock tells it, as of this statement, so that the clocks of two
/// hosts are never compared. A file is this process's alone, and so is its clock, which reads `here`.
pub(super) fn now(connection: &mut AnyConnection, here: i64) -> QueryResult<i64> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(here),
        AnyConnection::Postgres(server) => postgres::session::clock(server),
    }
}

/// The moment before which whatever was last renewed has no process any more, if it has been silent for `silence` at `now`.
/// `None`: silence says nothing, because only this process uses the database and it knows itself what it is in the middle of.
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

/// Claims collection for this transaction; `false`: another process has it.
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

/// Lets a transaction stay open as long as its work elsewhere takes.
pub(crate) fn never_hurry(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(server) => postgres::session::never_hurry(server),
    }
}

/// Writes one state of the database into a file. A server has its own programs for that, so it writes nothing here.
pub(crate) fn write_copy(connection: &mut AnyConnection, target: &Path) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::opening::write_copy(sqlite, target),
        AnyConnection::Postgres(_) => Ok(()),
    }
}

/// What an error of a statement means in the store's terms; and whether the connection is to be used no more.
pub(super) fn explain(connection: &AnyConnection, error: StoreError) -> (StoreError, bool) {
    match connection {
        AnyConnection::Sqlite(_) => (error, false),
        AnyConnection::Postgres(_) => postgres::sqlstate::explain(error),
    }
}
