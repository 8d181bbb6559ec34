//! The statements on blocks and source blocks. All block the thread, so call them on a thread of the backend.

use diesel::prelude::*;

use super::list::SegmentId;
use crate::store::backend::AnyConnection;
use crate::store::backend::dialect::{insert_all, load_listed};
use crate::store::model::SegmentPart;
use crate::store::rows::{BlockPlace, BlockRow, PackedRow, bad_rows_at};
use crate::store::schema::{chunk_data, chunks, sources};
use crate::store::units::to_db;

/// Identifies a block in its segment: its first row, and its number.
pub type BlockKey = (i64, i64);

/// The key before all keys of blocks.
pub(crate) const BEFORE_ALL: BlockKey = (-1, -1);

#[diesel::dsl::auto_type]
fn blocks_with_text() -> _ {
    chunks::table.inner_join(
        chunk_data::table.on(chunk_data::dataset_id
            .eq(chunks::dataset_id)
            .and(chunk_data::run.eq(chunks::run))
            .and(chunk_data::first_byte.eq(chunks::first_byte))),
    )
}

/// The block that has row `row` of the segment, with its packed text.
pub(crate) fn block_at_row(
    connection: &mut AnyConnection,
    segment: SegmentId,
    row: u64,
) -> QueryResult<Option<(BlockPlace, PackedRow<'static>)>> {
    blocks_with_text()
        .filter(chunks::dataset_id.eq(segment.dataset))
        .filter(chunks::run.eq(segment.number))
        .filter(chunks::first_row.le(to_db(row)))
        .order((chunks::first_row.desc(), chunks::seq.desc()))
        .select((BlockPlace::as_select(), chunk_data::all_columns))
        .first(connection)
        .optional()
}

/// The packed text that has byte `byte` of the segment's text.
pub(crate) fn text_at_byte(
    connection: &mut AnyConnection,
    segment: SegmentId,
    byte: u64,
) -> QueryResult<Option<PackedRow<'static>>> {
    chunk_data::table
        .filter(chunk_data::dataset_id.eq(segment.dataset))
        .filter(chunk_data::run.eq(segment.number))
        .filter(chunk_data::first_byte.le(to_db(byte)))
        .order(chunk_data::first_byte.desc())
        .select(chunk_data::all_columns)
        .first(connection)
        .optional()
}

/// The length of the text that begins at this byte of the segment's text.
pub(crate) fn text_bytes(
    connection: &mut AnyConnection,
    segment: SegmentId,
    first_byte: i64,
) -> QueryResult<Option<i64>> {
    chunk_data::table
        .find((segment.dataset, segment.number, first_byte))
        .select(chunk_data::byte_count)
        .first(connection)
        .optional()
}

/// The packed texts that begin at these bytes of the segment's text, in any order.
pub(crate) fn texts_at(
    connection: &mut AnyConnection,
    segment: SegmentId,
    first_bytes: &[u64],
) -> QueryResult<Vec<PackedRow<'static>>> {
    let first_bytes: Vec<i64> = first_bytes.iter().copied().map(to_db).collect();
    load_listed!(
        connection,
        chunk_data::table
            .filter(chunk_data::dataset_id.eq(segment.dataset))
            .filter(chunk_data::run.eq(segment.number))
            .filter(chunk_data::first_byte.eq_any(first_bytes))
            .select(chunk_data::all_columns)
    )
}

/// The source block that has byte `byte` of the source.
pub(crate) fn source_at_byte(
    connection: &mut AnyConnection,
    segment: SegmentId,
    byte: u64,
) -> QueryResult<Option<PackedRow<'static>>> {
    sources::table
        .filter(sources::dataset_id.eq(segment.dataset))
        .filter(sources::run.eq(segment.number))
        .filter(sources::first_byte.le(to_db(byte)))
        .order(sources::first_byte.desc())
        .select(sources::all_columns)
        .first(connection)
        .optional()
}

/// The blocks of a segment after `after`, in order, each with its text.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn blocks_after(segment: SegmentId, after: BlockKey) -> _ {
    let dataset: i64 = segment.dataset;
    let number: i64 = segment.number;
    let first_row: i64 = after.0;
    let seq: i64 = after.1;
    blocks_with_text()
        .filter(chunks::dataset_id.eq(dataset))
        .filter(chunks::run.eq(number))
        // Only the first of the two conditions can use the index.
        .filter(chunks::first_row.ge(first_row))
        .filter(chunks::first_row.gt(first_row).or(chunks::seq.gt(seq)))
        .order((chunks::first_row, chunks::seq))
}

