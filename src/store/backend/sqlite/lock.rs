//! The lock that keeps other processes from writing to the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;

use super::file_watch::beside;
use crate::store::error::OpenError;

/// The lock on a store. It is released when this is dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Hold {
    _file: File,
}

/// Takes the lock, which is a file beside the database.
pub(crate) fn hold(path: &Path) -> Result<Hold, OpenError> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(OpenError::NoFolder {
            folder: folder.into(),
            path: path.into(),
        });
    }
    let not_writable = |error: std::io::Error| OpenError::NotWritable {
        path: path.into(),
        reason: error.to_string(),
    };
    if path.is_dir() {
        return Err(not_writable(std::io::ErrorKind::IsADirectory.into()));
    }
    let lock = beside(path, ".lock");
    let mut file = private().open(&lock).map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::Held {
                path: path.into(),
                lock,
            });
        }
        Err(TryLockError::Error(error)) => return Err(not_writable(error)),
    }
    // The content tells the operator which process has the lock. The kernel keeps the lock itself.
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(not_writable)?;
    Ok(Hold { _file: file })
}

/// Options for a file that only this user may read, because the store has data and secrets.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
