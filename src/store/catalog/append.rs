//! Appends: a revision with more rows than the one before.
//!
//! An append commits a segment of its own and shares the others. It merges the profile of the new rows into the dataset's, and
//! resumes the digest of the source. If the rows were not staged, the transaction does both. If they were, the digest is made before
//! the transaction, for the newest revision of that moment, and made again if there is a newer one by then.

use std::sync::Arc;

use diesel::OptionalExtension as _;

use super::content::{Content, Prepared};
use super::{queries, schema_versions};
use crate::dataset::{Block, ResumableDigest, block, schema_version};
use crate::store::backend::{AnyConnection, WriteError};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{NewRevision, PlacedBlock, SegmentPart};
use crate::store::rows::{DatasetRow, RevisionRow};
use crate::store::segments::list::{SegmentId, SegmentList};
use crate::store::segments::{blocks, queries as block_queries};
use crate::store::units::{from_db, unreadable};

/// How many blocks of a segment are read at once.
const READ: usize = 32;

/// The line-end block, for a text that doesn't end with a line end.
pub(super) fn line_end() -> SegmentPart {
    let text = b"\n".to_vec();
    SegmentPart {
        blocks: vec![PlacedBlock {
            seq: 0,
            first_row: 0,
            first_byte: 0,
            block: Block {
                rows: 0,
                body_start: 1,
                text_bytes: 1,
                digest: block::digest(&text),
                data: block::compress(&text),
                zone_maps: Vec::new(),
                blooms: Vec::new(),
            },
        }],
        ..SegmentPart::default()
    }
}

/// Computes the digests that the append needs, before its transaction.
pub(super) async fn prepare(
    store: &Store,
    new: &NewRevision,
    segment: SegmentId,
) -> Result<Option<Prepared>, StoreError> {
    let Some(dataset) = store.find(&new.name).await? else {
        return Ok(None);
    };
    let _lease = store.lease(&dataset);
    let (id, number) = (dataset.id(), dataset.revision);
    let stored = store
        .backend()
        .read(move |connection| {
            let revision = queries::revision(connection, id, number).optional()?;
            Ok(revision.and_then(|revision| revision.tail))
        })
        .await?;
    let before = match stored {
        Some(stored) => {
            ResumableDigest::decode(&stored).map_err(|e| unreadable("resumable digest", e))?
        }
        // If it has none, or the revision is gone by now, all of its text is read.
        None => {
            let mut digest = ResumableDigest::new();
            for segment in dataset.segments.iter() {
                digest = resume(store, digest, segment.id, segment.start).await?;
            }
            digest
        }
    };
    let mut staged = None;
    if new.staged {
        let mut digest = before.clone();
        if digest.open_line() {
            digest.absorb(b"\n");
        }
        staged = Some(resume(store, digest, segment, 1).await?);
    }
    Ok(Some(Prepared {
        made_by: dataset.made_by.number,
        before,
        staged,
    }))
}

/// Adds a segment's text from byte `byte` on to `digest`, a part at a time.
async fn resume(
    store: &Store,
    mut digest: ResumableDigest,
    segment: SegmentId,
    byte: u64,
) -> Result<ResumableDigest, StoreError> {
    let mut next = Some(byte);
    while let Some(byte) = next {
        (digest, next) = store
            .backend()
            .read(move |connection| read_on(connection, digest, segment, byte))
            .await?;
    }
    Ok(digest)
}

