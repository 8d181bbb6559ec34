//! The schema versions of a dataset's revisions.
//!
//! A commit stores the version of its revision. Revisions of earlier releases have none: theirs follow from the revisions before, by the
//! same rules, each time that they are read, until the next commit or maintenance stores them. Earlier releases also remove revisions, so
//! the dataset has the last version that was stored, with a digest of its schema.

use std::time::Duration;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dataset::schema_version::{changes, schema_digest};
use crate::dataset::{Column, Profile, SchemaVersion};
use crate::store::backend::AnyConnection;
use crate::store::backend::dialect::insert_or_change;
use crate::store::error::StoreError;
use crate::store::rows::{DatasetRow, RevisionRow, schema_from_db};
use crate::store::schema::{datasets, former_schemas, revisions};
use crate::store::units::{micros, unreadable};

/// How long the last schema of a deleted dataset is known.
const FORMER_SCHEMAS_LIVE: Duration = Duration::from_hours(400 * 24);
/// The first byte of a stored schema: the version of its encoding.
const ENCODING: u8 = 1;

/// The schema of a revision, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastSchema {
    revision: i64,
    version: SchemaVersion,
    digest: [u8; 16],
}

impl LastSchema {
    pub(super) fn new(revision: i64, version: SchemaVersion, columns: &[Column]) -> Self {
        Self {
            revision,
            version,
            digest: schema_digest(columns),
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![ENCODING]).expect("a schema in short is made of numbers")
    }

    fn decode(stored: &[u8]) -> Result<Self, StoreError> {
        let later = || unreadable("schema", "it was written by a later release");
        match stored.split_first() {
            Some((&ENCODING, rest)) => {
                postcard::from_bytes(rest).map_err(|error| unreadable("schema", error))
            }
            _ => Err(later()),
        }
    }

    fn of(head: &DatasetRow) -> Result<Option<Self>, StoreError> {
        head.last_schema.as_deref().map(Self::decode).transpose()
    }

    /// The version of a later revision with these columns. What came between is not known, so any difference may break clients.
    fn before(&self, columns: &[Column]) -> SchemaVersion {
        match self.digest == schema_digest(columns) {
            true => self.version,
            false => self.version.broken(),
        }
    }
}

/// The version of a revision's schema.
pub(super) fn of(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    revision: &RevisionRow<'_>,
) -> Result<SchemaVersion, StoreError> {
    if let Some(stored) = revision.schema()? {
        return Ok(stored);
    }
    let all = all(connection, head)?;
    let found = all.iter().find(|one| one.number == revision.number);
    // Maintenance may have stored it, or a commit removed the revision, since it was read.
    Ok(found.map_or(SchemaVersion::FIRST, |one| one.version))
}

/// A kept revision with the version of its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Versioned {
    pub(super) number: i64,
    pub(super) version: SchemaVersion,
    /// Whether the version is stored.
    stored: bool,
}

/// The kept revisions of a dataset, in order.
pub(super) fn all(
    connection: &mut AnyConnection,
    head: &DatasetRow,
) -> Result<Vec<Versioned>, StoreError> {
    let found: Vec<(i64, Option<i64>, Option<i64>)> = revisions::table
        .filter(revisions::dataset_id.eq(head.id))
        .order(revisions::number)
        .select((
            revisions::number,
            revisions::schema_major,
            revisions::schema_minor,
        ))
        .load(connection)?;
    let last = LastSchema::of(head)?;
    let mut all: Vec<Versioned> = Vec::with_capacity(found.len());
    // The columns of the revision before, if they were read.
    let mut before: Option<Vec<Column>> = None;
    for (number, major, minor) in found {
        let stored = schema_from_db(major, minor)?;
        let (version, columns) = match stored {
            Some(version) => (version, None),
            None => {
                let columns = columns(connection, head.id, number)?;
                let known = last.as_ref().filter(|last| last.revision < number);
                let version = match (all.last(), known) {
                    (Some(previous), Some(last)) if last.revision > previous.number => {
                        last.before(&columns)
                    }
                    (Some(previous), _) => {
                        let before = match before.take() {
                            Some(before) => before,
                            None => self::columns(connection, head.id, previous.number)?,
                        };
                        previous.version.after(&changes(&before, &columns))
                    }
                    (None, Some(last)) => last.before(&columns),
                    (None, None) => SchemaVersion::FIRST,
                };
                (version, Some(columns))
            }
        };
        before = columns;
        all.push(Versioned {
            number,
            version,
            stored: stored.is_some(),
        });
    }
    Ok(all)
}

