//! Extensions: versions that are retired later for one client than for others.

use std::collections::HashMap;

use diesel::prelude::*;

use super::client::Extension;
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::client_extensions;
use crate::store::units::time_from_db;

impl Extension {
    fn from_db(version: i64, retires_at: i64) -> Result<Self, StoreError> {
        Ok(Self {
            version: u32::try_from(version).unwrap_or(0),
            retires_at: time_from_db(retires_at)?,
        })
    }
}

/// The extensions of a client, by ascending version.
pub(crate) fn of(
    connection: &mut AnyConnection,
    client: i64,
) -> Result<Vec<Extension>, StoreError> {
    let rows: Vec<(i64, i64)> = client_extensions::table
        .filter(client_extensions::client_id.eq(client))
        .order(client_extensions::version)
        .select((client_extensions::version, client_extensions::retires_at))
        .load(connection)?;
    rows.into_iter()
        .map(|(version, at)| Extension::from_db(version, at))
        .collect()
}

/// All extensions, by the client's number.
pub(crate) fn all(
    connection: &mut AnyConnection,
) -> Result<HashMap<i64, Vec<Extension>>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = client_extensions::table
        .order((client_extensions::client_id, client_extensions::version))
        .select(client_extensions::all_columns)
        .load(connection)?;
    let mut all: HashMap<i64, Vec<Extension>> = HashMap::new();
    for (client, version, at) in rows {
        let extension = Extension::from_db(version, at)?;
        all.entry(client).or_default().push(extension);
    }
    Ok(all)
}

/// Extends a version for a client until that time, instead of an earlier extension. `None` removes the extension.
pub(crate) fn set(
    connection: &mut AnyConnection,
    client: i64,
    version: u32,
    retires_at: Option<i64>,
) -> QueryResult<()> {
    let version = i64::from(version);
    diesel::delete(client_extensions::table.find((client, version))).execute(connection)?;
    if let Some(retires_at) = retires_at {
        diesel::insert_into(client_extensions::table)
            .values((
                client_extensions::client_id.eq(client),
                client_extensions::version.eq(version),
                client_extensions::retires_at.eq(retires_at),
            ))
            .execute(connection)?;
    }
    Ok(())
}
