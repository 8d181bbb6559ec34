//! Opens a SQLite file: lock, pragmas and schema.

use std::path::Path;

use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::lock::{Hold, hold, private};
use crate::store::backend::address::Migrate;
use crate::store::backend::connection::AnyConnection;
use crate::store::backend::migrations::{self, Steps};
use crate::store::error::OpenError;

/// The first version without the WAL-reset defect (sqlite.org/wal.html#walresetbug).
const OLDEST_SQLITE: &str = "3.51.3";

/// `PRAGMA application_id` of a store of Flash: "FLSH".
const APPLICATION_ID: i64 = 0x464c_5348;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Only the writer checkpoints, after every 16 MiB of log, so that an upload of usual size doesn't wait for a checkpoint.
const WRITER_PRAGMAS: &[&str] = &[
    "PRAGMA busy_timeout = 5000",
    // This works only in an empty file. With it, the file can shrink on a full disk.
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

/// Opens the one connection that writes, and brings the schema up to date, or checks that it is.
pub(crate) fn open_writer(
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
    // SQLite gives the log and its other files the same rights.
    private()
        .open(path)
        .map_err(|error| not_writable(error.to_string()))?;
    let mut connection =
        SqliteConnection::establish(&url(path)).map_err(|error| not_writable(error.to_string()))?;
    check_version(&mut connection, path)?;
    // Before the pragmas, which would change a file of another program.
    let is_claimed = is_claimed(&mut connection).map_err(not_usable)?;
    for pragma in WRITER_PRAGMAS {
        connection
            .batch_execute(pragma)
            .map_err(|error| not_usable(error.to_string()))?;
    }
    if !is_claimed {
        let claim = format!("PRAGMA application_id = {APPLICATION_ID}");
        connection
            .batch_execute(&claim)
            .map_err(|error| not_usable(error.to_string()))?;
    }
    let shown = format!("sqlite:{}", path.display());
    let steps = migrations::apply(&mut connection, || MIGRATIONS, &shown, migrate)?;
    Ok((AnyConnection::Sqlite(connection), steps))
}

/// Opens a connection that only reads, while another process may have the lock.
pub(crate) fn open_reader(path: &Path) -> Result<AnyConnection, ConnectionError> {
    let mut connection = SqliteConnection::establish(&uri(path))?;
    READER_PRAGMAS
        .iter()
        .try_for_each(|pragma| connection.batch_execute(pragma))
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(AnyConnection::Sqlite(connection))
}

/// Opens an existing store, while a server may use it. Creates nothing, and changes nothing unless `may_write`.
pub(crate) fn open_existing(path: &Path, may_write: bool) -> Result<AnyConnection, OpenError> {
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
    migrations::apply(sqlite, || MIGRATIONS, &shown, Migrate::Check)?;
    if may_write {
        sqlite
            .batch_execute("PRAGMA query_only = OFF")
            .map_err(|error| OpenError::NotWritable {
                path: path.into(),
                reason: error.to_string(),
            })?;
    }
    Ok(connection)
}

/// Opens a file and locks it against other processes. Creates it if it is missing, and removes it again if `begin` fails.
pub(crate) fn open_held<T>(
    path: &Path,
    migrate: Migrate,
    begin: impl FnOnce(&mut AnyConnection, Steps) -> Result<T, OpenError>,
) -> Result<(AnyConnection, T, Hold), OpenError> {
    let mut hold = hold(path)?;
    let (mut connection, steps) = open_writer(path, migrate)?;
    let begun = begin(&mut connection, steps)?;
    hold.keep();
    Ok((connection, begun, hold))
}

/// Writes a consistent copy of the database to `target`, which is an empty file or doesn't exist.
pub(crate) fn write_copy(connection: &mut SqliteConnection, target: &Path) -> QueryResult<()> {
    // The statement writes only to the target, but SQLite refuses it on a read-only connection.
    connection.batch_execute("PRAGMA query_only = OFF")?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(target.to_string_lossy())
        .execute(connection)
        .map(drop)
}

/// The path for diesel and SQLite, so that they don't take it for a URI.
fn url(path: &Path) -> String {
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        Path::new(".").join(path)
    };
    path.to_string_lossy().into_owned()
}

/// The path as a URI, with which SQLite doesn't create a missing database.
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
        _ => Err(OpenError::OldSqlite {
            found,
            needed: OLDEST_SQLITE,
        }),
    }
}

/// Whether the file is marked as Flash's already. Refuses one of another program.
fn is_claimed(connection: &mut SqliteConnection) -> Result<bool, String> {
    if application_id(connection)? == APPLICATION_ID {
        return Ok(true);
    }
    if count(connection, "SELECT count(*) AS value FROM sqlite_schema")? > 0 {
        return Err("it holds the tables of another program".to_owned());
    }
    Ok(false)
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
