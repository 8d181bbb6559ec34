//! Copies everything but segments in one transaction: datasets, their descriptions, revisions, secrets, answers of idempotency keys, and clients. Also
//! keeps the marker of the copy's phase.

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::super::opened::UpkeepError;
use super::super::tables::{
    self, ClientCopy, ClientKeyCopy, DefaultVersionCopy, ExtensionCopy, FormerSchemaCopy, KeyCopy,
    LimitCopy, MoveCopy, NoticeCopy, ReaderColumnCopy, ReadsCopy, RefusalCopy, SecretCopy,
    SunsetCopy, UsageCopy,
};
use crate::store::backend::{Address, AnyConnection, connection};
use crate::store::catalog::{descriptions as described, queries};
use crate::store::schema::{
    client_extensions, client_keys, client_limits, client_moves, clients, datasets,
    default_versions, derived_files, descriptions, former_schemas, garbage, idempotency_keys,
    leases, notices, reader_columns, readers, refusals, revisions, secrets, servers, sunsets,
    uploads, usage,
};
use crate::store::secrets::{self as shared, COPY_MARKER, CURSOR_KEY};

/// Copies all rows of a small table.
macro_rules! copy_table {
    ($table:ident, $row:ty, $source:expr, $target:expr) => {
        let found: Vec<$row> = $table::table.select($table::all_columns).load($source)?;
        for row in found {
            diesel::insert_into($table::table)
                .values(row)
                .execute($target)?;
        }
    };
}

/// How many keys are read at once.
const KEYS: i64 = 64;

/// The phase in which segments are copied. There are no datasets yet.
const COPYING: u8 = 0;
/// The phase in which the copy is read back.
const READING_BACK: u8 = 1;

/// The marker of a copy from this source: a digest that identifies the source without revealing a secret, and the phase.
fn marker(source: &mut AnyConnection, phase: u8) -> QueryResult<Vec<u8>> {
    let key = shared::find(source, CURSOR_KEY)?.unwrap_or_default();
    let mut marker = Sha256::digest(key).to_vec();
    marker.push(phase);
    Ok(marker)
}

/// Marks the target as an unfinished copy of this source. Refuses a target that has datasets, or an unfinished copy of another store.
pub(super) fn begin(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
    to: &Address,
) -> Result<(), UpkeepError> {
    let mark = marker(source, COPYING)?;
    connection::write(target, |target| {
        let found = shared::find(target, COPY_MARKER)?;
        let same = |found: &Vec<u8>| found.split_last().map(|(_, store)| store) == mark.get(..32);
        if found.as_ref().is_some_and(|found| !same(found)) {
            return Err(UpkeepError::OtherCopy {
                target: to.to_string(),
            });
        }
        if found.is_some_and(|found| found.last() == Some(&READING_BACK)) {
            clear(target)?;
        }
        refuse_datasets(target, to)?;
        set_marker(target, mark)
    })
}

/// Replaces the target's contents, except segments, by the source's.
pub(super) fn write(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
    to: &Address,
) -> Result<(), UpkeepError> {
    connection::write(target, |target| {
        refuse_datasets(target, to)?;
        clear(target)?;
        copy_datasets(source, target)?;
        copy_keys(source, target)?;
        // These tables are small: the operator makes the clients, and usage is counted per day and for a month.
        copy_table!(former_schemas, FormerSchemaCopy, source, target);
        copy_table!(secrets, SecretCopy, source, target);
        copy_table!(clients, ClientCopy, source, target);
        copy_table!(client_keys, ClientKeyCopy, source, target);
        copy_table!(client_moves, MoveCopy, source, target);
        copy_table!(client_extensions, ExtensionCopy, source, target);
        copy_table!(client_limits, LimitCopy, source, target);
        copy_table!(usage, UsageCopy, source, target);
        copy_table!(refusals, RefusalCopy, source, target);
        copy_table!(readers, ReadsCopy, source, target);
        copy_table!(reader_columns, ReaderColumnCopy, source, target);
        copy_table!(sunsets, SunsetCopy, source, target);
        copy_table!(default_versions, DefaultVersionCopy, source, target);
        copy_table!(notices, NoticeCopy, source, target);
        set_marker(target, marker(source, READING_BACK)?)
    })
}

