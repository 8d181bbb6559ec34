//! The statements on datasets and revisions. All block the thread, so call them on a thread of the backend.

use diesel::prelude::*;

use super::schema_versions;
use crate::store::backend::AnyConnection;
use crate::store::backend::dialect::{first_locked, insert_unless_there, load_listed};
use crate::store::error::StoreError;
use crate::store::model::Dataset;
use crate::store::rows::{DatasetRow, RevisionRow, SegmentsRow};
use crate::store::schema::{datasets, revisions};

#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn newest_revisions() -> _ {
    datasets::table.inner_join(
        revisions::table.on(revisions::dataset_id
            .eq(datasets::id)
            .and(revisions::number.eq(datasets::revision))),
    )
}

/// The dataset as of a revision.
pub(crate) fn into_dataset(
    connection: &mut AnyConnection,
    dataset: &DatasetRow,
    revision: RevisionRow<'_>,
) -> Result<Dataset, StoreError> {
    let schema = schema_versions::of(connection, dataset, &revision)?;
    revision.into_dataset(dataset, schema)
}

/// The dataset of that name, as of its newest revision.
pub(crate) fn find(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<Dataset>, StoreError> {
    let found = newest_revisions()
        .filter(datasets::name.eq(name))
        .select((DatasetRow::as_select(), RevisionRow::as_select()))
        .first::<(DatasetRow, RevisionRow<'_>)>(connection)
        .optional()?;
    let found = found.map(|(dataset, revision)| into_dataset(connection, &dataset, revision));
    found.transpose()
}

/// The dataset with that number as of a given revision; `None` when there is no such dataset or revision (any more).
pub(crate) fn find_revision(
    connection: &mut AnyConnection,
    id: i64,
    number: i64,
) -> Result<Option<Dataset>, StoreError> {
    let found = datasets::table
        .inner_join(revisions::table.on(revisions::dataset_id.eq(datasets::id)))
        .filter(datasets::id.eq(id))
        .filter(revisions::number.eq(number))
        .select((DatasetRow::as_select(), RevisionRow::as_select()))
        .first::<(DatasetRow, RevisionRow<'_>)>(connection)
        .optional()?;
    let found = found.map(|(dataset, revision)| into_dataset(connection, &dataset, revision));
    found.transpose()
}

diesel::define_sql_function! {
    /// The length of a value. Both databases know it without reading the value.
    fn length(value: diesel::sql_types::Binary) -> diesel::sql_types::Integer;
}

/// Names of datasets in ascending order, those after `after`, each with the length of its encoded profile.
pub(crate) fn names(
    connection: &mut AnyConnection,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(String, i32)>> {
    newest_revisions()
        // No name is empty, so every name follows the empty one.
        .filter(datasets::name.gt(after.unwrap_or_default()))
        .order(datasets::name)
        .limit(limit)
        .select((datasets::name, length(revisions::profile)))
        .load(connection)
}

/// The names after the first `skip` of `total`, as [`names`] gives them. The first of them is counted from the nearer end, in the index
/// of names alone.
pub(crate) fn names_from(
    connection: &mut AnyConnection,
    total: i64,
    skip: i64,
    limit: i64,
) -> QueryResult<Vec<(String, i32)>> {
    let name = datasets::table.select(datasets::name);
    let first: Option<String> = if skip <= total / 2 {
        let counted = name.order(datasets::name).offset(skip);
        counted.first(connection).optional()?
    } else if skip < total {
        let counted = name.order(datasets::name.desc()).offset(total - 1 - skip);
        counted.first(connection).optional()?
    } else {
        None
    };
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    newest_revisions()
        .filter(datasets::name.ge(first))
        .order(datasets::name)
        .limit(limit)
        .select((datasets::name, length(revisions::profile)))
        .load(connection)
}

/// The datasets of these names, in the order of their names.
pub(crate) fn list(
    connection: &mut AnyConnection,
    names: &[String],
) -> Result<Vec<Dataset>, StoreError> {
    let found: Vec<(DatasetRow, RevisionRow<'_>)> = load_listed!(
        &mut *connection,
        newest_revisions()
            .filter(datasets::name.eq_any(names))
            .order(datasets::name)
            .select((DatasetRow::as_select(), RevisionRow::as_select()))
    )?;
    found
        .into_iter()
        .map(|(dataset, revision)| into_dataset(connection, &dataset, revision))
        .collect()
}

/// How many datasets there are.
pub(crate) fn count(connection: &mut AnyConnection) -> QueryResult<i64> {
    datasets::table.count().get_result(connection)
}

/// The dataset of that name. Its row is locked until the transaction ends.
pub(crate) fn head(connection: &mut AnyConnection, name: &str) -> QueryResult<Option<DatasetRow>> {
    let find = datasets::table.filter(datasets::name.eq(name));
    first_locked!(connection, find.select(DatasetRow::as_select())).optional()
}

/// The dataset with that number. Its row is locked until the transaction ends.
pub(crate) fn head_of(connection: &mut AnyConnection, id: i64) -> QueryResult<Option<DatasetRow>> {
    let find = datasets::table.find(id);
    first_locked!(connection, find.select(DatasetRow::as_select())).optional()
}

/// The dataset with that number.
pub(crate) fn dataset(connection: &mut AnyConnection, id: i64) -> QueryResult<Option<DatasetRow>> {
    let find = datasets::table.find(id).select(DatasetRow::as_select());
    find.first(connection).optional()
}

/// The number of the segment that made a revision.
pub(crate) fn made_by(
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

/// A revision.
pub(crate) fn revision(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> QueryResult<RevisionRow<'static>> {
    revisions::table
        .find((dataset, number))
        .select(RevisionRow::as_select())
        .first(connection)
}

/// Revisions of a dataset from number `newest` down, at most `limit`.
pub(crate) fn list_revisions(
    connection: &mut AnyConnection,
    dataset: i64,
    newest: i64,
    limit: i64,
) -> QueryResult<Vec<RevisionRow<'static>>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.le(newest))
        .order(revisions::number.desc())
        .limit(limit)
        .select(RevisionRow::as_select())
        .load(connection)
}

/// The number of the newest revision that is kept from before that one.
pub(crate) fn number_before(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> QueryResult<Option<i64>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.lt(number))
        .select(diesel::dsl::max(revisions::number))
        .first(connection)
}

/// The number of the oldest revision that is kept from after that one.
pub(crate) fn number_after(
    connection: &mut AnyConnection,
    dataset: i64,
    number: i64,
) -> QueryResult<Option<i64>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.gt(number))
        .select(diesel::dsl::min(revisions::number))
        .first(connection)
}

/// The segments of a dataset's revisions from number `from` to `to`, in order. Reads no profiles, which may be large.
pub(crate) fn segments(
    connection: &mut AnyConnection,
    dataset: i64,
    from: i64,
    to: i64,
) -> QueryResult<Vec<SegmentsRow>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.between(from, to))
        .order(revisions::number)
        .select(SegmentsRow::as_select())
        .load(connection)
}

