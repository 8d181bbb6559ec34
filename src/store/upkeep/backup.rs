//! A copy of a SQLite file while it is served.

use std::path::Path;

use super::opened::{UpkeepError, open_to_read};
use crate::store::backend::{Address, dialect};

/// Writes one state of the SQLite store at `path` into `target`, an empty file or none. The process that serves the store goes on
/// writing meanwhile. The copy is not on the disk yet when this returns.
pub fn back_up(path: &Path, target: &Path) -> Result<(), UpkeepError> {
    let mut connection = open_to_read(&Address::of_file(path))?;
    Ok(dialect::write_copy(&mut connection, target)?)
}
