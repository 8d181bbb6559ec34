//! A copy of a SQLite file while it is served.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{UpkeepError, open_to_read};
use crate::store::Address;
use crate::store::connection::AnyConnection;

/// Writes one state of the SQLite store at `path` into `target`, an empty file or none. Whoever serves the store goes on
/// writing meanwhile. What was written is not on the disk yet.
pub fn back_up(path: &Path, target: &Path) -> Result<(), UpkeepError> {
    let mut connection = open_to_read(&Address::Sqlite(path.into()))?;
    if let AnyConnection::Sqlite(sqlite) = &mut connection {
        // The statement writes nothing but the target, and is refused all the same to who may only read.
        sqlite.batch_execute("PRAGMA query_only = OFF")?;
        diesel::sql_query("VACUUM INTO ?")
            .bind::<Text, _>(target.to_string_lossy())
            .execute(sqlite)?;
    }
    Ok(())
}
