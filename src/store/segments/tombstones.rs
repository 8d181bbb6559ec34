//! Tombstones of segments that no revision reads any more, and notes on segments that are being written.
//!
//! A segment is noted as being written before its first block is. It gets a tombstone when its last revision is deleted, or when its
//! upload is abandoned. So even after a crash, each block is either read by a revision or collected.

use std::collections::HashSet;

use diesel::prelude::*;

use super::columns::statements;
use super::list::SegmentId;
use crate::store::backend::AnyConnection;
use crate::store::catalog::{descriptions, queries};
use crate::store::error::StoreError;
use crate::store::rows::{DatasetRow, SegmentsRow};
use crate::store::schema::{chunk_data, chunks, datasets, garbage, revisions, sources, uploads};

/// The id before the ids of all segments.
pub(crate) const BEFORE_ALL: SegmentId = SegmentId {
    dataset: i64::MIN,
    number: i64::MIN,
};

/// Notes that a segment is being written, so that it is collected if its upload is interrupted.
pub(crate) fn insert_upload(
    connection: &mut AnyConnection,
    segment: SegmentId,
    now: i64,
) -> QueryResult<()> {
    diesel::insert_into(uploads::table)
        .values((
            uploads::dataset_id.eq(segment.dataset),
            uploads::run.eq(segment.number),
            uploads::started_at.eq(now),
            uploads::renewed_at.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Whether a segment is noted as being written.
pub(crate) fn upload_is_noted(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<bool> {
    uploads::table
        .find((segment.dataset, segment.number))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// Deletes the note that a segment is being written. Returns whether there was one.
pub(crate) fn delete_upload(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<bool> {
    diesel::delete(uploads::table.find((segment.dataset, segment.number)))
        .execute(connection)
        .map(|deleted| deleted > 0)
}

/// Deletes the revisions of a dataset up to number `last`, except the newest one of each MAJOR of the schema from `first_major` on.
/// Segments that no revision reads any more get tombstones.
///
/// The revisions that read a segment follow each other without a gap, apart from deleted ones: an append keeps it, and a replacement or a
/// compaction drops it for ever. So the revisions up to the one behind `last` have all segments of the deleted ones that are still read.
pub(crate) fn prune(
    connection: &mut AnyConnection,
    dataset: i64,
    last: i64,
    first_major: i64,
    since: i64,
) -> Result<(), StoreError> {
    let mut found = queries::segments(connection, dataset, 0, last + 1)?;
    // If fewer revisions were kept before, the one behind `last` may be missing.
    if found.last().is_some_and(|found| found.number <= last)
        && let Some(next) = queries::number_after(connection, dataset, last)?
    {
        found.extend(queries::segments(connection, dataset, next, next)?);
    }
    let (mut unused, mut kept) = (HashSet::new(), HashSet::new());
    let mut retained = Vec::new();
    for (at, revision) in found.iter().enumerate() {
        let newer = found.get(at + 1).map_or(i64::MAX, SegmentsRow::major);
        let is_last_of_major = (first_major..newer).contains(&revision.major());
        let segments = match revision.number <= last {
            true if is_last_of_major => {
                retained.push(revision.number);
                &mut kept
            }
            true => &mut unused,
            false => &mut kept,
        };
        segments.extend(revision.segments()?.iter().map(|segment| segment.id));
    }
    if unused.is_empty() {
        return Ok(());
    }
    diesel::delete(
        revisions::table
            .filter(revisions::dataset_id.eq(dataset))
            .filter(revisions::number.le(last))
            .filter(revisions::number.ne_all(retained)),
    )
    .execute(connection)?;
    for segment in unused.difference(&kept) {
        insert(connection, *segment, since)?;
    }
    Ok(())
}

/// Deletes a dataset and all its revisions.
pub(crate) fn delete_dataset(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    since: i64,
) -> Result<(), StoreError> {
    prune(connection, head.id, head.revision, i64::MAX, since)?;
    diesel::delete(datasets::table.find(head.id)).execute(connection)?;
    descriptions::delete(connection, head.id)?;
    Ok(())
}

/// Gives a segment its tombstone.
pub(crate) fn insert(
    connection: &mut AnyConnection,
    segment: SegmentId,
    now: i64,
) -> QueryResult<()> {
    diesel::insert_into(garbage::table)
        .values((
            garbage::dataset_id.eq(segment.dataset),
            garbage::run.eq(segment.number),
            garbage::since.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Abandons the uploads whose last heartbeat is older than `before`: their segments get tombstones. Returns their number.
pub(crate) fn abandon_uploads(
    connection: &mut AnyConnection,
    before: i64,
    since: i64,
) -> QueryResult<usize> {
    let segments: Vec<(i64, i64)> = uploads::table
        .filter(uploads::renewed_at.lt(before))
        .order((uploads::dataset_id, uploads::run))
        .select((uploads::dataset_id, uploads::run))
        .load(connection)?;
    for &(dataset, number) in &segments {
        let segment = SegmentId { dataset, number };
        // The upload may have ended meanwhile.
        if delete_upload(connection, segment)? {
            insert(connection, segment, since)?;
        }
    }
    Ok(segments.len())
}

/// The segments that follow `after`, in ascending order, whose tombstones are older than `before`.
pub(crate) fn list(
    connection: &mut AnyConnection,
    before: i64,
    after: SegmentId,
    limit: usize,
) -> QueryResult<Vec<SegmentId>> {
    let found: Vec<(i64, i64)> = garbage::table
        .filter(garbage::since.lt(before))
        // Only the first of the two conditions can use the index.
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
        .map(|(dataset, number)| SegmentId { dataset, number })
        .collect())
}

/// Deletes at most `limit` blocks of a segment, and as many source blocks and column chunks. Returns whether the segment is gone.
pub(crate) fn delete_some(
    connection: &mut AnyConnection,
    segment: SegmentId,
    limit: i64,
) -> QueryResult<bool> {
    let of_segment = chunks::table
        .filter(chunks::dataset_id.eq(segment.dataset))
        .filter(chunks::run.eq(segment.number));
    let found: Vec<(i64, i64, i64)> = of_segment
        .order(chunks::first_row)
        .select((chunks::first_row, chunks::seq, chunks::first_byte))
        .limit(limit)
        .load(connection)?;
    for &(first_row, seq, first_byte) in &found {
        diesel::delete(chunk_data::table.find((segment.dataset, segment.number, first_byte)))
            .execute(connection)?;
        diesel::delete(chunks::table.find((segment.dataset, segment.number, first_row, seq)))
            .execute(connection)?;
    }
    let of_source = sources::table
        .filter(sources::dataset_id.eq(segment.dataset))
        .filter(sources::run.eq(segment.number));
    let source_blocks: Vec<i64> = of_source
        .select(sources::first_byte)
        .limit(limit)
        .load(connection)?;
    for &first_byte in &source_blocks {
        diesel::delete(sources::table.find((segment.dataset, segment.number, first_byte)))
            .execute(connection)?;
    }
    let had_columns = statements::delete_some(connection, segment, limit)?;
    let done = found.is_empty() && source_blocks.is_empty() && !had_columns;
    if done {
        diesel::delete(garbage::table.find((segment.dataset, segment.number)))
            .execute(connection)?;
    }
    Ok(done)
}
