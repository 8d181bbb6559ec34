//! Readers: how often each client read which dataset, when it last did, and which columns it named.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::prelude::*;
use jiff::Timestamp;

use crate::store::backend::dialect::insert_or_change;
use crate::store::backend::{AnyConnection, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::schema::{clients, datasets, reader_columns, readers};
use crate::store::units::{from_db, micros, time_from_db};

/// How many columns are kept for each dataset and client: those that were named last.
pub const READER_COLUMNS: usize = 64;
/// How many readers of a dataset are listed.
const LISTED: usize = 1000;
/// How long reads are kept: the days of which is told, and one more.
const READS_LIVE: Duration = Duration::from_hours(31 * 24);
/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Reads to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The dataset's number.
    pub dataset: i64,
    /// The client; 0: anonymous callers.
    pub client: i64,
    /// The family of the user agent of anonymous callers. Empty for clients.
    pub family: &'static str,
    /// Days since 1970-01-01.
    pub day: i64,
    /// How many.
    pub requests: i64,
    /// When the last of them came, in microseconds since 1970.
    pub last_at: i64,
    /// The columns that they named, and when they last did.
    pub columns: Vec<(String, i64)>,
}

/// How often a caller read a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The dataset's name.
    pub dataset: String,
    /// The client's name; `None`: anonymous callers.
    pub client: Option<String>,
    /// The family of the user agent of anonymous callers.
    pub family: String,
    /// How many requests.
    pub requests: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
}

/// A client that read a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The client's name; `None`: anonymous callers.
    pub client: Option<String>,
    /// The family of the user agent of anonymous callers.
    pub family: String,
    /// How many requests.
    pub requests: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
    /// The columns that they named, by name.
    pub columns: Vec<String>,
    /// Whether they may have named more.
    pub more_columns: bool,
}

impl Store {
    /// Adds reads of datasets.
    pub async fn count_reads(&self, reads: Vec<Reads>) -> Result<(), StoreError> {
        let write = move |tx: &mut AnyConnection| {
            // In the order of their keys, which all servers use, to avoid deadlocks.
            reads.iter().try_for_each(|one| add(tx, one))
        };
        self.backend()
            .write(WriteOptions::ORDINARY, move |tx| Ok(write(tx)?))
            .await
    }

    /// Who reads which dataset, since `day` (days since 1970): the most frequent ones.
    pub async fn frequent_reads(&self, day: i64) -> Result<Vec<Read>, StoreError> {
        self.backend()
            .read(move |connection| most_frequent(connection, day))
            .await
    }

    /// Who read a dataset since `day` (days since 1970), the last one first.
    pub async fn readers(&self, dataset: i64, day: i64) -> Result<Vec<Reader>, StoreError> {
        self.backend()
            .read(move |connection| since(connection, dataset, day))
            .await
    }
}

