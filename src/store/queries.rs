//! The statements that read and write what is stored, each once. All are synchronous and belong on a thread of the store.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::model::{Batch, Run};
use super::rows::{
    Block, ChunkDataRow, ChunkPlace, ChunkRow, DatasetRow, RevisionHead, RevisionRow, SourceRow,
    to_db,
};
use super::schema::{chunk_data, chunks, datasets, revisions, secrets, sources};
use super::{Dataset, StoreError};

#[diesel::dsl::auto_type(no_type_alias)]
fn newest_revisions() -> _ {
    datasets::table.inner_join(
        revisions::table.on(revisions::dataset_id
            .eq(datasets::id)
            .and(revisions::number.eq(datasets::revision))),
    )
}

/// The columns of a chunk's packed text.
const BLOCK: (
    chunk_data::first_byte,
    chunk_data::byte_count,
    chunk_data::digest,
    chunk_data::data,
) = (
    chunk_data::first_byte,
    chunk_data::byte_count,
    chunk_data::digest,
    chunk_data::data,
);

/// Where a chunk stands in its run: its first row, and its number.
pub type ChunkKey = (i64, i64);

/// The key before that of every chunk.
pub(super) const BEFORE_ALL: ChunkKey = (-1, -1);

#[diesel::dsl::auto_type]
fn chunks_with_data() -> _ {
    chunks::table.inner_join(
        chunk_data::table.on(chunk_data::dataset_id
            .eq(chunks::dataset_id)
            .and(chunk_data::run.eq(chunks::run))
            .and(chunk_data::first_byte.eq(chunks::first_byte))),
    )
}

