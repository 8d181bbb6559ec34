//! Decides in the transaction of a commit what a revision has, and whether it may be committed. Writes nothing.

use std::sync::Arc;

use super::content::{Content, Prepared};
use super::{admission, append, queries, schema_versions};
use crate::dataset::{Column, ColumnChange, SchemaVersion, schema_version};
use crate::store::backend::{AnyConnection, WriteError};
use crate::store::error::StoreError;
use crate::store::model::{NewRevision, Write};
use crate::store::rows::DatasetRow;
use crate::store::schema_refusal::SchemaRefusal;
use crate::store::segments::list::SegmentId;
use crate::store::segments::{queries as block_queries, tombstones};
use crate::store::units::to_db;

/// The contents of the revision, if it may be committed. Writes nothing.
pub(super) fn admitted(
    connection: &mut AnyConnection,
    new: &NewRevision,
    columns: &Arc<[Column]>,
    (at, staged): (usize, SegmentId),
    prepared: Option<&Prepared>,
) -> Result<Content, WriteError> {
    let mut content = content(connection, new, columns, (at, staged), prepared)?;
    guard(new, &mut content)?;
    Ok(content)
}

fn content(
    connection: &mut AnyConnection,
    new: &NewRevision,
    columns: &Arc<[Column]>,
    (at, staged): (usize, SegmentId),
    prepared: Option<&Prepared>,
) -> Result<Content, WriteError> {
    let refused = |error| Err(WriteError::Refused(error));
    let head = queries::head(connection, new.name.as_str())?;
    match (new.write, &head) {
        (Write::Create, Some(_)) => return refused(StoreError::NameTaken(new.name.clone())),
        (Write::Append, None) => return refused(StoreError::NotFound(new.name.clone())),
        _ => {}
    }
    let author = new.author.as_ref().map(|author| author.id);
    admission::admit(
        connection,
        &new.name,
        head.as_ref(),
        author,
        &new.conditions,
    )?;
    let dataset = head.as_ref().map_or(new.segment.number, |head| head.id);
    if new.staged && staged.dataset != dataset {
        return refused(StoreError::Elsewhere { at, dataset });
    }
    if new.staged && !is_whole(connection, new, staged)? {
        return refused(StoreError::UploadLost);
    }
    let head = match (new.write, head) {
        (Write::Append, Some(head)) => {
            return append::content(connection, new, head, prepared);
        }
        (_, head) => head,
    };
    let columns = Arc::clone(columns);
    let (schema, changes) = match &head {
        Some(head) => next_schema(connection, head, &columns)?,
        None => {
            let schema = schema_versions::of_new(connection, new.name.as_str(), &columns)?;
            (schema, Vec::new())
        }
    };
    Ok(Content {
        head,
        changes,
        ..Content::of_upload(new, columns, schema)
    })
}

/// Refuses a write that changes the schema of its dataset more than it may.
fn guard(new: &NewRevision, content: &mut Content) -> Result<(), WriteError> {
    new.changed_lines.tell(&mut content.changes);
    let Some(head) = &content.head else {
        return Ok(());
    };
    let allowed = head.schema_changes().max(new.schema_changes);
    if allowed.allows(&content.changes) {
        return Ok(());
    }
    let refusal = SchemaRefusal {
        name: new.name.clone(),
        dataset: head.id,
        allowed,
        changes: std::mem::take(&mut content.changes),
    };
    let error = StoreError::SchemaChange(Box::new(refusal));
    Err(WriteError::Refused(error))
}

/// The version of a schema that replaces the dataset's, and the differences.
fn next_schema(
    connection: &mut AnyConnection,
    head: &DatasetRow,
    columns: &[Column],
) -> Result<(SchemaVersion, Vec<ColumnChange>), StoreError> {
    let newest = queries::revision(connection, head.id, head.revision)?;
    let changes = schema_version::changes(&newest.profile()?.columns(), columns);
    let version = schema_versions::of(connection, head, &newest)?;
    Ok((version.after(&changes), changes))
}

/// Whether all staged blocks are in the store. A restart of the database server may lose the last ones, and an abandoned upload may
/// be collected.
fn is_whole(
    connection: &mut AnyConnection,
    new: &NewRevision,
    segment: SegmentId,
) -> Result<bool, StoreError> {
    let staged =
        |all: u64, rest: usize| to_db(all.saturating_sub(u64::try_from(rest).unwrap_or(u64::MAX)));
    let staged_blocks = staged(new.blocks, new.rest.blocks.len());
    let blocks_apart = staged(new.blocks_apart, new.rest.blocks_apart());
    Ok(tombstones::upload_is_noted(connection, segment)?
        && block_queries::count_blocks(connection, segment)? == staged_blocks
        && (blocks_apart == 0
            || block_queries::count_blocks_apart(connection, segment)? == blocks_apart))
}