/// Removes the marker: the copy is complete.
pub(super) fn finish(target: &mut AnyConnection) -> Result<(), UpkeepError> {
    connection::write(target, |target| {
        diesel::delete(secrets::table.find(COPY_MARKER)).execute(target)?;
        Ok(())
    })
}

fn refuse_datasets(target: &mut AnyConnection, to: &Address) -> Result<(), UpkeepError> {
    match queries::count(target)? {
        0 => Ok(()),
        _ => Err(UpkeepError::NotEmpty {
            target: to.to_string(),
        }),
    }
}

fn set_marker(target: &mut AnyConnection, value: Vec<u8>) -> Result<(), UpkeepError> {
    diesel::delete(secrets::table.find(COPY_MARKER)).execute(target)?;
    let name = COPY_MARKER.to_owned();
    diesel::insert_into(secrets::table)
        .values(SecretCopy { name, value })
        .execute(target)?;
    Ok(())
}

/// Deletes everything but the segments.
fn clear(target: &mut AnyConnection) -> QueryResult<()> {
    diesel::delete(datasets::table).execute(target)?;
    diesel::delete(descriptions::table).execute(target)?;
    diesel::delete(revisions::table).execute(target)?;
    diesel::delete(former_schemas::table).execute(target)?;
    diesel::delete(secrets::table).execute(target)?;
    diesel::delete(idempotency_keys::table).execute(target)?;
    diesel::delete(uploads::table).execute(target)?;
    diesel::delete(derived_files::table).execute(target)?;
    diesel::delete(garbage::table).execute(target)?;
    diesel::delete(leases::table).execute(target)?;
    diesel::delete(clients::table).execute(target)?;
    diesel::delete(client_keys::table).execute(target)?;
    diesel::delete(client_moves::table).execute(target)?;
    diesel::delete(client_extensions::table).execute(target)?;
    diesel::delete(client_limits::table).execute(target)?;
    diesel::delete(usage::table).execute(target)?;
    diesel::delete(refusals::table).execute(target)?;
    diesel::delete(readers::table).execute(target)?;
    diesel::delete(reader_columns::table).execute(target)?;
    diesel::delete(servers::table).execute(target)?;
    diesel::delete(sunsets::table).execute(target)?;
    diesel::delete(default_versions::table).execute(target)?;
    diesel::delete(notices::table).execute(target)?;
    Ok(())
}

fn copy_datasets(source: &mut AnyConnection, target: &mut AnyConnection) -> QueryResult<()> {
    let mut last = -1;
    while let Some(dataset) = tables::next_dataset(source, last)? {
        last = dataset.id;
        let mut newest = -1;
        while let Some(revision) = tables::next_revision(source, last, newest)? {
            newest = revision.number;
            diesel::insert_into(revisions::table)
                .values(revision)
                .execute(target)?;
        }
        diesel::insert_into(datasets::table)
            .values(dataset)
            .execute(target)?;
        if let Some(description) = described::find(source, last)? {
            described::insert(target, description)?;
        }
    }
    Ok(())
}

/// Copies the idempotency keys that have an answer. Requests in flight stay with the source.
fn copy_keys(source: &mut AnyConnection, target: &mut AnyConnection) -> QueryResult<()> {
    let mut after = (String::new(), String::new());
    loop {
        let (scope, key) = &after;
        let found: Vec<KeyCopy> = idempotency_keys::table
            .filter(idempotency_keys::answer.is_not_null())
            .filter(idempotency_keys::scope.ge(scope))
            .filter(
                idempotency_keys::scope
                    .gt(scope)
                    .or(idempotency_keys::key.gt(key)),
            )
            .order((idempotency_keys::scope, idempotency_keys::key))
            .limit(KEYS)
            .select(idempotency_keys::all_columns)
            .load(source)?;
        let Some(last) = found.last() else {
            return Ok(());
        };
        after = (last.scope.clone(), last.key.clone());
        for key in found {
            diesel::insert_into(idempotency_keys::table)
                .values(key)
                .execute(target)?;
        }
    }
}
