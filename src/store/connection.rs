//! One connection for both databases, so that every statement is written once.
//!
//! Which of the two it is, is decided by the address alone. The few statements that only one of them knows match on
//! the variant.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

/// A connection to one of the databases.
#[derive(diesel::MultiConnection)]
pub(super) enum AnyConnection {
    /// A file.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

type Transactions = <AnyConnection as Connection>::TransactionManager;

/// Does `work` in one transaction: all of it or nothing. On SQLite the transaction takes the write lock at its start,
/// since one that takes it later may be refused though it waits.
pub(super) fn write<T, E: From<diesel::result::Error>>(
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

/// Ends the transaction. Where that fails, the connection [is stuck](is_stuck), and whoever has it drops it.
fn roll_back(connection: &mut AnyConnection) {
    drop(Transactions::rollback_transaction(connection));
}

/// Whether a transaction is open on the connection, or could not be ended: then nobody may use it again.
pub(super) fn is_stuck(connection: &mut AnyConnection) -> bool {
    Transactions::is_broken_transaction_manager(connection)
}

/// Does `work`, which only reads, on one state of the database, whatever others write meanwhile.
pub(super) fn snapshot<T, E: From<diesel::result::Error>>(
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