/// The next blocks of a segment after `after`, with their packed texts.
pub(crate) fn next_blocks(
    connection: &mut AnyConnection,
    segment: SegmentId,
    after: BlockKey,
    limit: i64,
) -> QueryResult<Vec<(BlockKey, BlockPlace, PackedRow<'static>)>> {
    blocks_after(segment, after)
        .limit(limit)
        .select((
            (chunks::first_row, chunks::seq),
            BlockPlace::as_select(),
            chunk_data::all_columns,
        ))
        .load(connection)
}

/// The number of blocks of a segment. Each was written together with its text.
pub(crate) fn count_blocks(connection: &mut AnyConnection, segment: SegmentId) -> QueryResult<i64> {
    chunks::table
        .filter(chunks::dataset_id.eq(segment.dataset))
        .filter(chunks::run.eq(segment.number))
        .count()
        .get_result(connection)
}

/// A block of the rows of a segment that were set aside.
pub(crate) fn bad_rows(
    connection: &mut AnyConnection,
    segment: SegmentId,
    number: u64,
) -> QueryResult<Option<PackedRow<'static>>> {
    let first_byte = bad_rows_at(number);
    sources::table
        .find((segment.dataset, segment.number, first_byte))
        .select(sources::all_columns)
        .first(connection)
        .optional()
}

/// The number of blocks of a segment besides those of its text.
pub(crate) fn count_blocks_apart(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<i64> {
    sources::table
        .filter(sources::dataset_id.eq(segment.dataset))
        .filter(sources::run.eq(segment.number))
        .count()
        .get_result(connection)
}

/// Writes a part of a segment.
pub(crate) fn insert_part(
    connection: &mut AnyConnection,
    segment: SegmentId,
    part: &SegmentPart,
) -> QueryResult<()> {
    let places = part.blocks.iter().map(|c| BlockRow::new(segment, c));
    let texts = part.blocks.iter().map(|c| PackedRow::of_text(segment, c));
    let source_blocks = part
        .source_blocks
        .iter()
        .map(|b| PackedRow::of_source(segment, b));
    insert_all!(&mut *connection, chunks::table, places)?;
    insert_all!(&mut *connection, chunk_data::table, texts)?;
    let bad_rows = part
        .bad_rows
        .iter()
        .map(|b| PackedRow::of_bad_rows(segment, b));
    insert_all!(&mut *connection, sources::table, source_blocks)?;
    insert_all!(connection, sources::table, bad_rows)
}

/// Stores the summary of a segment with its first block, whose number is `first`.
pub(crate) fn set_summary(
    connection: &mut AnyConnection,
    segment: SegmentId,
    first: i64,
    summary: &[u8],
) -> QueryResult<()> {
    diesel::update(chunks::table.find((segment.dataset, segment.number, 0, first)))
        .set(chunks::summary.eq(summary))
        .execute(connection)
        .map(drop)
}

/// The encoded summary of a segment, if it is stored.
pub(crate) fn summary(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<Option<Vec<u8>>> {
    let found = chunks::table
        .filter(chunks::dataset_id.eq(segment.dataset))
        .filter(chunks::run.eq(segment.number))
        .filter(chunks::first_row.eq(0))
        .filter(chunks::summary.is_not_null())
        .select(chunks::summary)
        .first::<Option<Vec<u8>>>(connection);
    found.optional().map(Option::flatten)
}

/// Moves at most `limit` blocks and as many source blocks of a segment to another dataset. Returns whether there were any.
pub(crate) fn move_some(
    connection: &mut AnyConnection,
    segment: SegmentId,
    dataset: i64,
    limit: i64,
) -> QueryResult<bool> {
    let (from, number) = (segment.dataset, segment.number);
    let found: Vec<(i64, i64, i64)> = chunks::table
        .filter(chunks::dataset_id.eq(from))
        .filter(chunks::run.eq(number))
        .select((chunks::first_row, chunks::seq, chunks::first_byte))
        .limit(limit)
        .load(connection)?;
    for &(first_row, seq, first_byte) in &found {
        diesel::update(chunks::table.find((from, number, first_row, seq)))
            .set(chunks::dataset_id.eq(dataset))
            .execute(connection)?;
        diesel::update(chunk_data::table.find((from, number, first_byte)))
            .set(chunk_data::dataset_id.eq(dataset))
            .execute(connection)?;
    }
    let source_blocks: Vec<i64> = sources::table
        .filter(sources::dataset_id.eq(from))
        .filter(sources::run.eq(number))
        .select(sources::first_byte)
        .limit(limit)
        .load(connection)?;
    for &first_byte in &source_blocks {
        diesel::update(sources::table.find((from, number, first_byte)))
            .set(sources::dataset_id.eq(dataset))
            .execute(connection)?;
    }
    Ok(!found.is_empty() || !source_blocks.is_empty())
}
