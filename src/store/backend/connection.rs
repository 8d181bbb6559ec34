//! One type of connection for all databases, so that each statement is written once; and its transactions.
//!
//! Statements that differ between databases are in the [dialect](super::dialect).

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::address::Address;
use crate::store::error::OpenError;

/// A connection to one of the databases.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// A file.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// Does `work` in one transaction. On SQLite, the transaction takes the write lock when it begins, because SQLite may refuse the lock to
/// a transaction that has read already.
pub(crate) fn write<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    write_from(connection, "BEGIN", work)
}

/// The same, in a transaction that begins with these statements on PostgreSQL.
pub(super) fn write_from<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    begin: &str,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
        AnyConnection::Postgres(postgres) => {
            AnsiTransactionManager::begin_transaction_sql(postgres, begin)?;
        }
    }
    match attempt(connection, work) {
        Ok(done) => {
            Transactions::commit_transaction(connection)?;
            Ok(done)
        }
        Err(failed) => {
            roll_back(connection);
            Err(failed)
        }
    }
}

/// Does `work`, which only reads, on a snapshot of the database. It may take any time between its statements.
pub(crate) fn snapshot<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction(sqlite)?,
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
            postgres,
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL idle_in_transaction_session_timeout = 0",
        )?,
    }
    let outcome = attempt(connection, work);
    roll_back(connection);
    outcome
}

/// Does `work` in the open transaction. If it panics, the transaction is rolled back first, so that the connection can be used again.
fn attempt<T, E>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match catch_unwind(AssertUnwindSafe(|| work(connection))) {
        Ok(outcome) => outcome,
        Err(panic) => {
            roll_back(connection);
            resume_unwind(panic)
        }
    }
}

/// Ends the transaction. If that fails, the connection [is stuck](is_stuck), and its owner drops it.
fn roll_back(connection: &mut AnyConnection) {
    drop(Transactions::rollback_transaction(connection));
}

/// Whether the connection has a transaction that could not be ended. Such a connection must be dropped.
pub(super) fn is_stuck(connection: &mut AnyConnection) -> bool {
    Transactions::is_broken_transaction_manager(connection)
}

/// A new connection.
pub(super) struct Connected {
    pub connection: AnyConnection,
    /// Whether the server is read-only, because no server accepts writes.
    pub read_only: bool,
}

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct ConnectError {
    /// The database's message, without secrets.
    pub reason: String,
    /// Whether a retry may help, because the database is away and doesn't refuse the connection.
    pub passing: bool,
}

impl ConnectError {
    pub(super) fn passing(error: &impl ToString) -> Self {
        Self {
            reason: error.to_string(),
            passing: true,
        }
    }
}

/// Prepares a database whose schema is up to date. Returns the key that signs cursors. If a time is given, no other process writes, so
/// unfinished uploads are abandoned.
pub(crate) type Begin =
    fn(&mut AnyConnection, &Address, Option<i64>) -> Result<[u8; 32], OpenError>;
