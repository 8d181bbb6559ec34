//! Copies a SQLite file while a server uses it.

use std::path::Path;

use super::opened::{UpkeepError, open_to_read};
use crate::store::backend::{Address, dialect};

/// Writes a consistent copy of the SQLite store at `path` to `target`, which is an empty file or doesn't exist. A server may use the
/// store meanwhile. The caller syncs the copy to the disk.
pub fn back_up(path: &Path, target: &Path) -> Result<(), UpkeepError> {
    let mut connection = open_to_read(&Address::of_file(path))?;
    Ok(dialect::write_copy(&mut connection, target)?)
}
