//! Where a test's server keeps its datasets: a SQLite file in its own folder, unless `tests/postgres` runs the suite. Then each
//! server has a fresh database of a PostgreSQL, copied from a template that has the schema already.

use std::env;
use std::sync::Arc;

use clap::{Args, Command, FromArgMatches};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use flash::settings::{Database, DatabaseSettings};
use uuid::Uuid;

/// The environment variable with the address of the PostgreSQL server: that of a database, and of a role that may make others.
pub const URL: &str = "FLASH_TEST_POSTGRES_URL";
/// The one with the name of the template. Only `tests/postgres` sets it, so that whoever sets the address alone still has both
/// databases tested.
pub const TEMPLATE: &str = "FLASH_TEST_POSTGRES_TEMPLATE";

/// A PostgreSQL database of its own. It is removed when it is dropped.
pub struct Fresh {
    server: String,
    name: String,
    pub url: String,
}

impl Fresh {
    /// A database, if this run is one on PostgreSQL.
    pub fn if_on_postgres() -> Option<Arc<Self>> {
        let template = env::var(TEMPLATE).ok()?;
        let server = env::var(URL).unwrap();
        let name = format!("{template}_{}", Uuid::now_v7().simple());
        execute(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        let url = with_database(&server, &name);
        Some(Arc::new(Self { server, name, url }))
    }

    /// The setting that names it.
    pub fn setting(&self) -> Database {
        let command = DatabaseSettings::augment_args(Command::new("flash"))
            .mut_args(|argument| argument.env(None));
        let matches = command.get_matches_from(["flash", "--database", &self.url]);
        let settings = DatabaseSettings::from_arg_matches(&matches).unwrap();
        settings.resolve().unwrap()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let name = &self.name;
        execute(&self.server, &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

/// Runs SQL that gives nothing back.
pub fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    connection.batch_execute(sql).unwrap();
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
