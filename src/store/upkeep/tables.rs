//! The rows that only a copy needs, and the statements that read tables in order.
//!
//! Each struct has every column of its table, so reading all columns doesn't compile if one is missing here.

use diesel::prelude::*;

use crate::store::backend::AnyConnection;
use crate::store::rows::{BlockRow, DatasetRow, PackedRow, RevisionRow};
use crate::store::schema::{
    chunk_data, chunks, client_extensions, client_keys, client_limits, client_moves, clients,
    datasets, default_versions, former_schemas, idempotency_keys, notices, reader_columns, readers,
    refusals, revisions, secrets, sources, sunsets, usage,
};
use crate::store::segments::list::SegmentId;
use crate::store::segments::queries::{self, BEFORE_ALL, BlockKey};

/// How many blocks or source blocks are read at once.
const READ: i64 = 8;

/// The tables that a copy has.
#[cfg(test)]
pub(super) const COPIED: &[&str] = &[
    "datasets",
    "former_schemas",
    "descriptions",
    "revisions",
    "chunks",
    "chunk_data",
    "sources",
    "secrets",
    "idempotency_keys",
    "clients",
    "client_keys",
    "client_moves",
    "client_extensions",
    "client_limits",
    "readers",
    "reader_columns",
    "usage",
    "refusals",
    "sunsets",
    "default_versions",
    "notices",
];

/// The tables that a copy leaves empty: they have the source's servers and what is in flight on them, what these will collect, and what
/// the target's servers make again.
#[cfg(test)]
pub(super) const LEFT: &[&str] = &[
    "uploads",
    "garbage",
    "leases",
    "servers",
    "derived_files",
    "column_chunks",
];

#[derive(Queryable, Insertable)]
#[diesel(table_name = former_schemas)]
pub(super) struct FormerSchemaCopy {
    pub name: String,
    pub last_schema: Vec<u8>,
    pub since: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = secrets)]
pub(super) struct SecretCopy {
    pub name: String,
    pub value: Vec<u8>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = idempotency_keys, treat_none_as_default_value = false)]
pub(super) struct KeyCopy {
    pub scope: String,
    pub key: String,
    pub holder: i64,
    pub renewed_at: i64,
    pub fingerprint: Option<Vec<u8>>,
    pub answer: Option<Vec<u8>>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = clients, treat_none_as_default_value = false)]
pub(super) struct ClientCopy {
    pub id: i64,
    pub name: String,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    pub first_contact_at: Option<i64>,
    pub pin: Option<i64>,
    pub note: Option<String>,
    pub contact: Option<String>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_keys, treat_none_as_default_value = false)]
pub(super) struct ClientKeyCopy {
    pub digest: Vec<u8>,
    pub client_id: i64,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_moves, treat_none_as_default_value = false)]
pub(super) struct MoveCopy {
    pub client_id: i64,
    pub number: i64,
    pub moved_at: i64,
    pub moved_by: String,
    pub from_version: Option<i64>,
    pub to_version: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_extensions)]
pub(super) struct ExtensionCopy {
    pub client_id: i64,
    pub version: i64,
    pub retires_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = client_limits)]
pub(super) struct LimitCopy {
    pub client_id: i64,
    pub requests: i64,
    pub seconds: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = readers)]
pub(super) struct ReadsCopy {
    pub dataset_id: i64,
    pub client_id: i64,
    pub family: String,
    pub day: i64,
    pub requests: i64,
    pub last_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = reader_columns)]
pub(super) struct ReaderColumnCopy {
    pub dataset_id: i64,
    pub client_id: i64,
    pub family: String,
    pub name: String,
    pub last_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = usage)]
pub(super) struct UsageCopy {
    pub client_id: i64,
    pub version: i64,
    pub family: String,
    pub operation: String,
    pub day: i64,
    pub requests: i64,
    pub last_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = refusals)]
pub(super) struct RefusalCopy {
    pub client_id: i64,
    pub version: i64,
    pub family: String,
    pub reason: String,
    pub day: i64,
    pub requests: i64,
    pub last_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = sunsets)]
pub(super) struct SunsetCopy {
    pub version: i64,
    pub retires_at: i64,
    pub announced_at: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = default_versions, treat_none_as_default_value = false)]
pub(super) struct DefaultVersionCopy {
    pub version: i64,
    pub chosen_at: Option<i64>,
    pub served_at: Option<i64>,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = notices, treat_none_as_default_value = false)]
