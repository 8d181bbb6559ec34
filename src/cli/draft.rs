//! A file that gets its name only when it is complete and durable.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file that is being written under a temporary name in the same folder. It is removed unless it is kept.
#[derive(Debug)]
pub(super) struct Draft {
    name: PathBuf,
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Begins to write `name`.
    pub(super) fn of(name: &Path) -> io::Result<Self> {
        Self::with(name, &mut OpenOptions::new())
    }

    /// The same for a file that only its owner may read.
    pub(super) fn private(name: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::with(name, &mut options)
    }

    fn with(name: &Path, options: &mut OpenOptions) -> io::Result<Self> {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name.file_name().ok_or(ErrorKind::InvalidFilename)?);
        hidden.push(format!(".{}.part", uuid::Uuid::new_v4().simple()));
        let path = folder(name).join(hidden);
        let file = options.write(true).create_new(true).open(&path)?;
        Ok(Self {
            name: name.into(),
            path,
            file,
        })
    }

    /// Its temporary path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name once it is durable. It replaces an existing file only if `replace` is true.
    pub(super) fn keep(self, replace: bool) -> io::Result<()> {
        self.file.sync_all()?;
        if replace {
            fs::rename(&self.path, &self.name)?;
        } else {
            self.keep_beside()?;
        }
        File::open(folder(&self.name))?.sync_all()
    }
}

impl Draft {
    /// Gives it its name unless that exists.
    fn keep_beside(&self) -> io::Result<()> {
        // Linking fails if the name exists, where renaming would replace the file. Some file systems have no links.
        match fs::hard_link(&self.path, &self.name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && !self.name.exists() => {
                fs::rename(&self.path, &self.name)
            }
            linked => linked,
        }
    }
}

impl io::Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A file that was renamed is no longer there.
        drop(fs::remove_file(&self.path));
    }
}

fn folder(name: &Path) -> &Path {
    match name.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
