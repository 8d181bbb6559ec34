//! The statements on column chunks. All block the thread, so call them on a thread of the backend.

use std::borrow::Cow;

use diesel::prelude::*;

use crate::dataset::columns::BuiltGroup;
use crate::dataset::{block, zone_map};
use crate::store::backend::AnyConnection;
use crate::store::backend::dialect::{first_locked, insert_all, insert_unless_there};
use crate::store::rows::{BlockPlace, ColumnChunkRow, PackedRow, SegmentsRow};
use crate::store::schema::{chunk_data, chunks, column_chunks, datasets, garbage, revisions};
use crate::store::segments::list::SegmentId;
use crate::store::segments::queries::{self, BlockKey};
use crate::store::units::to_db;

/// The place of what is known of a row group.
const GROUP: i64 = -1;
/// The place of the note which server builds.
const BUILDER: i64 = -2;

/// A row group: its first row, its digest, and its stored form.
pub(super) type StoredGroup = (i64, Vec<u8>, Vec<u8>);

/// A block with its zone maps and its packed text.
pub(super) type FullBlock = (BlockKey, BlockPlace, Vec<u8>, PackedRow<'static>);

/// The row groups of a segment, in order.
pub(super) fn groups(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<Vec<StoredGroup>> {
    of_column(segment, GROUP)
        .select((
            column_chunks::first_row,
            column_chunks::digest,
            column_chunks::data,
        ))
        .load(connection)
}

/// The stored zone maps of a column, by row group.
pub(super) fn stats(
    connection: &mut AnyConnection,
    segment: SegmentId,
    place: i64,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    of_column(segment, place)
        .select((column_chunks::first_row, column_chunks::stats))
        .load(connection)
}

/// The chunks of some columns in some row groups.
pub(crate) fn chunks(
    connection: &mut AnyConnection,
    segment: SegmentId,
    places: Vec<i64>,
    first_rows: Vec<i64>,
) -> QueryResult<Vec<ColumnChunkRow<'static>>> {
    column_chunks::table
        .filter(column_chunks::dataset_id.eq(segment.dataset))
        .filter(column_chunks::run.eq(segment.number))
        .filter(column_chunks::place.eq_any(places))
        .filter(column_chunks::first_row.eq_any(first_rows))
        .select(column_chunks::all_columns)
        .load(connection)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of_column(segment: SegmentId, place: i64) -> _ {
    let dataset: i64 = segment.dataset;
    let number: i64 = segment.number;
    column_chunks::table
        .filter(column_chunks::dataset_id.eq(dataset))
        .filter(column_chunks::run.eq(number))
        .filter(column_chunks::place.eq(place))
        .order(column_chunks::first_row)
}

/// The next blocks of a segment after `after`, in order, each with zone maps and text.
pub(super) fn next_blocks(
    connection: &mut AnyConnection,
    segment: SegmentId,
    after: BlockKey,
    limit: i64,
) -> QueryResult<Vec<FullBlock>> {
    queries::blocks_after(segment, after)
        .limit(limit)
        .select((
            (chunks::first_row, chunks::seq),
            BlockPlace::as_select(),
            chunks::stats,
            chunk_data::all_columns,
        ))
        .load(connection)
}

/// The newest revisions of some datasets after dataset `after`, with the segments that they read.
pub(super) fn next_revisions(
    connection: &mut AnyConnection,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(String, SegmentsRow)>> {
    datasets::table
        .inner_join(
            revisions::table.on(revisions::dataset_id
                .eq(datasets::id)
                .and(revisions::number.eq(datasets::revision))),
        )
        .filter(datasets::id.gt(after))
        .order(datasets::id)
        .limit(limit)
        .select((datasets::name, SegmentsRow::as_select()))
        .load(connection)
}

/// Whether a segment has a tombstone.
pub(super) fn is_gone(connection: &mut AnyConnection, segment: SegmentId) -> QueryResult<bool> {
    garbage::table
        .find((segment.dataset, segment.number))
        .count()
        .get_result::<i64>(connection)
        .map(|count| count > 0)
}

/// Claims a segment for the process `holder`, which builds its columns. `false`: another process, that was heard of after `before`, has it.
pub(super) fn claim(
    connection: &mut AnyConnection,
    segment: SegmentId,
    (holder, before, now): (i64, i64, i64),
) -> QueryResult<bool> {
    let key = (segment.dataset, segment.number, BUILDER, 0);
    let found = column_chunks::table
        .find(key)
        .select((column_chunks::row_count, column_chunks::digest));
    let found: Option<(i64, Vec<u8>)> = first_locked!(&mut *connection, found).optional()?;
    let mine = holder.to_be_bytes();
    match found {
        None => {
            let claim = ColumnChunkRow {
                dataset_id: segment.dataset,
                run: segment.number,
                place: BUILDER,
                first_row: 0,
                row_count: now,
                stats: Cow::Borrowed(&[]),
                digest: Cow::Borrowed(&mine),
                data: Cow::Borrowed(&[]),
            };
            let inserted = insert_unless_there!(connection, column_chunks::table, &claim)?;
            Ok(inserted > 0)
        }
        Some((renewed, other)) if other != mine && renewed >= before => Ok(false),
        Some(_) => diesel::update(column_chunks::table.find(key))
            .set((
                column_chunks::row_count.eq(now),
                column_chunks::digest.eq(&mine[..]),
            ))
            .execute(connection)
            .map(|_| true),
    }
}

/// Withdraws the claim to a segment.
pub(super) fn withdraw(connection: &mut AnyConnection, segment: SegmentId) -> QueryResult<()> {
    let key = (segment.dataset, segment.number, BUILDER, 0);
    diesel::delete(column_chunks::table.find(key))
        .execute(connection)
        .map(drop)
}

/// Deletes what an interrupted server left of a row group.
pub(super) fn delete_group(
    connection: &mut AnyConnection,
    segment: SegmentId,
    columns: usize,
    first_row: u64,
) -> QueryResult<()> {
    let first_row = to_db(first_row);
    let places: Vec<i64> = (GROUP..to_db(columns as u64)).collect();
    diesel::delete(
        column_chunks::table
            .filter(column_chunks::dataset_id.eq(segment.dataset))
            .filter(column_chunks::run.eq(segment.number))
            .filter(column_chunks::place.eq_any(places))
            .filter(column_chunks::first_row.eq(first_row)),
    )
    .execute(connection)
    .map(drop)
}

/// Writes some chunks of a row group, given by their places among its coded columns; with `whole`, the group itself, too.
pub(super) fn insert(
    connection: &mut AnyConnection,
    segment: SegmentId,
    built: &BuiltGroup,
    some: std::ops::Range<usize>,
    whole: bool,
) -> QueryResult<()> {
    let (first_row, rows) = (to_db(built.group.first_row), to_db(built.group.rows()));
    let columns = built.group.coded[some.clone()].iter();
    let stored: Vec<_> = columns
        .zip(&built.chunks[some])
        .map(|(column, (zone_map, data))| {
            let stats = zone_map::encode(std::slice::from_ref(zone_map));
            (i64::from(*column), stats, block::digest(data), data)
        })
        .collect();
    let row = |place, stats, digest, data| ColumnChunkRow {
        dataset_id: segment.dataset,
        run: segment.number,
        place,
        first_row,
        row_count: rows,
        stats: Cow::Borrowed(stats),
        digest: Cow::Borrowed(digest),
        data: Cow::Borrowed(data),
    };
    let chunks = stored
        .iter()
        .map(|(place, stats, digest, data)| row(*place, &stats[..], &digest[..], &data[..]));
    insert_all!(&mut *connection, column_chunks::table, chunks)?;
    if whole {
        let data = built.group.encode();
        let digest = block::digest(&data);
        let group = row(GROUP, &[], &digest, &data);
        diesel::insert_into(column_chunks::table)
            .values(group)
            .execute(connection)?;
    }
    Ok(())
}

/// Deletes at most `limit` column chunks of a segment. Returns whether there were any.
pub(crate) fn delete_some(
    connection: &mut AnyConnection,
    segment: SegmentId,
    limit: i64,
) -> QueryResult<bool> {
    let found: Vec<(i64, i64)> = column_chunks::table
        .filter(column_chunks::dataset_id.eq(segment.dataset))
        .filter(column_chunks::run.eq(segment.number))
        .order((column_chunks::place, column_chunks::first_row))
        .select((column_chunks::place, column_chunks::first_row))
        .limit(limit)
        .load(connection)?;
    for &(place, first_row) in &found {
        let key = (segment.dataset, segment.number, place, first_row);
        diesel::delete(column_chunks::table.find(key)).execute(connection)?;
    }
    Ok(!found.is_empty())
}

/// The segment that follows `after` among those that have column chunks, and whether it has blocks.
pub(super) fn next_segment(
    connection: &mut AnyConnection,
    after: SegmentId,
) -> QueryResult<Option<(SegmentId, bool)>> {
    let (dataset, number) = (after.dataset, after.number);
    let found: Option<(i64, i64)> = column_chunks::table
        .filter(column_chunks::dataset_id.ge(dataset))
        .filter(
            column_chunks::dataset_id
                .gt(dataset)
                .or(column_chunks::run.gt(number)),
        )
        .order((column_chunks::dataset_id, column_chunks::run))
        .select((column_chunks::dataset_id, column_chunks::run))
        .first(connection)
        .optional()?;
    let Some((dataset, number)) = found else {
        return Ok(None);
    };
    let block: Option<i64> = chunks::table
        .filter(chunks::dataset_id.eq(dataset))
        .filter(chunks::run.eq(number))
        .select(chunks::first_row)
        .first(connection)
        .optional()?;
    Ok(Some((SegmentId { dataset, number }, block.is_some())))
}
