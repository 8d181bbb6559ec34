//! Where PostgreSQL's programs are. All come from one folder, so that all are of one version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian keeps every version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The folder of PostgreSQL's programs.
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Those on the path, or else the newest that Debian installed.
    pub fn find() -> Result<Self, String> {
        on_path()
            .or_else(newest)
            .map(|folder| Self { folder })
            .ok_or_else(|| {
                format!(
                    "there is no initdb on PATH or in {VERSIONS}: install the PostgreSQL server \
                     (on Debian: apt-get install postgresql)"
                )
            })
    }

    /// Whether the server can count statements. Debian has the library with the server.
    pub fn can_count(&self) -> bool {
        let library = self.folder.join("../lib/pg_stat_statements.so");
        library.is_file()
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }
}

fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find_map(|folder| {
        // A link leads to the folder where the others are.
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        complete(initdb.parent()?)
    })
}

fn newest() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.flatten();
    versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, complete(&version.path().join("bin"))?))
        })
        .max_by_key(|(number, _)| *number)
        .map(|(_, folder)| folder)
}

fn complete(folder: &Path) -> Option<PathBuf> {
    ["initdb", "postgres", "pg_basebackup", "psql"]
        .iter()
        .all(|program| folder.join(program).is_file())
        .then(|| folder.to_owned())
}