/// The dataset of that name, as of its newest revision.
pub(super) fn find(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Dataset>, StoreError> {
    let found = newest_revisions()
        .filter(datasets::name.eq(name))
        .select((DatasetRow::as_select(), RevisionHead::as_select()))
        .first::<(DatasetRow, RevisionHead)>(connection)
        .optional()?;
    found
        .map(|(dataset, revision)| revision.into_dataset(&dataset))
        .transpose()
}

/// The dataset with that number as of a given revision; `None` when there is no such dataset or revision (any more).
pub(super) fn find_revision(
    connection: &mut AnyConnection,
    id: i64,
    number: i64,
) -> Result<Option<Dataset>, StoreError> {
    let found = datasets::table
        .inner_join(revisions::table.on(revisions::dataset_id.eq(datasets::id)))
        .filter(datasets::id.eq(id))
        .filter(revisions::number.eq(number))
        .select((DatasetRow::as_select(), RevisionHead::as_select()))
        .first::<(DatasetRow, RevisionHead)>(connection)
        .optional()?;
    found
        .map(|(dataset, revision)| revision.into_dataset(&dataset))
        .transpose()
}

diesel::define_sql_function! {
    /// Bytes of a value; both databases tell without reading all of it.
    fn length(value: diesel::sql_types::Binary) -> diesel::sql_types::Integer;
}

/// Names of datasets in their order, those after `after` or after the first `skip`, each with the bytes that what is known
/// of its columns has.
pub(super) fn names(
    connection: &mut AnyConnection,
    after: Option<&str>,
    skip: i64,
    limit: i64,
) -> QueryResult<Vec<(String, i32)>> {
    newest_revisions()
        // No name is empty, so every name follows the empty one.
        .filter(datasets::name.gt(after.unwrap_or_default()))
        .order(datasets::name)
        .offset(skip)
        .limit(limit)
        .select((datasets::name, length(revisions::profile)))
        .load(connection)
}

/// The datasets of these names, in the order of their names.
pub(super) fn list(
    connection: &mut AnyConnection,
    names: &[String],
) -> Result<Vec<Dataset>, StoreError> {
    newest_revisions()
        .filter(datasets::name.eq_any(names))
        .order(datasets::name)
        .select((DatasetRow::as_select(), RevisionHead::as_select()))
        .load::<(DatasetRow, RevisionHead)>(connection)?
        .into_iter()
        .map(|(dataset, revision)| revision.into_dataset(&dataset))
        .collect()
}

/// How many datasets there are.
pub(super) fn count(connection: &mut AnyConnection) -> QueryResult<i64> {
    datasets::table.count().get_result(connection)
}

/// The chunk that holds row `row` of the run, and its packed text.
pub(super) fn chunk_at_row(
    connection: &mut AnyConnection,
    run: Run,
    row: u64,
) -> QueryResult<Option<(ChunkPlace, Block)>> {
    chunks_with_data()
        .filter(chunks::dataset_id.eq(run.dataset))
        .filter(chunks::run.eq(run.number))
        .filter(chunks::first_row.le(to_db(row)))
        .order((chunks::first_row.desc(), chunks::seq.desc()))
        .select((ChunkPlace::as_select(), BLOCK))
        .first(connection)
        .optional()
}

/// The packed text that holds byte `byte` of the run's text.
pub(super) fn text_at_byte(
    connection: &mut AnyConnection,
    run: Run,
    byte: u64,
) -> QueryResult<Option<Block>> {
    chunk_data::table
        .filter(chunk_data::dataset_id.eq(run.dataset))
        .filter(chunk_data::run.eq(run.number))
        .filter(chunk_data::first_byte.le(to_db(byte)))
        .order(chunk_data::first_byte.desc())
        .select(BLOCK)
        .first(connection)
        .optional()
}

/// Length of the text that begins at this byte of the run's text.
pub(super) fn text_bytes(
    connection: &mut AnyConnection,
    run: Run,
    first_byte: i64,
) -> QueryResult<Option<i64>> {
    chunk_data::table
        .find((run.dataset, run.number, first_byte))
        .select(chunk_data::byte_count)
        .first(connection)
        .optional()
}

/// The packed texts that begin at these bytes of the run's text, in any order.
pub(super) fn texts_at(
    connection: &mut AnyConnection,
    run: Run,
    first_bytes: &[u64],
) -> QueryResult<Vec<Block>> {
    let first_bytes: Vec<i64> = first_bytes.iter().copied().map(to_db).collect();
    chunk_data::table
        .filter(chunk_data::dataset_id.eq(run.dataset))
        .filter(chunk_data::run.eq(run.number))
        .filter(chunk_data::first_byte.eq_any(first_bytes))
        .select(BLOCK)
        .load(connection)
}

/// The block that holds byte `byte` of a source that is kept apart.
pub(super) fn source_at_byte(
    connection: &mut AnyConnection,
    run: Run,
    byte: u64,
) -> QueryResult<Option<Block>> {
    sources::table
        .filter(sources::dataset_id.eq(run.dataset))
        .filter(sources::run.eq(run.number))
        .filter(sources::first_byte.le(to_db(byte)))
        .order(sources::first_byte.desc())
        .select((
            sources::first_byte,
            sources::byte_count,
            sources::digest,
            sources::data,
        ))
        .first(connection)
        .optional()
}

/// The chunks of a run after `after`, in order, each with its text.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn chunks_after(run: Run, after: ChunkKey) -> _ {
    let dataset: i64 = run.dataset;
    let number: i64 = run.number;
    let first_row: i64 = after.0;
    let seq: i64 = after.1;
    chunks_with_data()
        .filter(chunks::dataset_id.eq(dataset))
        .filter(chunks::run.eq(number))
        // The first of the two conditions is the one that the index answers.
        .filter(chunks::first_row.ge(first_row))
        .filter(chunks::first_row.gt(first_row).or(chunks::seq.gt(seq)))
        .order((chunks::first_row, chunks::seq))
}

/// The next chunks of a run after `after`, with their packed texts.
pub(super) fn next_chunks(
    connection: &mut AnyConnection,
    run: Run,
    after: ChunkKey,
    limit: i64,
) -> QueryResult<Vec<(ChunkKey, ChunkPlace, Block)>> {
    chunks_after(run, after)
        .limit(limit)
        .select((
            (chunks::first_row, chunks::seq),
            ChunkPlace::as_select(),
            BLOCK,
        ))
        .load(connection)
}

/// How many chunks of a run there are; each was written together with its text.
pub(super) fn count_chunks(connection: &mut AnyConnection, run: Run) -> QueryResult<i64> {
    chunks::table
        .filter(chunks::dataset_id.eq(run.dataset))
        .filter(chunks::run.eq(run.number))
        .count()
        .get_result(connection)
}

