//! Classifies errors of SQLite.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// The text of SQLITE_FULL in sqlite3_errstr, which is the same in every language.
const FULL: &str = "database or disk is full";

/// Whether the disk is full. diesel has no error kind for that.
pub(crate) fn is_full(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message() == FULL,
        DieselError::RollbackErrorOnCommit { commit_error, .. } => is_full(commit_error),
        _ => false,
    }
}
