//! A file that is there under its name only when it is whole and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// A file being written, under another name beside its own. It is removed unless it is kept.
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

    /// The same for a file that nobody else may read.
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

    /// Where it is until it is kept.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name once it is on the disk. A file of that name is replaced only if `replace` says so.
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
    /// Gives it its name unless something has that name.
    fn keep_beside(&self) -> io::Result<()> {
        // A link never takes the place of a file, as a renamed one does; some file systems have none.
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
        // One that was renamed is not there any more.
        drop(fs::remove_file(&self.path));
    }
}

fn folder(name: &Path) -> &Path {
    match name.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
