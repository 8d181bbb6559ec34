//! Rate limits of clients that have their own.

use std::collections::HashMap;

use diesel::prelude::*;

use super::client::ClientLimit;
use crate::store::backend::AnyConnection;
use crate::store::schema::client_limits;
use crate::store::units::to_db;

impl ClientLimit {
    fn from_db(requests: i64, seconds: i64) -> Self {
        match (u32::try_from(requests), u32::try_from(seconds)) {
            (Ok(requests), Ok(seconds)) if requests > 0 && seconds > 0 => {
                Self::Rate { requests, seconds }
            }
            _ => Self::Unlimited,
        }
    }
}

/// The limit of a client. `None`: it has none of its own.
pub(crate) fn of(connection: &mut AnyConnection, client: i64) -> QueryResult<Option<ClientLimit>> {
    let found: Option<(i64, i64)> = client_limits::table
        .find(client)
        .select((client_limits::requests, client_limits::seconds))
        .first(connection)
        .optional()?;
    Ok(found.map(|(requests, seconds)| ClientLimit::from_db(requests, seconds)))
}

/// All limits, by the client's number.
pub(crate) fn all(connection: &mut AnyConnection) -> QueryResult<HashMap<i64, ClientLimit>> {
    let rows: Vec<(i64, i64, i64)> = client_limits::table
        .select(client_limits::all_columns)
        .load(connection)?;
    let limits = rows.into_iter();
    Ok(limits
        .map(|(client, requests, seconds)| (client, ClientLimit::from_db(requests, seconds)))
        .collect())
}

/// Sets the limit of a client. `None`: it has none of its own any more.
pub(crate) fn set(
    connection: &mut AnyConnection,
    client: i64,
    limit: Option<ClientLimit>,
) -> QueryResult<()> {
    diesel::delete(client_limits::table.find(client)).execute(connection)?;
    let Some(limit) = limit else { return Ok(()) };
    let (requests, seconds) = match limit {
        ClientLimit::Unlimited => (0, 0),
        ClientLimit::Rate { requests, seconds } => (requests, seconds),
    };
    diesel::insert_into(client_limits::table)
        .values((
            client_limits::client_id.eq(client),
            client_limits::requests.eq(to_db(requests.into())),
            client_limits::seconds.eq(to_db(seconds.into())),
        ))
        .execute(connection)
        .map(drop)
}
