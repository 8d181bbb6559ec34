//! What nobody can reach, or not yet: runs that are being written, runs that no revision reads any more, and their end.
//!
//! A run is noted as being written before its first chunk, and as garbage when its last revision goes; so whatever stops in
//! between, every chunk is either read by a revision or swept some day.

use std::collections::HashSet;

use diesel::prelude::*;

use super::StoreError;
use super::alive;
use super::connection::AnyConnection;
use super::model::Run;
use super::rows::{DatasetRow, RevisionHead, UploadRow};
use super::schema::{chunk_data, chunks, datasets, garbage, revisions, sources, uploads};

/// The garbage before all other.
pub(super) const BEFORE_ALL: Run = Run {
    dataset: i64::MIN,
    number: i64::MIN,
};

/// Notes that a run is being written, so that it is swept should its upload never end.
pub(super) fn insert_upload(
    connection: &mut AnyConnection,
    run: Run,
    here: i64,
) -> QueryResult<()> {
    let now = alive::now(connection, here)?;
    diesel::insert_into(uploads::table)
        .values(UploadRow {
            dataset_id: run.dataset,
            run: run.number,
            started_at: now,
            renewed_at: now,
        })
        .execute(connection)
        .map(drop)
}

/// Whether a run is on the list of those being written.
pub(super) fn upload_is_noted(connection: &mut AnyConnection, run: Run) -> QueryResult<bool> {
    uploads::table
        .find((run.dataset, run.number))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// Takes a run off the list of those being written; says whether it was there.
pub(super) fn delete_upload(connection: &mut AnyConnection, run: Run) -> QueryResult<bool> {
    diesel::delete(uploads::table.find((run.dataset, run.number)))
        .execute(connection)
        .map(|deleted| deleted > 0)
}

/// Forgets the revisions of a dataset up to `last`, and marks the runs that no later one reads as garbage.
///
/// A run is read by revisions that follow one another without a gap: appending keeps it, replacing and compacting drop
/// it for good. So the first revision that stays tells which runs do.
pub(super) fn prune(
    connection: &mut AnyConnection,
    dataset: i64,
    last: i64,
    here: i64,
) -> Result<(), StoreError> {
    let found: Vec<RevisionHead> = revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.le(last + 1))
        .order(revisions::number)
        .select(RevisionHead::as_select())
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
    let since = alive::now(connection, here)?;
    for run in unused.difference(&kept) {
        insert_garbage(connection, *run, since)?;
    }
    Ok(())
}

/// Removes the dataset's row and all its revisions.
pub(super) fn delete_dataset(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    here: i64,
) -> Result<(), StoreError> {
    prune(connection, head.id, head.revision, here)?;
    diesel::delete(datasets::table.find(head.id)).execute(connection)?;
    Ok(())
}

/// Marks a run as garbage.
pub(super) fn insert_garbage(
    connection: &mut AnyConnection,
    run: Run,
    now: i64,
) -> QueryResult<()> {
    diesel::insert_into(garbage::table)
        .values((
            garbage::dataset_id.eq(run.dataset),
            garbage::run.eq(run.number),
            garbage::since.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Marks the runs of uploads whose server was not known to live at `before` or later as garbage since `since`.
pub(super) fn abandon_uploads(
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
        // Whoever receives it may have finished it meanwhile.
        if delete_upload(connection, run)? {
            insert_garbage(connection, run, since)?;
        }
    }
    Ok(runs.len())
}

/// The next runs behind `after`, in the order of the table's key, that have been garbage since before `before`.
pub(super) fn list_garbage(
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
pub(super) fn sweep(connection: &mut AnyConnection, run: Run, limit: i64) -> QueryResult<bool> {
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
