//! Removes a client and everything that is stored about it.

use diesel::prelude::*;

use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::schema::{
    client_extensions, client_keys, client_limits, client_moves, clients, datasets, reader_columns,
    readers, refusals, usage,
};

/// How many names of datasets are told.
const NAMED: usize = 3;

/// What came of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// The client is removed, with so many keys.
    Done {
        /// The keys.
        keys: usize,
    },
    /// It owns datasets, which nobody else could change. Nothing was removed.
    Owns {
        /// How many.
        datasets: usize,
        /// The names of the first ones.
        names: Vec<String>,
    },
}

/// Removes a client, unless it owns datasets. A server may still add counts of its last requests; they are told of nobody.
pub(crate) fn remove(connection: &mut AnyConnection, client: i64) -> Result<Removal, StoreError> {
    let mut names: Vec<String> = datasets::table
        .filter(datasets::owner.eq(client))
        .order(datasets::name)
        .select(datasets::name)
        .load(connection)?;
    if !names.is_empty() {
        let datasets = names.len();
        names.truncate(NAMED);
        return Ok(Removal::Owns { datasets, names });
    }
    let own = client_keys::table.filter(client_keys::client_id.eq(client));
    let keys = diesel::delete(own).execute(connection)?;
    let own = client_moves::table.filter(client_moves::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    let own = client_extensions::table.filter(client_extensions::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    diesel::delete(client_limits::table.find(client)).execute(connection)?;
    let own = usage::table.filter(usage::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    let own = refusals::table.filter(refusals::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    let own = readers::table.filter(readers::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    let own = reader_columns::table.filter(reader_columns::client_id.eq(client));
    diesel::delete(own).execute(connection)?;
    diesel::delete(clients::table.find(client)).execute(connection)?;
    Ok(Removal::Done { keys })
}