/// How many blocks of its source a run has.
pub(super) fn count_blocks(connection: &mut AnyConnection, run: Run) -> QueryResult<i64> {
    sources::table
        .filter(sources::dataset_id.eq(run.dataset))
        .filter(sources::run.eq(run.number))
        .count()
        .get_result(connection)
}

/// Writes a part of a run. A server far away is sent all of it at once.
pub(super) fn insert_batch(
    connection: &mut AnyConnection,
    run: Run,
    batch: &Batch,
) -> QueryResult<()> {
    if let AnyConnection::Postgres(postgres) = connection
        && batch.chunks.len() + batch.sources.len() > 1
    {
        let places: Vec<_> = batch.chunks.iter().map(|c| ChunkRow::new(run, c)).collect();
        let texts: Vec<_> = batch
            .chunks
            .iter()
            .map(|chunk| ChunkDataRow::new(run, chunk))
            .collect();
        let blocks: Vec<_> = batch
            .sources
            .iter()
            .map(|b| SourceRow::new(run, b))
            .collect();
        diesel::insert_into(chunks::table)
            .values(places)
            .execute(postgres)?;
        diesel::insert_into(chunk_data::table)
            .values(texts)
            .execute(postgres)?;
        diesel::insert_into(sources::table)
            .values(blocks)
            .execute(postgres)?;
        return Ok(());
    }
    for placed in &batch.chunks {
        diesel::insert_into(chunks::table)
            .values(ChunkRow::new(run, placed))
            .execute(connection)?;
        diesel::insert_into(chunk_data::table)
            .values(ChunkDataRow::new(run, placed))
            .execute(connection)?;
    }
    for block in &batch.sources {
        diesel::insert_into(sources::table)
            .values(SourceRow::new(run, block))
            .execute(connection)?;
    }
    Ok(())
}

/// The number and the newest revision of the dataset of that name, which stays so until the transaction ends.
pub(super) fn head(connection: &mut AnyConnection, name: &str) -> QueryResult<Option<DatasetRow>> {
    let find = datasets::table.filter(datasets::name.eq(name));
    match connection {
        AnyConnection::Sqlite(sqlite) => find.select(DatasetRow::as_select()).first(sqlite),
        AnyConnection::Postgres(postgres) => find
            .select(DatasetRow::as_select())
            .for_update()
            .first(postgres),
    }
    .optional()
}

/// The same by the dataset's number.
pub(super) fn head_of(connection: &mut AnyConnection, id: i64) -> QueryResult<Option<DatasetRow>> {
    let find = datasets::table.find(id);
    match connection {
        AnyConnection::Sqlite(sqlite) => find.select(DatasetRow::as_select()).first(sqlite),
        AnyConnection::Postgres(postgres) => find
            .select(DatasetRow::as_select())
            .for_update()
            .first(postgres),
    }
    .optional()
}

/// The run that made a revision.
pub(super) fn made_by(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> QueryResult<Option<i64>> {
    revisions::table
        .find((dataset, number))
        .select(revisions::run)
        .first(connection)
        .optional()
}

/// A revision and what is needed to go on with its text.
pub(super) fn revision(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> QueryResult<(RevisionHead, Option<Vec<u8>>)> {
    revisions::table
        .find((dataset, number))
        .select((RevisionHead::as_select(), revisions::tail))
        .first(connection)
}

/// Revisions of a dataset from number `newest` down, at most `limit`.
pub(super) fn list_revisions(
    connection: &mut AnyConnection,
    dataset: i64,
    newest: i64,
    limit: i64,
) -> QueryResult<Vec<RevisionHead>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.le(newest))
        .order(revisions::number.desc())
        .limit(limit)
        .select(RevisionHead::as_select())
        .load(connection)
}

/// Keeps the summary of a run with its first chunk, which has that number.
pub(super) fn set_summary(
    connection: &mut AnyConnection,
    run: Run,
    first: i64,
    summary: &[u8],
) -> QueryResult<()> {
    diesel::update(chunks::table.find((run.dataset, run.number, 0, first)))
        .set(chunks::summary.eq(summary))
        .execute(connection)
        .map(drop)
}

