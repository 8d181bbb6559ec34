//! The migrations of the schema, for all databases.
//!
//! A migration only adds to the schema, because the release before it uses the same tables during a rollout. So a release works with a
//! schema that has migrations of later releases.

use diesel::migration::{Migration, MigrationSource};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use super::address::Migrate;
use crate::store::error::OpenError;

/// The migrations that were run and found.
#[derive(Debug, Default, Clone)]
pub struct Steps {
    /// The migrations that were just run, in order.
    pub taken: Vec<String>,
    /// The migrations of later releases.
    pub unknown: Vec<String>,
}

/// Runs the missing migrations, or refuses the schema if there are any, as `migrate` says.
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
