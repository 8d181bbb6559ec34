//! `flash backup`: a copy of a SQLite store while it is served.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    settings::{Database, DatabaseSettings},
    store,
};

use super::{Failure, draft::Draft};

/// The store to back up, and the file to write.
#[derive(Args, Clone, Debug)]
pub(super) struct BackupSettings {
    /// The file to create, or - for standard output. An existing file is never overwritten
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The store to back up
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Writes the copy. The file gets its name only when it is complete.
pub(super) fn run(settings: &BackupSettings) -> Result<(), Failure> {
    let database = settings.database.resolve()?;
    let Database::Sqlite(path) = &database else {
        return Err(Failure::Usage(format!(
            "flash backup copies SQLite files only, and {database} is a PostgreSQL database: use pg_dump, or `flash copy --from {database} --to sqlite:{}`",
            settings.file.display()
        )));
    };
    let file = settings.file.as_path();
    if file == Path::new("-") {
        return print(path);
    }
    if file.exists() {
        return Err(failed(file, &io::ErrorKind::AlreadyExists.into()));
    }
    let draft = Draft::private(file).map_err(|error| failed(file, &error))?;
    store::back_up(path, draft.path())?;
    draft.keep(false).map_err(|error| failed(file, &error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    super::say(&format!(
        "{} is a copy of {database} ({size} bytes)",
        file.display()
    ));
    Ok(())
}

/// Writes the copy to standard output. It is made in a file beside the store first, because that disk has space for one
/// store at least.
fn print(store: &Path) -> Result<(), Failure> {
    let draft = Draft::private(store).map_err(|error| failed(store, &error))?;
    store::back_up(store, draft.path())?;
    let mut output = io::stdout().lock();
    let copied = File::open(draft.path()).and_then(|mut copy| {
        io::copy(&mut copy, &mut output)?;
        output.flush()
    });
    copied.map_err(|error| failed(Path::new("standard output"), &error))
}

fn failed(file: &Path, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::AlreadyExists => {
            "it exists already, and a backup never overwrites a file; write another path".to_owned()
        }
        _ => error.to_string(),
    };
    Failure::File {
        file: file.into(),
        reason,
    }
}
