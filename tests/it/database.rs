//! Where a test's server keeps its datasets: a SQLite file in its own folder, unless `tests/postgres` runs the suite. Then each
//! server has a fresh database of a PostgreSQL, copied from a template that has the schema already.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, thread};

use clap::{Args, Command, FromArgMatches};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use flash::services::Clock;
use flash::settings::{Database, DatabaseSettings};
use jiff::SignedDuration;
use tempfile::TempDir;
use uuid::Uuid;

/// How long is waited for what should come at once, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);
/// The environment variable with the address of the PostgreSQL server: that of a database, and of a role that may make others.
pub const URL: &str = "FLASH_TEST_POSTGRES_URL";
/// The one with the name of the template. Only `tests/postgres` sets it, so that whoever sets the address alone still has both
/// databases tested.
pub const TEMPLATE: &str = "FLASH_TEST_POSTGRES_TEMPLATE";

/// The one with the port of a pooler in transaction mode. If it is set, servers reach the database through it.
pub const POOLER: &str = "FLASH_TEST_POSTGRES_POOLER";

/// The place of one server's datasets; clones are of the same.
#[derive(Clone)]
pub struct Place {
    pub folder: Arc<TempDir>,
    fresh: Option<Arc<Fresh>>,
}

/// A PostgreSQL database of its own. It is removed when it is dropped.
struct Fresh {
    server: String,
    name: String,
    /// Its address without a pooler.
    url: String,
    /// The address that servers are given.
    served: String,
}

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            fresh: Fresh::if_on_postgres(),
            ..Self::in_folder()
        }
    }

    /// One in a folder, where nothing is made before somebody says what.
    pub fn in_folder() -> Self {
        Self {
            folder: Arc::new(TempDir::new().unwrap()),
            fresh: None,
        }
    }

    /// Whether several servers may be at one place at the same time.
    pub fn is_shared() -> bool {
        env::var(TEMPLATE).is_ok()
    }

    /// The SQLite file, where there is one.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("flash.db")
    }

    /// What a server in that folder has to be told to find it, beyond what it does by itself.
    pub fn arguments(&self) -> Vec<&str> {
        match &self.fresh {
            Some(fresh) => vec!["--database", &fresh.served],
            None => Vec::new(),
        }
    }

    /// The setting that names it.
    pub fn setting(&self) -> Database {
        let Some(fresh) = &self.fresh else {
            return Database::Sqlite(self.file());
        };
        let command = DatabaseSettings::augment_args(Command::new("flash"))
            .mut_args(|argument| argument.env(None));
        let matches = command.get_matches_from(["flash", "--database", &fresh.served]);
        let settings = DatabaseSettings::from_arg_matches(&matches).unwrap();
        settings.resolve().unwrap()
    }

    /// Waits for a server to bring the number of stored blocks where it should be, whether anybody can read them or not.
    #[track_caller]
    pub fn wait_for_blocks(&self, mut done: impl FnMut(i64) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        // The file may be busy, or lack the table for a moment.
        while !self
            .count("SELECT count(*) AS found FROM chunks")
            .is_ok_and(&mut done)
        {
            assert!(Instant::now() < deadline, "the blocks stay as they are");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many segments are noted as being written.
    pub fn uploads(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM uploads").unwrap()
    }

    /// How many blocks are stored, whether anybody can read them or not.
    pub fn blocks(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM chunks").unwrap()
    }

    /// How many descriptions are stored, whether their datasets are there or not.
    pub fn descriptions(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM descriptions")
            .unwrap()
    }

    /// How many files that were made of revisions are kept.
    pub fn derived_files(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM derived_files")
            .unwrap()
    }

    /// How many source blocks are stored.
    pub fn source_blocks(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM sources").unwrap()
    }

    /// How many row groups have columns.
    pub fn row_groups(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM column_chunks WHERE place = -1")
            .unwrap()
    }

    /// How many column chunks there are, and notes about them.
    pub fn column_chunks(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM column_chunks")
            .unwrap()
    }

    /// Runs SQL on it.
    pub fn execute(&self, sql: &str) {
        match &self.fresh {
            Some(fresh) => execute(&fresh.url, sql),
            None => {
                let mut sqlite = self.sqlite();
                sqlite.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
                sqlite.batch_execute(sql).unwrap();
            }
        }
    }

    /// Lets time pass for whatever is told by its age: by the server's clock, or where the database has one of its own, by
    /// making everything older.
    pub fn let_pass(&self, time: SignedDuration, clock: &Clock) {
        clock.set(clock.now() + time);
        self.age(
            time,
            &[
                "uploads.renewed_at",
                "garbage.since",
                "idempotency_keys.renewed_at",
                "leases.until",
                "former_schemas.since",
            ],
        );
    }

    /// The same for tombstones alone.
    pub fn let_tombstones_age(&self, time: SignedDuration, clock: &Clock) {
        clock.set(clock.now() + time);
        self.age(time, &["garbage.since"]);
    }

    fn age(&self, time: SignedDuration, columns: &[&str]) {
        let Some(fresh) = &self.fresh else { return };
        for column in columns {
            let (table, column) = column.split_once('.').unwrap();
            let micros = time.as_micros();
            execute(
                &fresh.url,
                &format!("UPDATE {table} SET {column} = {column} - {micros}"),
            );
        }
    }

    /// How many summaries of segments are stored.
    pub fn summaries(&self) -> i64 {
        self.count("SELECT count(summary) AS found FROM chunks")
            .unwrap()
    }

    /// Makes the stored segments look like those of a release that knew no summaries.
    pub fn forget_summaries(&self) {
        self.execute("UPDATE chunks SET summary = NULL");
    }

    /// How many idempotency keys are stored.
    pub fn keys(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM idempotency_keys")
            .unwrap()
    }

    /// How many segments have a tombstone.
    pub fn tombstones(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM garbage").unwrap()
    }

    /// How many deleted datasets are remembered for the versions of their schemas.
    pub fn former_schemas(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM former_schemas")
            .unwrap()
    }

    /// How many revisions have no version of their schema.
    pub fn revisions_without_schema(&self) -> i64 {
        self.count("SELECT count(*) AS found FROM revisions WHERE schema_major IS NULL")
            .unwrap()
    }

    /// Makes the store look like one of a release that knew no versions of schemas.
    pub fn forget_schemas(&self) {
        self.execute("UPDATE revisions SET schema_major = NULL, schema_minor = NULL");
        self.execute("UPDATE datasets SET last_schema = NULL");
    }

    /// Notes the last version of the only dataset, for the next function.
    pub fn note_schema(&self) {
        self.execute("CREATE TABLE noted AS SELECT last_schema FROM datasets");
    }

    /// Makes all revisions since then look like those that such a release added to the store, and removed of it.
    pub fn as_of_an_earlier_release(&self, added: i64, kept: i64) {
        self.execute(&format!(
            "BEGIN; \
             UPDATE revisions SET schema_major = NULL, schema_minor = NULL WHERE number >= {added}; \
             UPDATE datasets SET last_schema = (SELECT last_schema FROM noted); \
             DELETE FROM revisions WHERE number < {kept}; \
             COMMIT"
        ));
    }

    /// Makes the stored revisions look like those of a release that did not write down how long a decoded text is.
    pub fn forget_lengths(&self) {
        self.execute("UPDATE revisions SET segments = NULL WHERE transcoded");
    }

    /// What a query counts as `found`.
    fn count(&self, sql: &str) -> QueryResult<i64> {
        match &self.fresh {
            Some(fresh) => Ok(count(&fresh.url, sql)),
            None => {
                let count: Count = diesel::sql_query(sql).get_result(&mut self.sqlite())?;
                Ok(count.found)
            }
        }
    }

    fn sqlite(&self) -> SqliteConnection {
        SqliteConnection::establish(self.file().to_str().unwrap()).unwrap()
    }
}

impl Fresh {
    /// A database, if this run is one on PostgreSQL.
    fn if_on_postgres() -> Option<Arc<Self>> {
        let template = env::var(TEMPLATE).ok()?;
        let server = env::var(URL).unwrap();
        let name = format!("{template}_{}", Uuid::now_v7().simple());
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        execute(&server, &create);
        let url = with_database(&server, &name);
        let served = match env::var(POOLER) {
            Ok(port) => through_pooler(&url, &port),
            Err(_) => url.clone(),
        };
        Some(Arc::new(Self {
            server,
            name,
            url,
            served,
        }))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let remove = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        execute(&self.server, &remove);
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

/// The number that a query of a PostgreSQL gives as `found`.
pub fn count(url: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::establish(url).unwrap();
    let count: Count = diesel::sql_query(sql).get_result(&mut connection).unwrap();
    count.found
}

/// Runs SQL that gives nothing back.
pub fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    connection.batch_execute(sql).unwrap();
}

/// The address of the same database through a pooler on this machine.
fn through_pooler(url: &str, port: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (server, database) = rest.split_once('/').unwrap();
    let user = server.split_once('@').map_or("", |(user, _)| user);
    format!("{scheme}://{user}@127.0.0.1:{port}/{database}?pooler=transaction")
}

/// The address of another database of the same server.
pub fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = match url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (url, String::new()),
    };
    let (scheme, rest) = address.split_once("://").unwrap();
    let server = rest.split('/').next().unwrap();
    format!("{scheme}://{server}/{database}{parameters}")
}
