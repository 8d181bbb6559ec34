//! The lock that keeps other processes from writing to the file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::file_watch::{beside, is_at};
use crate::store::error::OpenError;

/// The lock on a store. It is released when this is dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Hold {
    /// The files that this start made. They are removed unless it succeeds.
    made: Vec<PathBuf>,
    _file: File,
}

impl Hold {
    /// Keeps the files that this start made, because it succeeded.
    pub(crate) fn keep(&mut self) {
        self.made.clear();
    }
}

impl Drop for Hold {
    /// Removes them while no other process has the lock.
    fn drop(&mut self) {
        for file in self.made.drain(..) {
            if let Err(error) = fs::remove_file(&file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                log::debug!("{} stays: {error}", file.display());
            }
        }
    }
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
    let is_new = !lock.exists();
    let mut file = loop {
        let file = private().open(&lock).map_err(not_writable)?;
        match file.try_lock() {
            // Another start that failed may have removed the file meanwhile.
            Ok(()) if !is_at(&file, &lock) => {}
            Ok(()) => break file,
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Held {
                    path: path.into(),
                    lock,
                });
            }
            Err(TryLockError::Error(error)) => return Err(not_writable(error)),
        }
    };
    let mut made = Vec::new();
    if !path.exists() {
        made.extend(["", "-wal", "-shm"].map(|ending| beside(path, ending)));
    }
    if is_new {
        made.push(lock);
    }
    // The content tells the operator which process has the lock. The kernel keeps the lock itself.
    let written = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    let hold = Hold { made, _file: file };
    written.map_err(not_writable)?;
    Ok(hold)
}

/// Options for a file that only this user may read, because the store has data and secrets.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
