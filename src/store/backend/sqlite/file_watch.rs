//! Whether the files of an embedded store are still those that were opened. SQLite goes on with a file that was removed or
//! replaced, and what it writes there is gone with the process.

use std::fs;
use std::path::{Path, PathBuf};

/// The files, and what they were when they were first seen.
#[derive(Debug)]
pub(super) struct FileWatch {
    files: [(PathBuf, Option<Identity>); 2],
}

/// What a file is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl FileWatch {
    /// Watches a database that is open, and its write-ahead log.
    pub(super) fn new(database: &Path) -> Self {
        let file = |path: PathBuf| {
            let identity = identity(&path).unwrap_or_default();
            (path, identity)
        };
        Self {
            files: [file(database.to_owned()), file(beside(database, "-wal"))],
        }
    }

    /// Looks at the files; an error is the one that is not what it was.
    pub(super) fn check(&mut self) -> Result<(), &Path> {
        for (path, first) in &mut self.files {
            // What can't be looked at tells nothing.
            let Some(now) = identity(path) else { continue };
            match first {
                // The log is made with the first write.
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

/// What the file is, or that there is none; `None`: that can't be told.
#[cfg(unix)]
fn identity(path: &Path) -> Option<Option<Identity>> {
    use std::os::unix::fs::MetadataExt as _;
    match fs::metadata(path) {
        Ok(metadata) => Some(Some(Identity(metadata.dev(), metadata.ino()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(None),
        Err(_) => None,
    }
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Option<Identity>> {
    None
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
