//! Opening a SQLite file: its lock, its pragmas, its schema.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::Migrate;
use super::connection::AnyConnection;
use super::error::OpenError;
use super::file_watch::beside;
use super::schema_steps::{self, Steps};

/// The first version without the WAL-reset defect (sqlite.org/wal.html#walresetbug).
pub(super) const OLDEST_SQLITE: &str = "3.51.3";

/// `PRAGMA application_id` of a store of Flash: "FLSH".
const APPLICATION_ID: i64 = 0x464c_5348;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The writer alone checkpoints, every 16 MiB of log: seldom enough that an upload of usual size does not wait for one.
const WRITER_PRAGMAS: &[&str] = &[
    "PRAGMA busy_timeout = 5000",
    // Only a file that is empty takes this: on a full disk it can be made shorter again.
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA wal_autocheckpoint = 4096",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -4096",
];

const READER_PRAGMAS: &[&str] = &[
    "PRAGMA busy_timeout = 5000",
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -1024",
];

/// Holds the store for this process: the lock is given back when this is dropped, or the process dies.
#[derive(Debug)]
pub(super) struct Hold {
    _file: File,
}

/// Takes the lock beside the database, so that there are never two writers.
pub(super) fn hold(path: &Path) -> Result<Hold, OpenError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(OpenError::NoFolder {
            folder: folder.into(),
            path: path.into(),
        });
    }
    let not_writable = |error: std::io::Error| OpenError::NotWritable {
        path: path.into(),
        reason: error.to_string(),
    };
    if path.is_dir() {
        return Err(not_writable(std::io::ErrorKind::IsADirectory.into()));
    }
    let lock = beside(path, ".lock");
    let mut file = private().open(&lock).map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::Held {
                path: path.into(),
                lock,
            });
        }
        Err(TryLockError::Error(error)) => return Err(not_writable(error)),
    }
    // For the operator who wonders who holds it; the lock itself is the kernel's.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(not_writable)?;
    Ok(Hold { _file: file })
}

/// How a file is made that nobody else may read: what is in the store, and the secrets that sign its cursors.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens the one connection that writes, and brings the schema up to date, or checks that it is.
pub(super) fn open_writer(
    path: &Path,
    migrate: Migrate,
) -> Result<(AnyConnection, Steps), OpenError> {
    let not_writable = |reason: String| OpenError::NotWritable {
        path: path.into(),
        reason,
    };
    let not_usable = |reason: String| OpenError::NotADatabase {
        path: path.into(),
        reason,
    };
    // SQLite gives the log and what else it makes beside the database the same rights.
    private()
        .open(path)
        .map_err(|error| not_writable(error.to_string()))?;
    let mut connection =
        SqliteConnection::establish(&url(path)).map_err(|error| not_writable(error.to_string()))?;
    check_version(&mut connection, path)?;
    for pragma in WRITER_PRAGMAS {
        connection
            .batch_execute(pragma)
            .map_err(|error| not_usable(error.to_string()))?;
    }
    claim(&mut connection).map_err(not_usable)?;
    let shown = format!("sqlite:{}", path.display());
    let steps = schema_steps::apply(&mut connection, || MIGRATIONS, &shown, migrate)?;
    Ok((AnyConnection::Sqlite(connection), steps))
}

/// Opens a connection that only reads, beside whoever holds the file.
pub(super) fn open_reader(path: &Path) -> Result<AnyConnection, ConnectionError> {
    let mut connection = SqliteConnection::establish(&uri(path))?;
    READER_PRAGMAS
        .iter()
        .try_for_each(|pragma| connection.batch_execute(pragma))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(AnyConnection::Sqlite(connection))
}

/// Opens an existing store for reading alone: nothing is made, nothing is changed.
pub(super) fn open_existing(path: &Path) -> Result<AnyConnection, OpenError> {
    let not_usable = |reason: String| OpenError::NotADatabase {
        path: path.into(),
        reason,
    };
    if !path.is_file() {
        return Err(OpenError::NoFile { path: path.into() });
    }
    let mut connection = open_reader(path).map_err(|error| not_usable(error.to_string()))?;
    let AnyConnection::Sqlite(sqlite) = &mut connection else {
        return Ok(connection);
    };
    check_version(sqlite, path)?;
    match application_id(sqlite) {
        Ok(APPLICATION_ID) => {}
        Ok(_) => return Err(not_usable("it is none of Flash's".to_owned())),
        Err(reason) => return Err(not_usable(reason)),
    }
    let shown = format!("sqlite:{}", path.display());
    schema_steps::apply(sqlite, || MIGRATIONS, &shown, Migrate::Check)?;
    Ok(connection)
}

/// The path as diesel and SQLite take it: never mistaken for a URI.
fn url(path: &Path) -> String {
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        Path::new(".").join(path)
    };
    path.to_string_lossy().into_owned()
}

/// The path as a URI, of a database that is not made when it is missing.
fn uri(path: &Path) -> String {
    let path =
        percent_encoding::utf8_percent_encode(&url(path), percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    format!("file:{path}?mode=rw")
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn check_version(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let found = diesel::sql_query("SELECT sqlite_version() AS value")
        .get_result::<Answer>(connection)
        .map_err(|error| OpenError::NotADatabase {
            path: path.into(),
            reason: error.to_string(),
        })?
        .value;
    let parse = |text: &str| semver::Version::parse(text).ok();
    match (parse(&found), parse(OLDEST_SQLITE)) {
        (Some(version), Some(oldest)) if version >= oldest => Ok(()),
        _ => Err(OpenError::OldSqlite { found }),
    }
}

/// Marks an empty file as ours, and refuses one that belongs to another program.
fn claim(connection: &mut SqliteConnection) -> Result<(), String> {
    if application_id(connection)? == APPLICATION_ID {
        return Ok(());
    }
    if count(connection, "SELECT count(*) AS value FROM sqlite_schema")? > 0 {
        return Err("it holds the tables of another program".to_owned());
    }
    connection
        .batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))
        .map_err(|e| e.to_string())
}

fn application_id(connection: &mut SqliteConnection) -> Result<i64, String> {
    count(
        connection,
        "SELECT application_id AS value FROM pragma_application_id",
    )
}

fn count(connection: &mut SqliteConnection, sql: &str) -> Result<i64, String> {
    diesel::sql_query(sql)
        .get_result::<Count>(connection)
        .map(|count| count.value)
        .map_err(|error| error.to_string())
}
