//! Where a store is, and so which database holds it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::postgres::address::PostgresAddress;
use crate::store::error::OpenError;

/// Where a store is, and so which database holds it.
#[derive(Debug, Clone)]
pub enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or several of which one takes writes.
    Postgres(PostgresAddress),
}

impl Address {
    /// The store in a file.
    pub(crate) fn of_file(path: &Path) -> Self {
        Self::Sqlite(path.into())
    }

    /// The error that says that the database answers and Flash can't use it.
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

/// What is done about a schema that lacks steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrate {
    /// The steps are taken.
    Run,
    /// The store is refused.
    Check,
}