pub(super) struct NoticeCopy {
    pub event: String,
    pub body: String,
    pub created_at: i64,
    pub attempts: i64,
    pub due_at: Option<i64>,
    pub sent_at: Option<i64>,
}

/// The dataset with the least number above `after`.
pub(super) fn next_dataset(
    connection: &mut AnyConnection,
    after: i64,
) -> QueryResult<Option<DatasetRow>> {
    datasets::table
        .filter(datasets::id.gt(after))
        .order(datasets::id)
        .select(datasets::all_columns)
        .first(connection)
        .optional()
}

/// The first revision of a dataset above number `after`.
pub(super) fn next_revision(
    connection: &mut AnyConnection,
    dataset: i64,
    after: i64,
) -> QueryResult<Option<RevisionRow<'static>>> {
    revisions::table
        .filter(revisions::dataset_id.eq(dataset))
        .filter(revisions::number.gt(after))
        .order(revisions::number)
        .select(revisions::all_columns)
        .first(connection)
        .optional()
}

/// The next blocks of a segment after `after`, in order, with their texts.
pub(super) fn next_blocks(
    connection: &mut AnyConnection,
    segment: SegmentId,
    after: BlockKey,
) -> QueryResult<Vec<(BlockRow<'static>, PackedRow<'static>)>> {
    queries::blocks_after(segment, after)
        .limit(READ)
        .select((chunks::all_columns, chunk_data::all_columns))
        .load(connection)
}

/// The key of the last block of a segment.
pub(super) fn last_block(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<BlockKey> {
    chunks::table
        .filter(chunks::dataset_id.eq(segment.dataset))
        .filter(chunks::run.eq(segment.number))
        .order((chunks::first_row.desc(), chunks::seq.desc()))
        .select((chunks::first_row, chunks::seq))
        .first(connection)
        .optional()
        .map(|found| found.unwrap_or(BEFORE_ALL))
}

/// The next source blocks of a segment after the one at byte `after`.
pub(super) fn next_source_blocks(
    connection: &mut AnyConnection,
    segment: SegmentId,
    after: i64,
) -> QueryResult<Vec<PackedRow<'static>>> {
    sources::table
        .filter(sources::dataset_id.eq(segment.dataset))
        .filter(sources::run.eq(segment.number))
        .filter(sources::first_byte.gt(after))
        .order(sources::first_byte)
        .limit(READ)
        .select(sources::all_columns)
        .load(connection)
}

/// The offset before those of all source blocks, and of all rows that were set aside.
pub(super) const BEFORE_ALL_BYTES: i64 = i64::MIN;

/// The offset of the last source block of a segment; [`BEFORE_ALL_BYTES`] if there is none.
pub(super) fn last_source_block(
    connection: &mut AnyConnection,
    segment: SegmentId,
) -> QueryResult<i64> {
    sources::table
        .filter(sources::dataset_id.eq(segment.dataset))
        .filter(sources::run.eq(segment.number))
        .order(sources::first_byte.desc())
        .select(sources::first_byte)
        .first(connection)
        .optional()
        .map(|found| found.unwrap_or(BEFORE_ALL_BYTES))
}

/// The segment that follows `after` among those that have blocks.
pub(super) fn next_segment(
    connection: &mut AnyConnection,
    after: SegmentId,
) -> QueryResult<Option<SegmentId>> {
    let (dataset, number) = (after.dataset, after.number);
    let found: Option<(i64, i64)> = chunks::table
        .filter(chunks::dataset_id.ge(dataset))
        .filter(chunks::dataset_id.gt(dataset).or(chunks::run.gt(number)))
        .order((chunks::dataset_id, chunks::run))
        .select((chunks::dataset_id, chunks::run))
        .first(connection)
        .optional()?;
    Ok(found.map(|(dataset, number)| SegmentId { dataset, number }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_of_the_schema_is_copied_or_left_on_purpose() {
        let schema = include_str!("../schema.rs");
        let tables: BTreeSet<&str> = schema
            .split("diesel::table! {")
            .skip(1)
            .filter_map(|block| block.split('(').next().map(str::trim))
            .collect();
        let known: BTreeSet<&str> = COPIED.iter().chain(LEFT).copied().collect();
        assert_eq!(tables, known);
        assert_eq!(known.len(), COPIED.len() + LEFT.len());
    }
}
