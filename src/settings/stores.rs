//! Which store is meant, as it is written: an address, or a file that holds one.

use std::path::PathBuf;

use clap::Args;

use super::{Database, SettingsError, parse};

/// Where things rest, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Store")]
pub struct DatabaseSettings {
    /// Where datasets are kept: sqlite:PATH, a file that is made when it is not there, or
    /// postgres://USER@HOST:PORT/DATABASE with libpq's parameters [default: sqlite:flash.db]
    #[arg(long, env = "FLASH_DATABASE", value_name = "ADDRESS", value_parser = parse::database, hide_env_values = true, global = true)]
    pub database: Option<Database>,
    /// A file that holds that address, so that a secret in it need not stand in the environment
    #[arg(long, env = "FLASH_DATABASE_FILE", value_name = "FILE", global = true)]
    pub database_file: Option<PathBuf>,
}

impl DatabaseSettings {
    /// The one that was chosen.
    ///
    /// # Errors
    ///
    /// When both are written, or the file can't be read or holds no address.
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
    /// The store that is copied: sqlite:PATH or postgres://USER@HOST:PORT/DATABASE; it may be served meanwhile
    #[arg(long, value_name = "ADDRESS", value_parser = parse::database)]
    pub from: Option<Database>,
    /// A file that holds the address of the store that is copied
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    /// The store that it is copied into, which must hold no datasets; a SQLite file is made when it is not there
    #[arg(long, value_name = "ADDRESS", value_parser = parse::database)]
    pub to: Option<Database>,
    /// A file that holds the address of the store that it is copied into
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
}

impl CopySettings {
    /// The store that is copied, and the one that it is copied into.
    ///
    /// # Errors
    ///
    /// When one of them is written twice or not at all, or can't be read from its file.
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
