//! Compares the datasets and revisions of two stores.

use super::tables;
use crate::store::backend::AnyConnection;
use crate::store::catalog::descriptions;
use crate::store::error::StoreError;
use crate::store::rows::{DatasetRow, RevisionRow};

/// The first difference between two stores. `None`: they are equal.
pub(super) fn difference(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
) -> Result<Option<String>, StoreError> {
    let mut after = -1;
    loop {
        let here = tables::next_dataset(source, after)?;
        let there = tables::next_dataset(target, after)?;
        match (here, there) {
            (None, None) => return Ok(None),
            (Some(here), Some(there)) if same_dataset(&here, &there) => {
                if document(source, here.id)? != document(target, here.id)? {
                    return Ok(Some(format!("the description of {} differs", here.name)));
                }
                if let Some(number) = other_revision(source, target, here.id)? {
                    let name = here.name;
                    return Ok(Some(format!("revision {number} of {name} differs")));
                }
                after = here.id;
            }
            (Some(one), _) | (None, Some(one)) => {
                return Ok(Some(format!("only one of them has {}", one.name)));
            }
        }
    }
}

fn same_dataset(here: &DatasetRow, there: &DatasetRow) -> bool {
    let facts = |row: &DatasetRow| {
        let times = (row.created_at, row.updated_at);
        (row.id, row.revision, row.owner, row.description, times)
    };
    facts(here) == facts(there) && here.name == there.name
}

/// The number and the text of a dataset's description.
fn document(
    connection: &mut AnyConnection,
    dataset: i64,
) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let found = descriptions::find(connection, dataset)?;
    Ok(found.map(|row| (row.number, row.document.into_owned())))
}

/// The number of the first revision of a dataset that differs.
fn other_revision(
    source: &mut AnyConnection,
    target: &mut AnyConnection,
    dataset: i64,
) -> Result<Option<i64>, StoreError> {
    let mut after = -1;
    loop {
        let here = tables::next_revision(source, dataset, after)?;
        let there = tables::next_revision(target, dataset, after)?;
        match (here, there) {
            (None, None) => return Ok(None),
            (Some(here), Some(there)) if same_revision(&here, &there) => after = here.number,
            (Some(one), _) | (None, Some(one)) => return Ok(Some(one.number)),
        }
    }
}

fn same_revision(here: &RevisionRow<'_>, there: &RevisionRow<'_>) -> bool {
    let facts = |row: &RevisionRow<'_>| (row.number, row.run, row.row_count, row.byte_count);
    let schema = |row: &RevisionRow<'_>| (row.schema_major, row.schema_minor);
    facts(here) == facts(there)
        && schema(here) == schema(there)
        && here.sha256 == there.sha256
        && here.segments == there.segments
}
