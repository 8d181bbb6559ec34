//! Usage: how many requests each client made per version, operation and day, how many of its requests were refused because of their
//! version, and when the last of them came.

use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::backend::dialect::insert_or_change;
use crate::store::backend::{AnyConnection, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::notices::{self, Notice};
use crate::store::schema::{clients, refusals, usage};
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
    /// What came of them.
    pub outcome: Outcome,
    /// Days since 1970-01-01.
    pub day: i64,
    /// How many.
    pub requests: i64,
    /// When the last of them came, in microseconds since 1970.
    pub last_at: i64,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The operation of that name was called.
    Called(&'static str),
    /// It was refused, because its version is not served.
    Refused(Reason),
}

/// Why a version is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A brownout.
    Brownout,
    /// The version is retired.
    Retired,
}

impl Reason {
    /// Its name, as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brownout => "brownout",
            Self::Retired => "retired",
        }
    }
}

/// What a client used, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The client's name; `None`: anonymous callers.
    pub client: Option<String>,
    /// N of vN.
    pub version: u32,
    /// The family of the user agent of anonymous callers.
    pub family: String,
    /// The operation's name. For refusals, the name of the [`Reason`].
    pub operation: String,
    /// How many requests.
    pub requests: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
}

impl Store {
    /// Adds requests to the usage and the refusals, and notes what the webhook is told of them.
    pub async fn count_usage(
        &self,
        counts: Vec<Count>,
        notices: Vec<Notice>,
    ) -> Result<(), StoreError> {
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| {
                add(tx, &counts)?;
                let now = tx.now();
                Ok(notices::insert(tx, &notices, now)?)
            })
            .await
    }

    /// The usage since `day` (days since 1970), of one client or of all.
    pub async fn usage(&self, client: Option<i64>, day: i64) -> Result<Vec<Used>, StoreError> {
        self.backend()
            .read(move |connection| since(connection, client, day))
            .await
    }

    /// The refusals since `day` (days since 1970) of all clients.
    pub async fn refusals(&self, day: i64) -> Result<Vec<Used>, StoreError> {
        self.backend()
            .read(move |connection| refused_since(connection, None, day))
            .await
    }
}

/// Adds requests, in the order of their keys. All servers use this order, to avoid deadlocks.
fn add(connection: &mut AnyConnection, counts: &[Count]) -> QueryResult<()> {
    for count in counts {
        match count.outcome {
            Outcome::Called(operation) => add_use(connection, count, operation)?,
            Outcome::Refused(reason) => add_refusal(connection, count, reason)?,
        }
    }
    Ok(())
}

fn add_use(
    connection: &mut AnyConnection,
    count: &Count,
    operation: &'static str,
) -> QueryResult<()> {
    let values = (
        usage::client_id.eq(count.client),
        usage::version.eq(i64::from(count.version)),
        usage::family.eq(count.family),
        usage::operation.eq(operation),
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
    insert_or_change!(connection, usage::table, values, key, more)?;
    Ok(())
}

fn add_refusal(connection: &mut AnyConnection, count: &Count, reason: Reason) -> QueryResult<()> {
    let values = (
        refusals::client_id.eq(count.client),
        refusals::version.eq(i64::from(count.version)),
        refusals::family.eq(count.family),
        refusals::reason.eq(reason.as_str()),
        refusals::day.eq(count.day),
        refusals::requests.eq(count.requests),
        refusals::last_at.eq(count.last_at),
    );
    let key = (
        refusals::client_id,
        refusals::version,
        refusals::family,
        refusals::reason,
        refusals::day,
    );
    let more = (
        refusals::requests.eq(refusals::requests + count.requests),
        refusals::last_at.eq(count.last_at),
    );
    insert_or_change!(connection, refusals::table, values, key, more)?;
    Ok(())
}

/// A row of usage or refusals: the client and its name, version, family, operation or reason, requests, and the last time.
type Row = (i64, Option<String>, i64, String, String, i64, i64);

/// The usage since `day`, summed over the days, of one client or of all.
pub(crate) fn since(
    connection: &mut AnyConnection,
    client: Option<i64>,
    day: i64,
) -> Result<Vec<Used>, StoreError> {
    let find = usage::table
        .left_join(clients::table.on(clients::id.eq(usage::client_id)))
        .filter(usage::day.ge(day))
        .filter(usage::client_id.eq(0).or(clients::id.is_not_null()))
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
    summed(match client {
        Some(client) => find.filter(usage::client_id.eq(client)).load(connection)?,
        None => find.load(connection)?,
    })
}

/// The refusals since `day`, summed over the days, of one client or of all.
pub(crate) fn refused_since(
    connection: &mut AnyConnection,
    client: Option<i64>,
    day: i64,
) -> Result<Vec<Used>, StoreError> {
    let find = refusals::table
        .left_join(clients::table.on(clients::id.eq(refusals::client_id)))
        .filter(refusals::day.ge(day))
        .filter(refusals::client_id.eq(0).or(clients::id.is_not_null()))
        .order((
            refusals::client_id,
            refusals::version,
            refusals::family,
            refusals::reason,
            refusals::day,
        ))
        .select((
            refusals::client_id,
            clients::name.nullable(),
            refusals::version,
            refusals::family,
            refusals::reason,
            refusals::requests,
            refusals::last_at,
        ));
    summed(match client {
        Some(client) => find
            .filter(refusals::client_id.eq(client))
            .load(connection)?,
        None => find.load(connection)?,
    })
}

/// Adds up the days of each key, which follow one another.
fn summed(rows: Vec<Row>) -> Result<Vec<Used>, StoreError> {
    let mut all: Vec<(i64, Used)> = Vec::new();
    for (id, client, version, family, operation, requests, last_at) in rows {
        let version = u32::try_from(version).unwrap_or(0);
        let last_at = time_from_db(last_at)?;
        match all.last_mut() {
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
