//! One connection for both databases, so that every statement is written once.
//!
//! Which of the two it is, is decided by the address alone. The few statements that only one of them knows match on
//! the variant.

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
    match work(connection) {
        Ok(done) => {
            Transactions::commit_transaction(connection)?;
            Ok(done)
        }
        Err(failed) => {
            // What failed is told, also when the connection is too broken to roll back: then it is dropped.
            drop(Transactions::rollback_transaction(connection));
            Err(failed)
        }
    }
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
    let outcome = work(connection);
    drop(Transactions::rollback_transaction(connection));
    outcome
}
