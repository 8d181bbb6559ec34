//! The steps that make the schema, whichever database they are for.
//!
//! Steps only ever add: while an update rolls out, the release before it reads and writes the same tables. So a schema
//! that has more steps than this release knows is one it can work with.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::{Migrate, OpenError};

/// What was done, and what was found.
#[derive(Debug, Default, Clone)]
pub struct Steps {
    /// Steps that were taken just now, in order.
    pub taken: Vec<String>,
    /// Steps that a later release has taken.
    pub unknown: Vec<String>,
}

/// Takes the steps that are missing, or only looks whether there are any, as `migrate` says.
pub(super) fn apply<C, D>(
    connection: &mut C,
    steps: impl Fn() -> EmbeddedMigrations,
    database: &str,
    migrate: Migrate,
) -> Result<Steps, OpenError>
where
    C: MigrationHarness<D>,
    D: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<D>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration {
        database: database.to_owned(),
        reason: error.to_string(),
    };
    let mut taken = Vec::new();
    match migrate {
        Migrate::Run => {
            let run = connection.run_pending_migrations(steps()).map_err(failed)?;
            taken.extend(run.iter().map(ToString::to_string));
        }
        Migrate::Check => {
            let missing = connection.pending_migrations(steps()).map_err(failed)?;
            if !missing.is_empty() {
                let names: Vec<String> =
                    missing.iter().map(|step| step.name().to_string()).collect();
                return Err(OpenError::Behind {
                    database: database.to_owned(),
                    missing: names.join(", "),
                });
            }
        }
    }
    let unknown = unknown(connection, steps).map_err(failed)?;
    Ok(Steps { taken, unknown })
}

/// Looks whether a server that takes no writes has all steps. diesel would make its table of them first, if only to find that
/// it is there.
pub(super) fn look(
    connection: &mut PgConnection,
    steps: impl Fn() -> EmbeddedMigrations,
    database: &str,
) -> Result<Steps, OpenError> {
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
    let known: Vec<Box<dyn Migration<Pg>>> = steps()
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

fn unknown<C, D>(
    connection: &mut C,
    steps: impl Fn() -> EmbeddedMigrations,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>>
where
    C: MigrationHarness<D>,
    D: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<D>,
{
    let known: Vec<Box<dyn Migration<D>>> = steps().migrations()?;
    let known: Vec<String> = known
        .iter()
        .map(|step| step.name().version().to_string())
        .collect();
    let applied = connection.applied_migrations()?;
    let applied = applied.iter().map(ToString::to_string);
    Ok(applied.filter(|version| !known.contains(version)).collect())
}
