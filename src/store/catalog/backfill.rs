//! Follows up servers of earlier releases: stores the schema versions of revisions that they wrote, one dataset after the other, and
//! removes the descriptions of datasets that they deleted.

use diesel::prelude::*;

use super::{descriptions, queries, schema_versions};
use crate::store::backend::{AnyConnection, Transaction, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::schema::revisions;

/// The first dataset after `after` that has a revision without a version.
fn next_without(connection: &mut AnyConnection, after: i64) -> QueryResult<Option<i64>> {
    revisions::table
        .filter(revisions::schema_major.is_null())
        .filter(revisions::dataset_id.gt(after))
        .order(revisions::dataset_id)
        .select(revisions::dataset_id)
        .first(connection)
        .optional()
}

/// Stores the versions that the next dataset after `after` lacks. Returns that dataset, or `None` after the last one.
pub(crate) async fn store_next(handle: &Store, after: i64) -> Result<Option<i64>, StoreError> {
    let backend = handle.backend();
    let found = backend.read(move |connection| Ok(next_without(connection, after)?));
    let Some(dataset) = found.await? else {
        // Usually there are none, and other writes need not wait for a look.
        if backend
            .read(|connection| Ok(descriptions::are_lost(connection)?))
            .await?
        {
            let write = |tx: &mut Transaction<'_>| Ok(descriptions::delete_lost(tx)?);
            backend.write(WriteOptions::ORDINARY, write).await?;
        }
        return Ok(None);
    };
    let write = backend.write(WriteOptions::ORDINARY, move |tx| {
        match queries::head_of(tx, dataset)? {
            Some(head) => Ok(schema_versions::store(tx, &head)?),
            // It was deleted meanwhile.
            None => Ok(()),
        }
    });
    match write.await {
        Ok(()) => Ok(Some(dataset)),
        // Reading the dataset says so, too.
        Err(unreadable @ StoreError::Unreadable { .. }) => {
            log::debug!("dataset number {dataset} has no schema versions: {unreadable}");
            Ok(Some(dataset))
        }
        Err(error) => Err(error),
    }
}
