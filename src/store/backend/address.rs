//! The address of a store, which decides the database.

use std::fmt;
use std::path::{Path, PathBuf};

use super::postgres::address::PostgresAddress;
use crate::store::error::OpenError;

/// The address of a store.
#[derive(Debug, Clone)]
pub enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or several of which one accepts writes.
    Postgres(PostgresAddress),
}

impl Address {
    /// The store in a file.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self::Sqlite(path.into())
    }

    /// The error if the database answers but Flash can't use it.
    pub(crate) fn unusable(&self, reason: impl fmt::Display) -> OpenError {
        let reason = reason.to_string();
        match self {
            Self::Sqlite(path) => OpenError::NotADatabase {
                path: path.clone(),
                reason,
            },
            Self::Postgres(server) => OpenError::Refused {
                database: server.shown.clone(),
                reason,
            },
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(server) => f.write_str(&server.shown),
        }
    }
}

/// What to do if the schema lacks migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// Run them.
    Run,
    /// Refuse the store.
    Check,
}