/// Creates the dataset. Returns whether the name was still free.
pub(crate) fn insert_head(connection: &mut AnyConnection, row: &DatasetRow) -> QueryResult<bool> {
    let values = (
        datasets::id.eq(row.id),
        datasets::name.eq(&row.name),
        datasets::revision.eq(row.revision),
        datasets::created_at.eq(row.created_at),
        datasets::updated_at.eq(row.updated_at),
        datasets::owner.eq(row.owner),
        datasets::last_schema.eq(row.last_schema.as_deref()),
        datasets::schema_changes.eq(row.schema_changes.as_deref()),
    );
    let inserted = insert_unless_there!(connection, datasets::table, values)?;
    Ok(inserted > 0)
}

/// Moves the dataset's pointer to its new revision.
pub(crate) fn update_head(connection: &mut AnyConnection, row: &DatasetRow) -> QueryResult<()> {
    diesel::update(datasets::table.find(row.id))
        .set((
            datasets::revision.eq(row.revision),
            datasets::updated_at.eq(row.updated_at),
            datasets::last_schema.eq(row.last_schema.as_deref()),
        ))
        .execute(connection)
        .map(drop)
}

/// Sets how much a write may change the dataset's schema.
pub(crate) fn set_schema_changes(
    connection: &mut AnyConnection,
    dataset: i64,
    schema_changes: &str,
) -> QueryResult<()> {
    diesel::update(datasets::table.find(dataset))
        .set(datasets::schema_changes.eq(schema_changes))
        .execute(connection)
        .map(drop)
}

/// Writes a revision.
pub(crate) fn insert_revision(
    connection: &mut AnyConnection,
    row: RevisionRow<'_>,
) -> QueryResult<()> {
    diesel::insert_into(revisions::table)
        .values(row)
        .execute(connection)
        .map(drop)
}

/// Changes the segment list of a revision.
pub(crate) fn update_segments(
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

/// The cheapest query that fails if the tables are missing.
pub(crate) fn ping(connection: &mut AnyConnection) -> QueryResult<()> {
    datasets::table
        .select(datasets::id)
        .limit(1)
        .first::<i64>(connection)
        .optional()
        .map(drop)
}
