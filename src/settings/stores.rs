//! The two stores of a copy.

use std::path::PathBuf;

use clap::Args;

use super::{Database, SettingsError, parse};

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
