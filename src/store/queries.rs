//! Every statement, once. All are synchronous and belong on a thread of the store.

use diesel::prelude::*;

use super::model::{
    Batch, Block, ChunkDataRow, ChunkPlace, ChunkRow, DatasetRow, Described, RevisionHead,
    RevisionRow, Run, SourceRow, UploadRow, to_db,
};
use super::schema::{chunk_data, chunks, datasets, garbage, revisions, secrets, sources, uploads};
use super::sqlite::Connection;
use super::{Dataset, StoreError};

#[diesel::dsl::auto_type(no_type_alias)]
fn newest_revisions() -> _ {
    datasets::table.inner_join(
        revisions::table.on(revisions::dataset_id
            .eq(datasets::id)
            .and(revisions::number.eq(datasets::revision))),
    )
}

#[diesel::dsl::auto_type(no_type_alias)]
fn chunks_with_data() -> _ {
    chunks::table.inner_join(
        chunk_data::table.on(chunk_data::dataset_id
            .eq(chunks::dataset_id)
            .and(chunk_data::run.eq(chunks::run))
            .and(chunk_data::first_byte.eq(chunks::first_byte))),
    )
}

/// The dataset of that name, as of its newest revision.
pub(super) fn find(connection: &mut Connection, name: &str) -> Result<Option<Dataset>, StoreError> {
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
    connection: &mut Connection,
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

/// Datasets in the order of their names: those after `after`, or after the first `skip`.
pub(super) fn list(
    connection: &mut Connection,
    after: Option<&str>,
    skip: i64,
    limit: i64,
) -> Result<Vec<Dataset>, StoreError> {
    newest_revisions()
        // No name is empty, so every name follows the empty one.
        .filter(datasets::name.gt(after.unwrap_or_default()))
        .order(datasets::name)
        .offset(skip)
        .limit(limit)
        .select((DatasetRow::as_select(), RevisionHead::as_select()))
        .load::<(DatasetRow, RevisionHead)>(connection)?
        .into_iter()
        .map(|(dataset, revision)| revision.into_dataset(&dataset))
        .collect()
}

/// How many datasets there are.
pub(super) fn count(connection: &mut Connection) -> QueryResult<i64> {
    datasets::table.count().get_result(connection)
}

/// The chunk that holds row `row` of the run, and its packed text.
pub(super) fn chunk_at_row(
    connection: &mut Connection,
    run: Run,
    row: u64,
) -> QueryResult<Option<(ChunkPlace, Block)>> {
    let block = (
        chunk_data::first_byte,
        chunk_data::byte_count,
        chunk_data::digest,
        chunk_data::data,
    );
    chunks_with_data()
        .filter(chunks::dataset_id.eq(run.dataset))
        .filter(chunks::run.eq(run.number))
        .filter(chunks::first_row.le(to_db(row)))
        .order((chunks::first_row.desc(), chunks::seq.desc()))
        .select((ChunkPlace::as_select(), block))
        .first(connection)
        .optional()
}

/// The packed text that holds byte `byte` of the run's text.
pub(super) fn text_at_byte(
    connection: &mut Connection,
    run: Run,
    byte: u64,
) -> QueryResult<Option<Block>> {
    chunk_data::table
        .filter(chunk_data::dataset_id.eq(run.dataset))
        .filter(chunk_data::run.eq(run.number))
        .filter(chunk_data::first_byte.le(to_db(byte)))
        .order(chunk_data::first_byte.desc())
        .select((
            chunk_data::first_byte,
            chunk_data::byte_count,
            chunk_data::digest,
            chunk_data::data,
        ))
        .first(connection)
        .optional()
}

/// The block that holds byte `byte` of a source that is kept apart.
pub(super) fn source_at_byte(
    connection: &mut Connection,
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

/// Writes a part of a run.
pub(super) fn insert_batch(
    connection: &mut Connection,
    run: Run,
    batch: &Batch,
) -> QueryResult<()> {
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

/// Notes that a run is being written, so that it is swept should its upload never end.
pub(super) fn insert_upload(connection: &mut Connection, run: Run, now: i64) -> QueryResult<()> {
    diesel::insert_into(uploads::table)
        .values(UploadRow {
            dataset_id: run.dataset,
            run: run.number,
            started_at: now,
        })
        .execute(connection)
        .map(drop)
}

/// The number and the newest revision of the dataset of that name.
pub(super) fn head(connection: &mut Connection, name: &str) -> QueryResult<Option<DatasetRow>> {
    datasets::table
        .filter(datasets::name.eq(name))
        .select(DatasetRow::as_select())
        .first(connection)
        .optional()
}

/// Makes the dataset, or moves its pointer to the new revision.
pub(super) fn write_head(
    connection: &mut Connection,
    row: &DatasetRow,
    created: bool,
) -> QueryResult<()> {
    if created {
        diesel::insert_into(datasets::table)
            .values((
                datasets::id.eq(row.id),
                datasets::name.eq(&row.name),
                datasets::revision.eq(row.revision),
                datasets::created_at.eq(row.created_at),
                datasets::updated_at.eq(row.updated_at),
            ))
            .execute(connection)
    } else {
        diesel::update(datasets::table.find(row.id))
            .set((
                datasets::revision.eq(row.revision),
                datasets::updated_at.eq(row.updated_at),
            ))
            .execute(connection)
    }
    .map(drop)
}

/// Writes a revision of the dataset `head`.
pub(super) fn insert_revision(
    connection: &mut Connection,
    head: &DatasetRow,
    described: &Described,
) -> QueryResult<()> {
    let new = &described.new;
    let row = RevisionRow {
        dataset_id: head.id,
        number: head.revision,
        run: new.run.number,
        row_count: to_db(new.profile.rows()),
        byte_count: to_db(new.bytes),
        sha256: &new.sha256,
        content_type: &new.content_type,
        transcoded: new.transcoded,
        profile: &described.profile,
        author: None,
        created_at: head.updated_at,
    };
    diesel::insert_into(revisions::table)
        .values(row)
        .execute(connection)
        .map(drop)
}

/// Takes a run off the list of those being written; says whether it was there.
pub(super) fn delete_upload(connection: &mut Connection, run: Run) -> QueryResult<bool> {
    diesel::delete(uploads::table.find((run.dataset, run.number)))
        .execute(connection)
        .map(|deleted| deleted > 0)
}

/// Gives what was staged for one dataset's number to another: the name changed hands while the upload ran.
pub(super) fn adopt(connection: &mut Connection, run: Run, dataset: i64) -> QueryResult<()> {
    let (from, number) = (run.dataset, run.number);
    diesel::update(
        chunks::table
            .filter(chunks::dataset_id.eq(from))
            .filter(chunks::run.eq(number)),
    )
    .set(chunks::dataset_id.eq(dataset))
    .execute(connection)?;
    diesel::update(
        chunk_data::table
            .filter(chunk_data::dataset_id.eq(from))
            .filter(chunk_data::run.eq(number)),
    )
    .set(chunk_data::dataset_id.eq(dataset))
    .execute(connection)?;
    diesel::update(
        sources::table
            .filter(sources::dataset_id.eq(from))
            .filter(sources::run.eq(number)),
    )
    .set(sources::dataset_id.eq(dataset))
    .execute(connection)
    .map(drop)
}

/// Forgets the revisions of a dataset up to `last`, and marks their runs as garbage.
pub(super) fn prune(
    connection: &mut Connection,
    dataset: i64,
    last: i64,
    now: i64,
) -> QueryResult<()> {
    let old = revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.le(last));
    let runs: Vec<i64> = old.select(revisions::run).load(connection)?;
    if runs.is_empty() {
        return Ok(());
    }
    diesel::delete(old).execute(connection)?;
    let kept: Vec<i64> = revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::run.eq_any(&runs))
        .select(revisions::run)
        .load(connection)?;
    let mut unused: Vec<i64> = runs.into_iter().filter(|run| !kept.contains(run)).collect();
    unused.dedup();
    unused
        .into_iter()
        .try_for_each(|number| insert_garbage(connection, Run { dataset, number }, now))
}

/// Removes the dataset's row and all its revisions.
pub(super) fn delete_dataset(
    connection: &mut Connection,
    head: &DatasetRow,
    now: i64,
) -> QueryResult<()> {
    prune(connection, head.id, head.revision, now)?;
    diesel::delete(datasets::table.find(head.id))
        .execute(connection)
        .map(drop)
}

/// Marks a run as garbage.
pub(super) fn insert_garbage(connection: &mut Connection, run: Run, now: i64) -> QueryResult<()> {
    diesel::insert_into(garbage::table)
        .values((
            garbage::dataset_id.eq(run.dataset),
            garbage::run.eq(run.number),
            garbage::since.eq(now),
        ))
        .execute(connection)
        .map(drop)
}

/// Marks everything that is noted as being written as garbage: at start nobody is writing.
pub(super) fn abandon_uploads(connection: &mut Connection, now: i64) -> QueryResult<usize> {
    let runs: Vec<(i64, i64)> = uploads::table
        .select((uploads::dataset_id, uploads::run))
        .load(connection)?;
    for &(dataset, number) in &runs {
        let run = Run { dataset, number };
        delete_upload(connection, run)?;
        insert_garbage(connection, run, now)?;
    }
    Ok(runs.len())
}

/// Runs that have been garbage since before `before`.
pub(super) fn list_garbage(
    connection: &mut Connection,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Run>> {
    let found: Vec<(i64, i64)> = garbage::table
        .filter(garbage::since.lt(before))
        .select((garbage::dataset_id, garbage::run))
        .limit(limit)
        .load(connection)?;
    Ok(found
        .into_iter()
        .map(|(dataset, number)| Run { dataset, number })
        .collect())
}

/// Deletes at most `limit` chunks and as many source blocks of a run; says whether the run is gone.
pub(super) fn sweep(connection: &mut Connection, run: Run, limit: i64) -> QueryResult<bool> {
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

/// The shared key of that name; `made` becomes it when there is none yet.
pub(super) fn secret(connection: &mut Connection, name: &str, made: &[u8]) -> QueryResult<Vec<u8>> {
    let find = secrets::table.find(name).select(secrets::value);
    if let Some(value) = find.first(connection).optional()? {
        return Ok(value);
    }
    diesel::insert_into(secrets::table)
        .values((secrets::name.eq(name), secrets::value.eq(made)))
        .execute(connection)?;
    find.first(connection)
}

/// The cheapest question that needs the tables to be there.
pub(super) fn ping(connection: &mut Connection) -> QueryResult<()> {
    datasets::table
        .select(datasets::id)
        .limit(1)
        .first::<i64>(connection)
        .optional()
        .map(drop)
}
