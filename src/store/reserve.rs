//! Disk space that an embedded store sets aside, so that datasets can be deleted when the disk is full: a deletion has to be
//! written too.
//!
//! The space is a file beside the database. When a deletion finds the disk full, the file is removed, and from then on only
//! work that frees space is done, until there is space for the file again. What deletions free stays in the database file and
//! is used for what is written next; that needs space for the write-ahead log, so where the file does not fit any more, half
//! of it is enough and the other half is left to the log.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::file_watch::beside;
use super::sqlite;

/// The most that is set aside, and the part of the disk's free space that it is at most.
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
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As much as it should be, or as much as there was space for at the start.
    Whole,
    /// Half of it.
    Half,
    /// It was used.
    Spent,
}

impl Reserve {
    /// Sets space aside for the database, unless that was done before.
    pub(super) fn open(database: &Path) -> Self {
        let path = beside(database, ".reserve");
        let held = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let size = LARGEST.min((free_space(database) + held) / SHARE) & !4095;
        if size >= SMALLEST
            && held < size
            && let Err(error) = allocate(&path, size)
        {
            log::warn!(
                "no space could be set aside in {}, so on a full disk nothing can be deleted: {error}",
                path.display()
            );
        }
        Self {
            path,
            size,
            state: State::Whole,
        }
    }

    /// Gives the space back to the disk.
    pub(super) fn spend(&mut self) {
        if self.state == State::Spent {
            return;
        }
        log::warn!("the disk is full: until it has space again, nothing is written but deletions");
        self.state = State::Spent;
        if let Err(error) = fs::remove_file(&self.path) {
            log::debug!("there was no space set aside: {error}");
        }
    }

    /// Sets the space aside again after it was spent, if there is enough of it.
    pub(super) fn restore(&mut self) {
        if self.state != State::Spent {
            return;
        }
        let free = free_space(&self.path);
        let (size, state) = if free >= 2 * self.size {
            (self.size, State::Whole)
        } else if free >= self.size / 4 * 3 {
            (self.size / 2, State::Half)
        } else {
            return;
        };
        match allocate(&self.path, size) {
            Ok(()) => {
                log::info!("the disk has space again: everything is written again");
                self.state = state;
            }
            Err(error) => log::debug!("the disk is still full: {error}"),
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.state == State::Spent
    }

    /// Bytes of log after which it is written back into the database, where the disk has not much more space than what is set
    /// aside; `None`: as many as usual.
    pub(super) fn log_limit(&self) -> Option<u64> {
        (self.state != State::Whole).then_some(self.size / 8)
    }
}

/// Makes a file of that size whose space is on the disk.
fn allocate(path: &Path, size: u64) -> io::Result<()> {
    let file = sqlite::private().open(path)?;
    let allocated = set_aside(&file, size);
    if allocated.is_err() {
        drop(fs::remove_file(path));
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
