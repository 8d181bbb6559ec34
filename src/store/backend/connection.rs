//! One type of connection for all databases, so that every statement is written once; and transactions on it.
//!
//! The address alone decides which database it is. What differs between them is in the [dialect](super::dialect).

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

/// Does `work` in one transaction: all of it or nothing. On SQLite the transaction takes the write lock when it begins: SQLite
/// may refuse the lock to one that has read already, however long it waits.
pub(crate) fn write<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match connection {
        AnyConnection::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
        }
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction(postgres)?,
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

/// Does `work`, which only reads, on one state of the database, whatever others write meanwhile.
pub(crate) fn snapshot<T, E: From<diesel::result::Error>>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match connection {
        AnyConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction(sqlite)?,
        AnyConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
            postgres,
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )?,
    }
    let outcome = attempt(connection, work);
    roll_back(connection);
    outcome
}

/// Does `work` in the transaction that is open. A panic goes on to the caller once the transaction is rolled back, so that
/// the connection can be used again.
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

/// Whether a transaction is open on the connection, or could not be ended: then nobody may use it again.
pub(super) fn is_stuck(connection: &mut AnyConnection) -> bool {
    Transactions::is_broken_transaction_manager(connection)
}

/// A connection that was just made.
pub(super) struct Connected {
    pub connection: AnyConnection,
    /// Whether the server takes no writes, because no server that does could be found.
    pub read_only: bool,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct ConnectError {
    /// What the database said, without secrets.
    pub reason: String,
    /// Whether trying again later may help: the database is away, not unwilling.
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

/// What a store does first on a database whose schema is right; gives the key under which cursors are signed. A time says that
/// nobody else writes, so that whatever was being written is given up then.
pub(crate) type Begin =
    fn(&mut AnyConnection, &Address, Option<i64>) -> Result<[u8; 32], OpenError>;