/// The reads since `day` (days since 1970) that were the most frequent ones of their days, the most frequent first.
fn most_frequent(connection: &mut AnyConnection, day: i64) -> Result<Vec<Read>, StoreError> {
    /// The days of callers that are looked at.
    const LOOKED_AT: i64 = 5000;
    let found: Vec<(String, Option<String>, String, i64, i64)> = readers::table
        .inner_join(datasets::table.on(datasets::id.eq(readers::dataset_id)))
        .left_join(clients::table.on(clients::id.eq(readers::client_id)))
        .filter(readers::day.ge(day))
        .filter(readers::client_id.eq(0).or(clients::id.is_not_null()))
        .order(readers::requests.desc())
        .limit(LOOKED_AT)
        .select((
            datasets::name,
            clients::name.nullable(),
            readers::family,
            readers::requests,
            readers::last_at,
        ))
        .load(connection)?;
    let mut all: BTreeMap<(String, Option<String>, String), (u64, i64)> = BTreeMap::new();
    for (dataset, client, family, requests, last_at) in found {
        let figures = all.entry((dataset, client, family)).or_default();
        figures.0 += from_db(requests);
        figures.1 = figures.1.max(last_at);
    }
    let mut all = all
        .into_iter()
        .map(|((dataset, client, family), (requests, last_at))| {
            Ok(Read {
                dataset,
                client,
                family,
                requests,
                last_at: time_from_db(last_at)?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    all.sort_by_key(|read| std::cmp::Reverse(read.requests));
    Ok(all)
}

fn add(connection: &mut AnyConnection, reads: &Reads) -> QueryResult<()> {
    let values = (
        readers::dataset_id.eq(reads.dataset),
        readers::client_id.eq(reads.client),
        readers::family.eq(reads.family),
        readers::day.eq(reads.day),
        readers::requests.eq(reads.requests),
        readers::last_at.eq(reads.last_at),
    );
    let key = (
        readers::dataset_id,
        readers::client_id,
        readers::family,
        readers::day,
    );
    let more = (
        readers::requests.eq(readers::requests + reads.requests),
        readers::last_at.eq(reads.last_at),
    );
    insert_or_change!(&mut *connection, readers::table, values, key, more)?;
    for (name, last_at) in &reads.columns {
        let values = (
            reader_columns::dataset_id.eq(reads.dataset),
            reader_columns::client_id.eq(reads.client),
            reader_columns::family.eq(reads.family),
            reader_columns::name.eq(name),
            reader_columns::last_at.eq(last_at),
        );
        let key = (
            reader_columns::dataset_id,
            reader_columns::client_id,
            reader_columns::family,
            reader_columns::name,
        );
        let named = reader_columns::last_at.eq(last_at);
        insert_or_change!(&mut *connection, reader_columns::table, values, key, named)?;
    }
    match reads.columns.is_empty() {
        true => Ok(()),
        false => forget_columns(connection, reads),
    }
}

/// Forgets the columns that were named longest ago, if there are too many. One more is kept than is told, to know that there were more.
fn forget_columns(connection: &mut AnyConnection, reads: &Reads) -> QueryResult<()> {
    let of_reader = || {
        reader_columns::table
            .filter(reader_columns::dataset_id.eq(reads.dataset))
            .filter(reader_columns::client_id.eq(reads.client))
            .filter(reader_columns::family.eq(reads.family))
    };
    let kept = i64::try_from(READER_COLUMNS + 1).unwrap_or(i64::MAX);
    let old: Vec<String> = of_reader()
        .order((reader_columns::last_at.desc(), reader_columns::name))
        .offset(kept)
        // SQLite has no offset without a limit.
        .limit(i64::MAX)
        .select(reader_columns::name)
        .load(connection)?;
    for name in &old {
        let key = (reads.dataset, reads.client, reads.family, name);
        diesel::delete(reader_columns::table.find(key)).execute(connection)?;
    }
    Ok(())
}

/// Identifies a reader: the client's number, and the family.
type Key = (i64, String);

/// Who read a dataset since `day`, the last one first.
pub(crate) fn since(
    connection: &mut AnyConnection,
    dataset: i64,
    day: i64,
) -> Result<Vec<Reader>, StoreError> {
    let found: Vec<(i64, Option<String>, String, i64, i64)> = readers::table
        .left_join(clients::table.on(clients::id.eq(readers::client_id)))
        .filter(readers::dataset_id.eq(dataset))
        .filter(readers::day.ge(day))
        .filter(readers::client_id.eq(0).or(clients::id.is_not_null()))
        .select((
            readers::client_id,
            clients::name.nullable(),
            readers::family,
            readers::requests,
            readers::last_at,
        ))
        .load(connection)?;
    let mut all: BTreeMap<Key, Reader> = BTreeMap::new();
    for (id, client, family, requests, last_at) in found {
        let last_at = time_from_db(last_at)?;
        let reader = all.entry((id, family.clone())).or_insert(Reader {
            client,
            family,
            requests: 0,
            last_at,
            columns: Vec::new(),
            more_columns: false,
        });
        reader.requests += from_db(requests);
        reader.last_at = reader.last_at.max(last_at);
    }
    let named: Vec<(i64, String, String)> = reader_columns::table
        .filter(reader_columns::dataset_id.eq(dataset))
        .filter(reader_columns::last_at.ge(day.saturating_mul(DAY)))
        .order((reader_columns::last_at.desc(), reader_columns::name))
        .select((
            reader_columns::client_id,
            reader_columns::family,
            reader_columns::name,
        ))
        .load(connection)?;
    for (id, family, name) in named {
        if let Some(reader) = all.get_mut(&(id, family)) {
            match reader.columns.len() < READER_COLUMNS {
                true => reader.columns.push(name),
                false => reader.more_columns = true,
            }
        }
    }
    let mut readers: Vec<Reader> = all.into_values().collect();
    readers.sort_by_key(|reader| std::cmp::Reverse(reader.last_at));
    readers.truncate(LISTED);
    readers
        .iter_mut()
        .for_each(|reader| reader.columns.sort_unstable());
    Ok(readers)
}

/// Forgets the readers of a dataset that is deleted.
pub(crate) fn forget_dataset(connection: &mut AnyConnection, dataset: i64) -> QueryResult<()> {
    diesel::delete(readers::table.filter(readers::dataset_id.eq(dataset))).execute(connection)?;
    diesel::delete(reader_columns::table.filter(reader_columns::dataset_id.eq(dataset)))
        .execute(connection)
        .map(drop)
}

/// Forgets old reads.
pub(crate) fn expire(connection: &mut AnyConnection, now: i64) -> QueryResult<()> {
    let before = now - micros(READS_LIVE);
    diesel::delete(readers::table.filter(readers::day.lt(before.div_euclid(DAY))))
        .execute(connection)?;
    diesel::delete(reader_columns::table.filter(reader_columns::last_at.lt(before)))
        .execute(connection)
        .map(drop)
}