/// The number of the newest kept revision whose schema has that MAJOR.
pub(super) fn newest_of(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    major: u32,
) -> Result<Option<i64>, StoreError> {
    let of_dataset = || revisions::table.filter(revisions::dataset_id.eq(head.id));
    let without: i64 = of_dataset()
        .filter(revisions::schema_major.is_null())
        .count()
        .get_result(connection)?;
    if without > 0 {
        let all = all(connection, head)?;
        let mut newest_first = all.iter().rev();
        let found = newest_first.find(|one| one.version.major == major);
        return Ok(found.map(|one| one.number));
    }
    Ok(of_dataset()
        .filter(revisions::schema_major.eq(i64::from(major)))
        .select(diesel::dsl::max(revisions::number))
        .first(connection)?)
}

fn columns(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> Result<Vec<Column>, StoreError> {
    let profile: Vec<u8> = revisions::table
        .find((dataset, number))
        .select(revisions::profile)
        .first(connection)?;
    let profile = Profile::decode(&profile).map_err(|error| unreadable("profile", error))?;
    Ok(profile.columns())
}

/// Stores the versions that a dataset's revisions lack, before it gets another one.
pub(super) fn store_missing(
    connection: &mut AnyConnection,
    head: &DatasetRow,
) -> Result<(), StoreError> {
    match LastSchema::of(head)? {
        // The release that wrote the newest revision stored all versions.
        Some(last) if last.revision == head.revision => Ok(()),
        _ => store(connection, head),
    }
}

/// Stores the versions that a dataset's revisions lack.
pub(super) fn store(connection: &mut AnyConnection, head: &DatasetRow) -> Result<(), StoreError> {
    let all = all(connection, head)?;
    for one in all.iter().filter(|one| !one.stored) {
        diesel::update(revisions::table.find((head.id, one.number)))
            .set((
                revisions::schema_major.eq(i64::from(one.version.major)),
                revisions::schema_minor.eq(i64::from(one.version.minor)),
            ))
            .execute(connection)?;
    }
    let Some(newest) = all.last() else {
        return Ok(());
    };
    let columns = columns(connection, head.id, newest.number)?;
    let last = LastSchema::new(newest.number, newest.version, &columns);
    diesel::update(datasets::table.find(head.id))
        .set(datasets::last_schema.eq(last.encode()))
        .execute(connection)?;
    Ok(())
}

/// The version of a new dataset's schema. It continues those of a deleted dataset of that name, so that a client of that one is not
/// given something else under the same version.
pub(super) fn of_new(
    connection: &mut AnyConnection,
    name: &str,
    columns: &[Column],
) -> Result<SchemaVersion, StoreError> {
    let found: Option<Vec<u8>> = former_schemas::table
        .find(name)
        .select(former_schemas::last_schema)
        .first(connection)
        .optional()?;
    match found {
        Some(stored) => Ok(LastSchema::decode(&stored)?.before(columns)),
        None => Ok(SchemaVersion::FIRST),
    }
}

/// Notes the last schema of a dataset that is being deleted.
pub(super) fn note_former(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    now: i64,
) -> Result<(), StoreError> {
    let last = match LastSchema::of(head)? {
        Some(last) if last.revision == head.revision => last,
        _ => {
            let columns = columns(connection, head.id, head.revision)?;
            let all = all(connection, head)?;
            let newest = all.last().map_or(SchemaVersion::FIRST, |one| one.version);
            LastSchema::new(head.revision, newest, &columns)
        }
    };
    let values = (
        former_schemas::name.eq(&head.name),
        former_schemas::last_schema.eq(last.encode()),
        former_schemas::since.eq(now),
    );
    let change = (
        former_schemas::last_schema.eq(last.encode()),
        former_schemas::since.eq(now),
    );
    insert_or_change!(
        &mut *connection,
        former_schemas::table,
        values,
        former_schemas::name,
        change
    )?;
    Ok(())
}

/// Forgets the schemas of datasets that were deleted long ago.
pub(crate) fn forget_former(connection: &mut AnyConnection, now: i64) -> QueryResult<usize> {
    let old = former_schemas::since.lt(now - micros(FORMER_SCHEMAS_LIVE));
    diesel::delete(former_schemas::table.filter(old)).execute(connection)
}
