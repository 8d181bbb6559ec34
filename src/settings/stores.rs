//! The settings that choose a store: an address, or a file with an address.

use std::path::PathBuf;

use clap::Args;

use super::{Database, SettingsError, parse};

/// The database, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Store")]
pub struct DatabaseSettings {
    /// The database: sqlite:PATH, a file that is created if it doesn't exist, or postgres://USER@HOST:PORT/DATABASE with
    /// libpq's parameters [default: sqlite:flash.db]
    #[arg(long, env = "FLASH_DATABASE", value_name = "ADDRESS", value_parser = parse::database, hide_env_values = true, global = true)]
    pub database: Option<Database>,
    /// A file with the address of the database, to keep a password out of the environment
    #[arg(long, env = "FLASH_DATABASE_FILE", value_name = "FILE", global = true)]
    pub database_file: Option<PathBuf>,
}

impl DatabaseSettings {
    /// The chosen database.
    ///
    /// # Errors
    ///
    /// When both are set, or the file can't be read or has no address.
    pub fn resolve(&self) -> Result<Database, SettingsError> {
        match (&self.database, &self.database_file) {
            (Some(_), Some(_)) => Err(SettingsError::TwoDatabases),
            (Some(database), None) => Ok(database.clone()),
            (None, None) => Ok(Database::Sqlite(PathBuf::from("flash.db"))),
            (None, Some(file)) => {
                parse::database_in(file).map_err(|reason| SettingsError::DatabaseFile {
                    file: file.clone(),
                    reason,
                })
            }
        }
    }
}

/// The stores of `flash copy`, as written.
#[derive(Args, Clone, Debug)]
pub struct CopySettings {
    /// The source: sqlite:PATH or postgres://USER@HOST:PORT/DATABASE. A server may run on it
    #[arg(long, value_name = "ADDRESS", value_parser = parse::database)]
    pub from: Option<Database>,
    /// A file with the address of the source
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// The target, which must have no datasets. A SQLite file is created if it doesn't exist
    #[arg(long, value_name = "ADDRESS", value_parser = parse::database)]
    pub to: Option<Database>,
    /// A file with the address of the target
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
}

impl CopySettings {
    /// The source and the target.
    ///
    /// # Errors
    ///
    /// When one of them is set twice or not at all, or its file can't be read.
    pub fn resolve(&self) -> Result<(Database, Database), SettingsError> {
        let from = resolve("--from", self.from.as_ref(), self.from_file.as_ref())?;
        let to = resolve("--to", self.to.as_ref(), self.to_file.as_ref())?;
        Ok((from, to))
    }
}

fn resolve(
    flag: &'static str,
    address: Option<&Database>,
    file: Option<&PathBuf>,
) -> Result<Database, SettingsError> {
    match (address, file) {
        (Some(database), None) => Ok(database.clone()),
        (None, Some(file)) => parse::database_in(file).map_err(|reason| SettingsError::StoreFile {
            flag,
            file: file.clone(),
            reason,
        }),
        _ => Err(SettingsError::OneStore { flag }),
    }
}
