//! Usage: how many requests each client made per version, operation and day, and when it made the last one.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::backend::dialect::insert_or_change;
use crate::store::backend::{AnyConnection, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::schema::{clients, usage};
use crate::store::units::{from_db, time_from_db};

/// Requests to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The client; 0: anonymous callers.
    pub client: i64,
    /// N of vN.
    pub version: u32,
    /// The family of the user agent of anonymous callers. Empty for clients.
    pub family: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// Days since 1970-01-01.
    pub day: i64,
    /// How many.
    pub requests: i64,
    /// When the last of them came, in microseconds since 1970.
    pub last_at: i64,
}

/// What a client used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The client's name; `None`: anonymous callers.
    pub client: Option<String>,
    /// N of vN.
    pub version: u32,
    /// The family of the user agent of anonymous callers.
    pub family: String,
    /// The operation's name.
    pub operation: String,
    /// How many requests.
    pub requests: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
}

impl Store {
    /// Adds requests to the usage.
    pub async fn count_usage(&self, counts: Vec<Count>) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| Ok(add(tx, &counts)?))
            .await
    }

    /// The usage since `day` (days since 1970), of one client or of all.
    pub async fn usage(&self, client: Option<i64>, day: i64) -> Result<Vec<Used>, StoreError> {
        self.backend()
            .read(move |connection| since(connection, client, day))
            .await
    }
}

/// Adds requests, in the order of their keys. All servers use this order, to avoid deadlocks.
fn add(connection: &mut AnyConnection, counts: &[Count]) -> QueryResult<()> {
    for count in counts {
        let values = (
            usage::client_id.eq(count.client),
            usage::version.eq(i64::from(count.version)),
            usage::family.eq(count.family),
            usage::operation.eq(count.operation),
            usage::day.eq(count.day),
            usage::requests.eq(count.requests),
            usage::last_at.eq(count.last_at),
        );
        let key = (
            usage::client_id,
            usage::version,
            usage::family,
            usage::operation,
            usage::day,
        );
        let more = (
            usage::requests.eq(usage::requests + count.requests),
            usage::last_at.eq(count.last_at),
        );
        insert_or_change!(&mut *connection, usage::table, values, key, more)?;
    }
    Ok(())
}

/// The usage since `day`, summed over the days, of one client or of all.
pub(crate) fn since(
    connection: &mut AnyConnection,
    client: Option<i64>,
    day: i64,
) -> Result<Vec<Used>, StoreError> {
    type Row = (i64, Option<String>, i64, String, String, i64, i64);
    let find = usage::table
        .left_join(clients::table.on(clients::id.eq(usage::client_id)))
        .filter(usage::day.ge(day))
        .order((
            usage::client_id,
            usage::version,
            usage::family,
            usage::operation,
            usage::day,
        ))
        .select((
            usage::client_id,
            clients::name.nullable(),
            usage::version,
            usage::family,
            usage::operation,
            usage::requests,
            usage::last_at,
        ));
    let rows: Vec<Row> = match client {
        Some(client) => find.filter(usage::client_id.eq(client)).load(connection)?,
        None => find.load(connection)?,
    };
    let mut all: Vec<(i64, Used)> = Vec::new();
    for (id, client, version, family, operation, requests, last_at) in rows {
        let version = u32::try_from(version).unwrap_or(0);
        let last_at = time_from_db(last_at)?;
        match all.last_mut() {
            // The days of one key follow one another.
            Some((of, used))
                if *of == id
                    && used.version == version
                    && used.family == family
                    && used.operation == operation =>
            {
                used.requests += from_db(requests);
                used.last_at = used.last_at.max(last_at);
            }
            _ => all.push((
                id,
                Used {
                    client,
                    version,
                    family,
                    operation,
                    requests: from_db(requests),
                    last_at,
                },
            )),
        }
    }
    Ok(all.into_iter().map(|(_, used)| used).collect())
}
