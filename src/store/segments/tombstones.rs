//! Tombstones: runs that are being written, runs that no revision reads any more, and their deletion.
//!
//! A run is noted as being written before its first block, and gets a tombstone when its last revision goes. So whatever stops in
//! between, every block is either read by a revision or collected some day.

use std::collections::HashSet;

use diesel::prelude::*;

use super::list::Run;
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::rows::{DatasetRow, RevisionRow};
use crate::store::schema::{chunk_data, chunks, datasets, garbage, revisions, sources, uploads};

/// The run before that of every tombstone.
pub(crate) const BEFORE_ALL: Run = Run {
    dataset: i64::MIN,
    number: i64::MIN,
};

/// Notes that a run is being written, so that it is collected if its upload never ends.
pub(crate) fn insert_upload(connection: &mut AnyConnection, run: Run, now: i64) -> QueryResult<()> {
    diesel::insert_into(uploads::table)
        .values((
            uploads::dataset_id.eq(run.dataset),
            uploads::run.eq(run.number),
            uploads::started_at.eq(now),
            uploads::renewed_at.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Whether a run is on the list of those being written.
pub(crate) fn upload_is_noted(connection: &mut AnyConnection, run: Run) -> QueryResult<bool> {
    uploads::table
        .find((run.dataset, run.number))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// Takes a run off the list of those being written; says whether it was there.
pub(crate) fn delete_upload(connection: &mut AnyConnection, run: Run) -> QueryResult<bool> {
    diesel::delete(uploads::table.find((run.dataset, run.number)))
        .execute(connection)
        .map(|deleted| deleted > 0)
}

/// Forgets the revisions of a dataset up to `last`, and gives the runs that no later one reads their tombstones.
///
/// A run is read by revisions that follow one another without a gap: appending keeps it, replacing and compacting drop
/// it for good. So the first revision that stays tells which runs do.
pub(crate) fn prune(
    connection: &mut AnyConnection,
    dataset: i64,
    last: i64,
    since: i64,
) -> Result<(), StoreError> {
    let found: Vec<RevisionRow<'_>> = revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.le(last + 1))
        .order(revisions::number)
        .select(RevisionRow::as_select())
        .load(connection)?;
    let (mut unused, mut kept) = (HashSet::new(), HashSet::new());
    for revision in &found {
        let runs = if revision.number <= last {
            &mut unused
        } else {
            &mut kept
        };
        runs.extend(revision.segments()?.iter().map(|segment| segment.run));
    }
    if unused.is_empty() {
        return Ok(());
    }
    diesel::delete(
        revisions::table
            .filter(revisions::dataset_id.eq(dataset))
            .filter(revisions::number.le(last)),
    )
    .execute(connection)?;
    for run in unused.difference(&kept) {
        insert(connection, *run, since)?;
    }
    Ok(())
}

/// Removes the dataset's row and all its revisions.
pub(crate) fn delete_dataset(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    since: i64,
) -> Result<(), StoreError> {
    prune(connection, head.id, head.revision, since)?;
    diesel::delete(datasets::table.find(head.id)).execute(connection)?;
    Ok(())
}

/// Gives a run its tombstone.
pub(crate) fn insert(connection: &mut AnyConnection, run: Run, now: i64) -> QueryResult<()> {
    diesel::insert_into(garbage::table)
        .values((
            garbage::dataset_id.eq(run.dataset),
            garbage::run.eq(run.number),
            garbage::since.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Gives the runs of uploads whose process has been silent since before `before` their tombstones.
pub(crate) fn abandon_uploads(
    connection: &mut AnyConnection,
    before: i64,
    since: i64,
) -> QueryResult<usize> {
    let runs: Vec<(i64, i64)> = uploads::table
        .filter(uploads::renewed_at.lt(before))
        .order((uploads::dataset_id, uploads::run))
        .select((uploads::dataset_id, uploads::run))
        .load(connection)?;
    for &(dataset, number) in &runs {
        let run = Run { dataset, number };
        // Its upload may have ended meanwhile.
        if delete_upload(connection, run)? {
            insert(connection, run, since)?;
        }
    }
    Ok(runs.len())
}

/// The next runs behind `after`, in the order of the table's key, whose tombstones are older than `before`.
pub(crate) fn list(
    connection: &mut AnyConnection,
    before: i64,
    after: Run,
    limit: usize,
) -> QueryResult<Vec<Run>> {
    let found: Vec<(i64, i64)> = garbage::table
        .filter(garbage::since.lt(before))
        // The first of the two conditions is the one that the index answers.
        .filter(garbage::dataset_id.ge(after.dataset))
        .filter(
            garbage::dataset_id
                .gt(after.dataset)
                .or(garbage::run.gt(after.number)),
        )
        .order((garbage::dataset_id, garbage::run))
        .select((garbage::dataset_id, garbage::run))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(connection)?;
    Ok(found
        .into_iter()
        .map(|(dataset, number)| Run { dataset, number })
        .collect())
}

/// Deletes at most `limit` chunks and as many source blocks of a run; says whether the run is gone.
pub(crate) fn delete_some(
    connection: &mut AnyConnection,
    run: Run,
    limit: i64,
) -> QueryResult<bool> {
    let of_run = chunks::table
        .filter(chunks::dataset_id.eq(run.dataset))
        .filter(chunks::run.eq(run.number));
    let found: Vec<(i64, i64, i64)> = of_run
        .order(chunks::first_row)
        .select((chunks::first_row, chunks::seq, chunks::first_byte))
        .limit(limit)
        .load(connection)?;
    for &(first_row, seq, first_byte) in &found {
        diesel::delete(chunk_data::table.find((run.dataset, run.number, first_byte)))
            .execute(connection)?;
        diesel::delete(chunks::table.find((run.dataset, run.number, first_row, seq)))
            .execute(connection)?;
    }
    let of_source = sources::table
        .filter(sources::dataset_id.eq(run.dataset))
        .filter(sources::run.eq(run.number));
    let blocks: Vec<i64> = of_source
        .select(sources::first_byte)
        .limit(limit)
        .load(connection)?;
    for &first_byte in &blocks {
        diesel::delete(sources::table.find((run.dataset, run.number, first_byte)))
            .execute(connection)?;
    }
    let done = found.is_empty() && blocks.is_empty();
    if done {
        diesel::delete(garbage::table.find((run.dataset, run.number))).execute(connection)?;
    }
    Ok(done)
}
