//! Reserved disk space, so that datasets can be deleted on a full disk: a deletion has to be written too.
//!
//! The reserve is a file beside the database. When a deletion finds the disk full, the file is removed. From then on only writes that
//! free space are done, until half of the file can be made again; the other half is for the write-ahead log. The whole file is made
//! again when there is enough space.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file_watch::beside;
use super::lock::private;

/// The most that is set aside: twice the log that a checkpoint every 16 MiB makes, which is seldom enough that an upload of
/// usual size does not wait for one. And the part of the disk's free space that it is at most.
const LARGEST: u64 = 32 << 20;
const SHARE: u64 = 8;
/// Less than this is of no use.
const SMALLEST: u64 = 64 << 10;

/// The space that is set aside.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    /// How much it should be, in bytes.
    size: u64,
    /// How much it is, or was before it was spent.
    held: u64,
    is_spent: bool,
}

impl Reserve {
    /// Sets space aside for the database, unless that was done before.
    pub(super) fn open(database: &Path) -> Self {
        let path = beside(database, ".reserve");
        let mut held = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let size = LARGEST.min((free_space(database) + held) / SHARE) & !4095;
        if size >= SMALLEST && held < size {
            match allocate(&path, size) {
                Ok(()) => held = size,
                Err(error) => log::warn!(
                    "no space could be set aside in {}, so on a full disk deletions may fail: {error}",
                    path.display()
                ),
            }
        }
        Self {
            path,
            size: size.max(held),
            held,
            is_spent: false,
        }
    }

    /// Gives the space back to the disk.
    pub(super) fn spend(&mut self) {
        if !self.is_spent {
            log::warn!(
                "the disk is full: until it has space again, nothing is written but deletions"
            );
        }
        self.is_spent = true;
        if let Err(error) = fs::remove_file(&self.path) {
            log::debug!("there was no space set aside: {error}");
        }
    }

    /// Sets as much aside again as the disk has space for.
    pub(super) fn restore(&mut self) {
        let now = if self.is_spent { 0 } else { self.held };
        let free = free_space(&self.path) + now;
        let most = |all: u64| (free >= all / 8 * 7).then_some(all / 2);
        let wanted = match (free >= 2 * self.size, most(self.size), most(self.held)) {
            (true, ..) => self.size,
            (_, Some(half), _) | (_, None, Some(half)) => half.max(SMALLEST) & !4095,
            (_, None, None) => return,
        };
        if wanted <= now {
            return;
        }
        match allocate(&self.path, wanted) {
            Ok(()) => {
                if self.is_spent {
                    log::info!("the disk has space again: everything is written again");
                }
                self.is_spent = false;
                self.held = wanted;
            }
            Err(error) => log::debug!("the disk is still full: {error}"),
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// Whether the disk has as much space as it should.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_spent && self.held == self.size
    }

    /// Pages of log after which it is written back into the database. That makes the database longer by as much, which the
    /// space that is set aside has to be enough for.
    pub(super) fn log_pages(&self) -> u64 {
        let bytes = if self.is_whole() {
            self.size / 2
        } else {
            self.held / 4
        };
        (bytes >> 12).max(16)
    }
}

/// Makes a file of that size whose space is on the disk.
fn allocate(path: &Path, size: u64) -> io::Result<()> {
    let file = private().open(path)?;
    let before = file.metadata()?.len();
    let allocated = set_aside(&file, size);
    if allocated.is_err() {
        file.set_len(before)?;
    }
    allocated
}

#[cfg(target_os = "linux")]
fn set_aside(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::empty(), 0, size) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(file, size),
        allocated => Ok(allocated?),
    }
}

#[cfg(not(target_os = "linux"))]
fn set_aside(file: &File, size: u64) -> io::Result<()> {
    fill(file, size)
}

/// Writes the file, where a system can't be told to set space aside.
fn fill(mut file: &File, size: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(io::repeat(0xf1), size), &mut file)?;
    file.sync_all()
}

/// Bytes that are free on the disk that has the file, or will have it.
#[cfg(unix)]
fn free_space(file: &Path) -> u64 {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    rustix::fs::statvfs(folder.unwrap_or(Path::new(".")))
        .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> u64 {
    u64::MAX
}
