//! Connecting to a PostgreSQL server, and its schema.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::connection::AnyConnection;
use super::schema_steps::{self, Steps};
use super::sqlstate::{self, Meaning};
use super::{Migrate, OpenError};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held by whoever changes the schema: "flash" and a number of the job.
const SCHEMA_LOCK: i64 = 0x666c_6173_6801;
/// Held by whoever sweeps.
const SWEEP_LOCK: i64 = 0x666c_6173_6802;
/// Held by whoever copies a store into this one.
const COPY_LOCK: i64 = 0x666c_6173_6803;
/// How long is waited for another server that changes the schema.
const SCHEMA_PATIENCE: Duration = Duration::from_secs(120);

/// Which of several servers is taken: unless the address says otherwise the one that takes writes.
const WANTED: &str = "target_session_attrs";

/// What libpq is told unless the address says otherwise: to notice a peer that is gone.
const DEFAULTS: &[(&str, &str)] = &[
    ("application_name", "flash"),
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "10000"),
];

/// Where a PostgreSQL server is.
#[derive(Clone)]
pub struct PostgresAddress {
    /// The whole address, with its secrets: `postgres://user:password@host/database?…`.
    pub url: String,
    /// The address without its secrets.
    pub shown: String,
    /// What must never be shown, as it may come back in an error of libpq.
    pub secrets: Vec<String>,
}

