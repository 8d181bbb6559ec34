//! Looks up newest revisions, several at once. What did not change since it was read last is not read again.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::queries::{self, newest_revisions};
use crate::dataset::DatasetName;
use crate::store::backend::AnyConnection;
use crate::store::backend::dialect::load_listed;
use crate::store::backend::heads::{Head, Heads};
use crate::store::error::StoreError;
use crate::store::model::Dataset;
use crate::store::rows::{DatasetRow, RevisionRow, schema_from_db};
use crate::store::schema::{datasets, revisions};
use crate::store::segments::list::{SegmentId, SegmentList};
use crate::store::units::{time_from_db, to_db};

/// How many datasets are read at a time: the columns of one may take many KiB.
const TOGETHER: usize = 16;

/// What may change of a dataset and of its newest revision.
#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
struct Changing {
    run: i64,
    segments: Option<Vec<u8>>,
    schema_major: Option<i64>,
    schema_minor: Option<i64>,
}

/// The datasets of these names, as of their newest revisions, in any order.
pub(crate) fn find(
    connection: &mut AnyConnection,
    names: &[DatasetName],
    heads: &Heads,
) -> Result<Vec<(DatasetName, Head)>, StoreError> {
    let mut seen: HashMap<&str, Arc<Dataset>> = names
        .iter()
        .filter_map(|name| Some((name.as_str(), heads.get(name)?)))
        .collect();
    let mut found = Vec::with_capacity(names.len());
    if !seen.is_empty() {
        let listed: Vec<&str> = seen.keys().copied().collect();
        let now: Vec<(DatasetRow, Changing)> = load_listed!(
            &mut *connection,
            newest_revisions()
                .filter(datasets::name.eq_any(listed))
                .select((DatasetRow::as_select(), Changing::as_select()))
        )?;
        let now: HashMap<&str, _> = now.iter().map(|now| (now.0.name.as_str(), now)).collect();
        seen.retain(|name, dataset| match now.get(name) {
            Some((row, changing)) => is_still(dataset, row, changing),
            // It was deleted. That is known now.
            None => true,
        });
        for name in names {
            if let (Some(dataset), true) =
                (seen.get(name.as_str()), now.contains_key(name.as_str()))
            {
                found.push((name.clone(), Ok(Arc::clone(dataset))));
            }
        }
    }
    let unseen: Vec<&DatasetName> = names
        .iter()
        .filter(|name| !seen.contains_key(name.as_str()))
        .collect();
    for names in unseen.chunks(TOGETHER) {
        read(connection, names, heads, &mut found)?;
    }
    Ok(found)
}

/// Reads datasets, and caches them.
fn read(
    connection: &mut AnyConnection,
    names: &[&DatasetName],
    heads: &Heads,
    found: &mut Vec<(DatasetName, Head)>,
) -> Result<(), StoreError> {
    let listed: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let rows: Vec<(DatasetRow, RevisionRow<'_>)> = load_listed!(
        &mut *connection,
        newest_revisions()
            .filter(datasets::name.eq_any(listed))
            .select((DatasetRow::as_select(), RevisionRow::as_select()))
    )?;
    for (row, revision) in rows {
        let Some(name) = names.iter().find(|name| name.as_str() == row.name) else {
            continue;
        };
        let dataset = queries::into_dataset(connection, &row, revision).map(Arc::new);
        if let Ok(dataset) = &dataset {
            heads.set(Arc::clone(dataset));
        }
        found.push(((*name).clone(), dataset));
    }
    Ok(())
}

/// Whether a dataset is still as it was when it was read.
fn is_still(seen: &Dataset, row: &DatasetRow, now: &Changing) -> bool {
    let made_by = SegmentId {
        dataset: row.id,
        number: now.run,
    };
    let segments = || {
        let (rows, bytes) = (to_db(seen.rows), to_db(seen.bytes));
        SegmentList::of(made_by, rows, bytes, now.segments.as_deref())
    };
    let schema = || schema_from_db(now.schema_major, now.schema_minor);
    seen.made_by == made_by
        && seen.revision == row.revision
        && seen.description == row.description
        && seen.owner == row.owner
        && seen.schema_changes == row.schema_changes()
        // A version that is not stored yet follows from the revisions before.
        && schema().is_ok_and(|schema| schema.is_none_or(|schema| schema == seen.schema))
        && segments().is_some_and(|segments| segments == seen.segments)
        && time_from_db(row.created_at).is_ok_and(|created| created == seen.created_at)
}