/// The contents of the revision: the newest one with the new rows.
pub(super) fn content(
    connection: &mut AnyConnection,
    new: &NewRevision,
    head: DatasetRow,
    prepared: Option<&Prepared>,
) -> Result<Content, WriteError> {
    let newest = queries::revision(connection, head.id, head.revision)?;
    let mut profile = newest.profile()?;
    let was = profile.columns();
    if profile.layout() != new.profile.layout() {
        return Err(WriteError::Refused(StoreError::Replaced(new.name.clone())));
    }
    let prepared = prepared.filter(|prepared| prepared.made_by == newest.run);
    let before = match (prepared, &newest.tail) {
        (Some(prepared), _) => prepared.before.clone(),
        (None, Some(digest)) => {
            ResumableDigest::decode(digest).map_err(|e| unreadable("resumable digest", e))?
        }
        (None, None) => return Err(WriteError::Refused(StoreError::Unprepared)),
    };
    let has_rows = new.profile.rows() > 0;
    let line_end = has_rows && before.open_line();
    let mut after = match (
        prepared.and_then(|prepared| prepared.staged.clone()),
        new.staged,
    ) {
        (Some(staged), true) => staged,
        (None, true) => return Err(WriteError::Refused(StoreError::Unprepared)),
        (_, false) => {
            let mut digest = before.clone();
            if line_end {
                digest.absorb(b"\n");
            }
            digest
        }
    };
    absorb(&mut after, new)?;
    profile.merge(&new.profile);
    let columns = profile.columns();
    let changes = schema_version::changes(&was, &columns);
    let schema = schema_versions::of(connection, &head, &newest)?.after(&changes);
    let segments = segments(&newest, &before)?;
    let segments = match has_rows {
        true => segments.and(
            new.segment.number,
            new.profile.rows(),
            after.bytes() - before.bytes(),
            u64::from(!line_end),
        ),
        false => segments,
    };
    Ok(Content {
        head: Some(head),
        columns: columns.into(),
        schema,
        changes,
        layout: Arc::clone(profile.layout()),
        rows: profile.rows(),
        profile: Some(profile.encode()),
        digest: after,
        content_type: in_utf8(&newest.content_type),
        transcoded: false,
        segments: Some(segments),
        line_end,
    })
}

/// Adds the texts of the part that is still in memory.
fn absorb(digest: &mut ResumableDigest, new: &NewRevision) -> Result<(), StoreError> {
    for placed in &new.rest.blocks {
        let length = usize::try_from(placed.block.text_bytes).unwrap_or(0);
        let text = block::decompress(&placed.block.data, length)
            .map_err(|e| unreadable("block in memory", e))?;
        digest.absorb(&text);
    }
    Ok(())
}

/// The segments before the append. For a decoded text, an earlier release stored the length of the source instead of the text's.
fn segments(newest: &RevisionRow<'_>, before: &ResumableDigest) -> Result<SegmentList, StoreError> {
    let segments = newest.segments()?;
    match (newest.transcoded, segments.iter().next()) {
        (true, Some(only)) => Ok(SegmentList::whole(only.id, only.rows, before.bytes())),
        _ => Ok(segments),
    }
}

/// The media type of the source after the append. The source is the text then, which is UTF-8.
fn in_utf8(content_type: &str) -> String {
    let mut parts = content_type.split("; ").map(|part| match part {
        charset if charset.starts_with("charset=") => "charset=utf-8",
        other => other,
    });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| format!("{all}; {part}"))
}

/// Adds some of a segment's text from byte `byte` on to `digest`. Returns the next byte, if there is more.
fn read_on(
    connection: &mut AnyConnection,
    mut digest: ResumableDigest,
    segment: SegmentId,
    mut byte: u64,
) -> Result<(ResumableDigest, Option<u64>), StoreError> {
    for _ in 0..READ {
        let Some(block) = block_queries::text_at_byte(connection, segment, byte)? else {
            return Ok((digest, None));
        };
        let text = blocks::unpack(&block)?;
        let skip = usize::try_from(byte - from_db(block.first_byte)).unwrap_or(usize::MAX);
        let Some(rest) = text.get(skip..).filter(|rest| !rest.is_empty()) else {
            return Ok((digest, None));
        };
        digest.absorb(rest);
        byte += u64::try_from(rest.len()).unwrap_or(0);
    }
    Ok((digest, Some(byte)))
}
