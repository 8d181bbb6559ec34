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

/// What is backed up, and where to.
#[derive(Args, Clone, Debug)]
pub(super) struct BackupSettings {
    /// The file that is made; one that is there is never overwritten; - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What is backed up
    #[command(flatten)]
    database: DatabaseSettings,
}

/// Writes the copy, which has its name only when it is whole.
pub(super) fn run(settings: &BackupSettings) -> Result<(), Failure> {
    let database = settings.database.resolve()?;
    let Database::Sqlite(path) = &database else {
        return Err(Failure::Usage(format!(
            "{database} is no file, and PostgreSQL has better means: use pg_dump, or `flash copy --from {database} --to sqlite:{}`",
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

/// Writes the copy to standard output. It is made beside the store first, where there is room for it.
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
    Failure::File {
        file: file.into(),
        reason: error.to_string(),
    }
}
