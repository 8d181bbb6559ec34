//! Notices that a file of the store was removed or replaced. SQLite would continue to write to the old file, and its contents would be
//! lost when the process ends.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};

/// The files, with the identities that they had when they were opened.
#[derive(Debug)]
pub(super) struct FileWatch {
    files: [(PathBuf, Option<Identity>); 2],
}

/// The identity of a file: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl FileWatch {
    /// Watches an open database and its write-ahead log.
    pub(super) fn new(database: &Path) -> Self {
        let file = |path: PathBuf| {
            let identity = identity(&path).unwrap_or_default();
            (path, identity)
        };
        Self {
            files: [file(database.to_owned()), file(beside(database, "-wal"))],
        }
    }

    /// Checks the files. The error has the path of the one that was removed or replaced.
    pub(super) fn check(&mut self) -> Result<(), &Path> {
        for (path, first) in &mut self.files {
            // A failed `stat` proves nothing.
            let Some(now) = identity(path) else { continue };
            match first {
                // The first write creates the log.
                None => *first = now,
                Some(_) if *first == now => {}
                Some(_) => return Err(path),
            }
        }
        Ok(())
    }
}

/// The file that belongs to a database, by the end of its name.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether an open file is the one at that path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(there)) => Identity::of(&open) == Identity::of(&there),
        _ => false,
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self(metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// The identity of a file, if it exists. `None`: that is not known.
fn identity(path: &Path) -> Option<Option<Identity>> {
    match fs::metadata(path) {
        Ok(metadata) => Identity::of(&metadata).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_removed_or_replaced_is_noticed_and_one_that_grows_is_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let (database, log) = (folder.path().join("a"), folder.path().join("a-wal"));
        for broken in [&database, &log] {
            fs::write(&database, "1").unwrap();
            let mut watch = FileWatch::new(&database);
            assert!(watch.check().is_ok());
            fs::write(&log, "1").unwrap();
            assert!(watch.check().is_ok());
            fs::write(&database, "22").unwrap();
            fs::write(&log, "22").unwrap();
            assert!(watch.check().is_ok());
            let other = folder.path().join("other");
            fs::write(&other, "22").unwrap();
            fs::rename(&other, broken).unwrap();
            assert_eq!(watch.check().unwrap_err(), broken);
            fs::remove_file(broken).unwrap();
            assert_eq!(watch.check().unwrap_err(), broken);
            drop(fs::remove_file(&log));
        }
    }
}
