//! The schema of a PostgreSQL database.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

use super::address::PostgresAddress;
use super::locks;
use crate::store::backend::address::Migrate;
use crate::store::backend::connection::{AnyConnection, Connected};
use crate::store::backend::migrations::{self, Steps};
use crate::store::error::OpenError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// How long to wait for another server that changes the schema.
const SCHEMA_PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait before the lock is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// Brings the schema up to date, or checks that it is. If several servers start at once, one does it.
pub(super) fn migrate(
    connected: &mut Connected,
    address: &PostgresAddress,
    migrate: Migrate,
) -> Result<Steps, OpenError> {
    let AnyConnection::Postgres(postgres) = &mut connected.connection else {
        return Ok(Steps::default());
    };
    if connected.read_only {
        return look(postgres, &address.shown);
    }
    let failed = |reason: String| OpenError::Migration {
        database: address.shown.clone(),
        reason: address.scrub(&reason),
    };
    if migrate == Migrate::Check {
        return migrations::apply(postgres, || MIGRATIONS, &address.shown, migrate);
    }
    let deadline = Instant::now() + SCHEMA_PATIENCE;
    loop {
        match in_turn(postgres, &address.shown) {
            Ok(Some(steps)) => return Ok(steps),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(RETRY),
            Ok(None) => {
                return Err(failed(
                    "another server has been changing the schema for too long".to_owned(),
                ));
            }
            Err(Failed::Statement(error)) => return Err(failed(error.to_string())),
            Err(Failed::Step(OpenError::Migration { reason, .. })) => return Err(failed(reason)),
            Err(Failed::Step(error)) => return Err(error),
        }
    }
}

/// Why the schema was not changed.
enum Failed {
    Statement(diesel::result::Error),
    Step(OpenError),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self::Statement(error)
    }
}

/// Runs the missing migrations in one transaction, unless another server does. The lock belongs to the transaction and not to the
/// session, because a pooler may give a session to somebody else.
fn in_turn(postgres: &mut PgConnection, shown: &str) -> Result<Option<Steps>, Failed> {
    postgres.transaction(|postgres| {
        if !locks::may_change_schema(postgres)? {
            return Ok(None);
        }
        // Changing a table may take longer than a request's statement may.
        postgres.batch_execute("SET LOCAL statement_timeout = 0")?;
        migrations::apply(postgres, || MIGRATIONS, shown, Migrate::Run)
            .map(Some)
            .map_err(Failed::Step)
    })
}

/// Checks that a read-only server has all migrations. diesel would first create its table, which fails there.
fn look(connection: &mut PgConnection, database: &str) -> Result<Steps, OpenError> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let away = |reason: String| OpenError::Away {
        database: database.to_owned(),
        reason: format!("it takes no writes, and its schema is not ready: {reason}"),
    };
    let applied: Vec<Applied> =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
            .load(connection)
            .map_err(|error| away(error.to_string()))?;
    let known: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS
        .migrations()
        .map_err(|error| away(error.to_string()))?;
    let has = |step: &str| applied.iter().any(|applied| applied.version == step);
    let missing: Vec<String> = known
        .iter()
        .filter(|step| !has(&step.name().version().to_string()))
        .map(|step| step.name().to_string())
        .collect();
    if !missing.is_empty() {
        return Err(away(format!("it lacks {}", missing.join(", "))));
    }
    let is_known = |version: &str| {
        known
            .iter()
            .any(|step| step.name().version().to_string() == version)
    };
    Ok(Steps {
        taken: Vec::new(),
        unknown: applied
            .into_iter()
            .map(|applied| applied.version)
            .filter(|version| !is_known(version))
            .collect(),
    })
}