/// The summary of a run as it is stored, if it is.
pub(super) fn summary(connection: &mut AnyConnection, run: Run) -> QueryResult<Option<Vec<u8>>> {
    let found = chunks::table
        .filter(chunks::dataset_id.eq(run.dataset))
        .filter(chunks::run.eq(run.number))
        .filter(chunks::first_row.eq(0))
        .filter(chunks::summary.is_not_null())
        .select(chunks::summary)
        .first::<Option<Vec<u8>>>(connection);
    found.optional().map(Option::flatten)
}

/// Makes the dataset; says whether the name was still free.
pub(super) fn insert_head(connection: &mut AnyConnection, row: &DatasetRow) -> QueryResult<bool> {
    let values = (
        datasets::id.eq(row.id),
        datasets::name.eq(&row.name),
        datasets::revision.eq(row.revision),
        datasets::created_at.eq(row.created_at),
        datasets::updated_at.eq(row.updated_at),
        datasets::owner.eq(row.owner),
    );
    let insert = diesel::insert_into(datasets::table).values(values);
    let inserted = match connection {
        AnyConnection::Sqlite(sqlite) => insert.execute(sqlite)?,
        AnyConnection::Postgres(postgres) => insert.on_conflict_do_nothing().execute(postgres)?,
    };
    Ok(inserted > 0)
}

/// Moves the dataset's pointer to its new revision.
pub(super) fn update_head(connection: &mut AnyConnection, row: &DatasetRow) -> QueryResult<()> {
    diesel::update(datasets::table.find(row.id))
        .set((
            datasets::revision.eq(row.revision),
            datasets::updated_at.eq(row.updated_at),
        ))
        .execute(connection)
        .map(drop)
}

/// Writes a revision.
pub(super) fn insert_revision(
    connection: &mut AnyConnection,
    row: RevisionRow<'_>,
) -> QueryResult<()> {
    diesel::insert_into(revisions::table)
        .values(row)
        .execute(connection)
        .map(drop)
}

/// Says where the chunks of a revision are now.
pub(super) fn update_segments(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
    segments: &[u8],
) -> QueryResult<()> {
    diesel::update(revisions::table.find((dataset, number)))
        .set(revisions::segments.eq(segments))
        .execute(connection)
        .map(drop)
}

/// Moves at most `limit` chunks and as many blocks of a run to another dataset; says whether there was any.
pub(super) fn move_some(
    connection: &mut AnyConnection,
    run: Run,
    dataset: i64,
    limit: i64,
) -> QueryResult<bool> {
    let (from, number) = (run.dataset, run.number);
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
    let blocks: Vec<i64> = sources::table
        .filter(sources::dataset_id.eq(from))
        .filter(sources::run.eq(number))
        .select(sources::first_byte)
        .limit(limit)
        .load(connection)?;
    for &first_byte in &blocks {
        diesel::update(sources::table.find((from, number, first_byte)))
            .set(sources::dataset_id.eq(dataset))
            .execute(connection)?;
    }
    Ok(!found.is_empty() || !blocks.is_empty())
}

/// The secret of that name.
pub(super) fn find_secret(
    connection: &mut AnyConnection,
    name: &str,
) -> QueryResult<Option<Vec<u8>>> {
    let find = secrets::table.find(name).select(secrets::value);
    find.first(connection).optional()
}

/// The shared key of that name; `made` becomes it when there is none yet.
pub(super) fn secret(
    connection: &mut AnyConnection,
    name: &str,
    made: &[u8],
) -> QueryResult<Vec<u8>> {
    if let Some(value) = find_secret(connection, name)? {
        return Ok(value);
    }
    let insert = diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(made)));
    // Another server may make one at the same time: whoever is first has made it for both.
    match connection {
        AnyConnection::Sqlite(sqlite) => insert.on_conflict_do_nothing().execute(sqlite)?,
        AnyConnection::Postgres(postgres) => insert.on_conflict_do_nothing().execute(postgres)?,
    };
    secrets::table
        .find(name)
        .select(secrets::value)
        .first(connection)
}

/// The cheapest question that needs the tables to be there.
pub(super) fn ping(connection: &mut AnyConnection) -> QueryResult<()> {
    datasets::table
        .select(datasets::id)
        .limit(1)
        .first::<i64>(connection)
        .optional()
        .map(drop)
}
