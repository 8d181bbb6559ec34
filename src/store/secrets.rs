//! Values that all servers of one store share, by name: the key that signs cursors, and the marker of a copy.

use diesel::prelude::*;

use super::backend::dialect::insert_unless_there;
use super::backend::{Address, AnyConnection};
use super::error::{OpenError, StoreError};
use super::ids::random_key;
use super::schema::secrets;
use super::units::unreadable;

/// The key that signs cursors.
pub(crate) const CURSOR_KEY: &str = "cursor";
/// Marks a store with an unfinished copy.
pub(crate) const COPY_MARKER: &str = "copy";

/// The secret of that name.
pub(crate) fn find(connection: &mut AnyConnection, name: &str) -> QueryResult<Option<Vec<u8>>> {
    let find = secrets::table.find(name).select(secrets::value);
    find.first(connection).optional()
}

/// The key that signs cursors. It is made if there is none yet.
pub(crate) fn cursor_key(connection: &mut AnyConnection) -> Result<[u8; 32], StoreError> {
    let key = match find(connection, CURSOR_KEY)? {
        Some(key) => key,
        None => {
            let made = random_key();
            let values = (
                secrets::name.eq(CURSOR_KEY),
                secrets::value.eq(made.as_slice()),
            );
            // If another server makes one at the same time, the first one counts.
            insert_unless_there!(&mut *connection, secrets::table, values)?;
            let stored = secrets::table.find(CURSOR_KEY).select(secrets::value);
            stored.first(connection)?
        }
    };
    key.try_into()
        .map_err(|_| unreadable("key", "it is not 32 bytes long"))
}

/// Refuses a store with an unfinished copy: it would look complete, and isn't.
pub(crate) fn refuse_unfinished_copy(
    connection: &mut AnyConnection,
    address: &Address,
) -> Result<(), OpenError> {
    match find(connection, COPY_MARKER) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(OpenError::CopyUnfinished {
            database: address.to_string(),
        }),
        Err(error) => Err(address.unusable(error)),
    }
}