impl std::fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PostgresAddress {
    fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets.iter().filter(|secret| !secret.is_empty());
        let text = secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"));
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn has(&self, parameter: &str) -> bool {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(parameter))
    }

    /// The address with what it leaves open; `wanted` is the server that is taken.
    fn complete(&self, wanted: &str) -> String {
        let mut url = self.url.trim_end_matches('?').to_owned();
        let mut separator = if url.contains('?') { '&' } else { '?' };
        let mut add = |name: &str, value: &str| {
            url.push(separator);
            url.push_str(name);
            url.push('=');
            url.push_str(value);
            separator = '&';
        };
        let defaults = DEFAULTS.iter().copied().chain([(WANTED, wanted)]);
        for (name, value) in defaults.filter(|(name, _)| !self.has(name)) {
            add(name, value);
        }
        self.with_system_roots(url)
    }

    /// `sslrootcert=system` as the file where this system has its root certificates: the OpenSSL that is compiled in
    /// does not know. As with libpq, it asks for the strictest check.
    fn with_system_roots(&self, url: String) -> String {
        if !url.contains("sslrootcert=system") {
            return url;
        }
        match openssl_probe::probe().cert_file {
            Some(file) => {
                let file = percent_encoding::utf8_percent_encode(
                    &file.to_string_lossy(),
                    percent_encoding::NON_ALPHANUMERIC,
                )
                .to_string();
                let url = url.replace("sslrootcert=system", &format!("sslrootcert={file}"));
                if url.contains("sslmode=") {
                    url
                } else {
                    format!("{url}&sslmode=verify-full")
                }
            }
            None => url,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct ConnectError {
    /// What libpq said, without secrets.
    pub reason: String,
    /// Whether trying again later may help: the server is away, not unwilling.
    pub passing: bool,
}

/// A connection to a server.
pub(super) struct Connected {
    pub connection: AnyConnection,
    /// Whether the server takes no writes, and there is none that does.
    pub read_only: bool,
}

/// Connects to the server that takes writes, and sets the session up. Where there is none, one that can be read is better
/// than nothing, unless the address says which is wanted.
pub(super) fn connect(
    address: &PostgresAddress,
    patience: Duration,
) -> Result<Connected, ConnectError> {
    let establish = |wanted: &str| {
        PgConnection::establish(&address.complete(wanted)).map_err(|error| error.to_string())
    };
    let mut read_only = false;
    let established = establish("read-write").or_else(|text| {
        read_only = !address.has(WANTED) && sqlstate::is_read_only(&text);
        if read_only {
            establish("any")
        } else {
            Err(text)
        }
    });
    let mut connection = established.map_err(|text| ConnectError {
        passing: sqlstate::is_passing(&text),
        reason: address.scrub(&sqlstate::without_location(&text)),
    })?;
    let millis = patience.as_millis().max(1);
    // A commit is acknowledged when it is on the disk, whatever the server's default is; who chose more than that
    // (synchronous standbys) keeps it.
    connection
        .batch_execute(&format!(
            "SET client_min_messages = warning; SET statement_timeout = {millis}; \
             SET idle_in_transaction_session_timeout = '60s'; \
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        ))
        .map_err(|error| ConnectError {
            passing: sqlstate::meaning(&error) != Meaning::Else,
            reason: address.scrub(&error.to_string()),
        })?;
    Ok(Connected {
        connection: AnyConnection::Postgres(connection),
        read_only,
    })
}

/// Connects, or says why a store can't be opened.
pub(super) fn open(address: &PostgresAddress, patience: Duration) -> Result<Connected, OpenError> {
    connect(address, patience).map_err(|error| {
        let (database, reason) = (address.shown.clone(), error.reason);
        match error.passing {
            true => OpenError::Away { database, reason },
            false => OpenError::Refused { database, reason },
        }
    })
}

/// Brings the schema up to date, or checks that it is. One server does it, however many start at once.
pub(super) fn migrate(
    connected: &mut Connected,
    address: &PostgresAddress,
    migrate: Migrate,
) -> Result<Steps, OpenError> {
    let AnyConnection::Postgres(postgres) = &mut connected.connection else {
        return Ok(Steps::default());
    };
    if connected.read_only {
        return schema_steps::look(postgres, || MIGRATIONS, &address.shown);
    }
    let failed = |reason: String| OpenError::Migration {
        database: address.shown.clone(),
        reason: address.scrub(&reason),
    };
    if migrate == Migrate::Check {
        return schema_steps::apply(postgres, || MIGRATIONS, &address.shown, migrate);
    }
    let deadline = Instant::now() + SCHEMA_PATIENCE;
    while !try_lock(postgres, SCHEMA_LOCK).map_err(|error| failed(error.to_string()))? {
        if Instant::now() > deadline {
            return Err(failed(
                "another server has been changing the schema for too long".to_owned(),
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // Changing a table may take longer than a request's statement may.
    let outcome = postgres
        .batch_execute("SET statement_timeout = 0")
        .map_err(|error| failed(error.to_string()))
        .and_then(|()| schema_steps::apply(postgres, || MIGRATIONS, &address.shown, migrate));
    // The lock is the session's: it also goes when the connection is closed.
    drop(diesel::sql_query(format!("SELECT pg_advisory_unlock({SCHEMA_LOCK})")).execute(postgres));
    outcome
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// Takes a lock for as long as the session lasts, if nobody has it.
fn try_lock(connection: &mut PgConnection, lock: i64) -> QueryResult<bool> {
    diesel::sql_query(format!("SELECT pg_try_advisory_lock({lock}) AS taken"))
        .get_result::<Taken>(connection)
        .map(|answer| answer.taken)
}

/// Holds the store for one that copies into it: no two do at once.
pub(super) fn hold_for_copy(
    connection: &mut AnyConnection,
    address: &PostgresAddress,
) -> Result<(), OpenError> {
    let AnyConnection::Postgres(postgres) = connection else {
        return Ok(());
    };
    let refused = |reason: String| OpenError::Refused {
        database: address.shown.clone(),
        reason,
    };
    match try_lock(postgres, COPY_LOCK) {
        Ok(true) => Ok(()),
        Ok(false) => Err(refused("another flash copy is writing into it".to_owned())),
        Err(error) => Err(refused(address.scrub(&error.to_string()))),
    }
}

/// Whether this transaction may sweep: no two servers do at once.
pub(super) fn may_sweep(connection: &mut PgConnection) -> QueryResult<bool> {
    diesel::sql_query(format!(
        "SELECT pg_try_advisory_xact_lock({SWEEP_LOCK}) AS taken"
    ))
    .get_result::<Taken>(connection)
    .map(|answer| answer.taken)
}

/// Lets this transaction be acknowledged before it is on the disk.
pub(super) fn do_not_wait_for_the_disk(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(postgres) => {
            postgres.batch_execute("SET LOCAL synchronous_commit = off")
        }
    }
}
