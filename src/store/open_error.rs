//! Why a store could not be opened.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// Why a store could not be opened. Each message is one line that says what to do, and names the flag `--database`.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder of the file is missing.
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The database's path.
        path: PathBuf,
    },
    /// The file can't be opened for reading and writing.
    NotWritable {
        /// The database's path.
        path: PathBuf,
        /// The system's error.
        reason: String,
    },
    /// Another process has the store open.
    Held {
        /// The database's path.
        path: PathBuf,
        /// The lock's path.
        lock: PathBuf,
    },
    /// The file is not a database, or not one of Flash.
    NotADatabase {
        /// The database's path.
        path: PathBuf,
        /// SQLite's error.
        reason: String,
    },
    /// The linked SQLite has a known defect.
    OldSqlite {
        /// Its version.
        found: String,
        /// The first version without the defect.
        needed: &'static str,
    },
    /// The file is missing.
    NoFile {
        /// The database's path.
        path: PathBuf,
    },
    /// The server can't be reached.
    Away {
        /// Where it is.
        database: String,
        /// libpq's error.
        reason: String,
    },
    /// The server refuses the connection.
    Refused {
        /// Where it is.
        database: String,
        /// libpq's error.
        reason: String,
    },
    /// Bringing the schema up to date failed.
    Migration {
        /// Where it is.
        database: String,
        /// What failed.
        reason: String,
    },
    /// The schema lacks migrations, and the settings don't allow to run them.
    Behind {
        /// Where it is.
        database: String,
        /// The steps.
        missing: String,
    },
    /// A copy into the store was interrupted.
    CopyUnfinished {
        /// Where it is.
        database: String,
    },
    /// A worker thread ended.
    Worker,
    /// A worker thread could not be started.
    Thread(std::io::Error),
}

/// The error of a store that another flag than `--database` chose.
#[derive(Debug)]
pub struct OpenErrorOf {
    flag: &'static str,
    error: OpenError,
}

impl OpenError {
    /// The error of a store that `flag` chose.
    pub(super) fn of(self, flag: &'static str) -> OpenErrorOf {
        OpenErrorOf { flag, error: self }
    }

    /// Writes the message for a store that `flag` chose.
    fn tell(&self, f: &mut fmt::Formatter<'_>, flag: &str) -> fmt::Result {
        let another = format_args!("write another path in {flag} sqlite:PATH");
        match self {
            Self::NoFolder { folder, path } => write!(
                f,
                "the folder {} of the database {} does not exist: make it, or {another}",
                folder.display(),
                path.display()
            ),
            Self::NotWritable { path, reason } => write!(
                f,
                "can't open the database {}: {reason}; give this user the right to write there, or {another}",
                path.display()
            ),
            Self::Held { path, lock } => write!(
                f,
                "the database {} is held by another flash process (the lock is {}): stop that one first, or {another}",
                path.display(),
                lock.display()
            ),
            Self::NotADatabase { path, reason } => write!(
                f,
                "{} is not a database that Flash can use: {reason}; {another}",
                path.display()
            ),
            Self::OldSqlite { found, needed } => write!(
                f,
                "the linked SQLite is {found}, which can lose commits in WAL mode (sqlite.org/wal.html#walresetbug): build with \
                 {needed} or later"
            ),
            Self::NoFile { path } => {
                write!(f, "there is no database {}: {another}", path.display())
            }
            Self::Away { database, reason } => {
                write!(f, "the database {database} does not answer: {reason}")
            }
            Self::Refused { database, reason } => write!(
                f,
                "the database {database} can't be used: {reason}; check the address in {flag}, or in the file of {flag}-file"
            ),
            Self::Migration { database, reason } => {
                write!(f, "the migrations of {database} failed: {reason}")
            }
            Self::Behind { database, missing } => write!(
                f,
                "the schema of {database} lacks steps that this release needs ({missing}): run `flash migrate` with that --database \
                 first, or leave out --migrate off"
            ),
            Self::CopyUnfinished { database } => write!(
                f,
                "a copy into {database} is not finished: run the same `flash copy` again, which continues where it stopped"
            ),
            Self::Worker => f.write_str("a worker of the store ended before it answered"),
            Self::Thread(_) => f.write_str("can't start a thread for the store"),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tell(f, "--database")
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Thread(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for OpenErrorOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.tell(f, self.flag)
    }
}

impl Error for OpenErrorOf {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}
