//! Rows behind those that are there.
//!
//! An append commits a segment of its own and shares all the others. What changes for the dataset as a whole are its
//! profile, which adds up, and the digest of its source, which goes on from where it was. Where the rows to be appended
//! are few, both is done in the transaction; where they were staged, their digest is made before it, on what the newest
//! revision was then, and made again should that have changed.

use std::sync::Arc;

use super::commit::Content;
use super::connection::AnyConnection;
use super::model::{Batch, NewRevision, PlacedChunk, Run};
use super::rows::{DatasetRow, RevisionHead, from_db, unreadable};
use super::segments::Segments;
use super::{StoreError, blocks, queries};
use crate::dataset::{Block, ResumableDigest, block};

/// Chunks of a run read at once.
const READ: usize = 32;

/// What was found out before the transaction.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// The run that made the revision it was found out for: the rest depends on that revision's text, and on the rows to be appended.
    pub made_by: i64,
    /// That revision's whole text.
    pub before: ResumableDigest,
    /// The same with the rows that were staged, and the line end before them where one lacks; `None`: none were staged.
    pub staged: Option<ResumableDigest>,
}

/// The line end that the text before the appended rows lacks: a chunk without rows.
pub(super) fn joint() -> Batch {
    let text = b"\n".to_vec();
    Batch {
        chunks: vec![PlacedChunk {
            seq: 0,
            first_row: 0,
            first_byte: 0,
            chunk: Block {
                rows: 0,
                body_start: 1,
                text_bytes: 1,
                digest: block::digest(&text),
                data: block::compress(&text),
                stats: Vec::new(),
                blooms: Vec::new(),
            },
        }],
        sources: Vec::new(),
    }
}

/// What the dataset is with the new rows.
pub(super) fn content(
    connection: &mut AnyConnection,
    new: &NewRevision,
    head: DatasetRow,
    prepared: Option<&Prepared>,
) -> Result<Result<Content, StoreError>, StoreError> {
    let (newest, tail) = queries::revision(connection, head.id, head.revision)?;
    let mut profile = newest.profile()?;
    if profile.layout() != new.profile.layout() {
        return Ok(Err(StoreError::Replaced(new.name.clone())));
    }
    let prepared = prepared.filter(|prepared| prepared.made_by == newest.run);
    let before = match (prepared, tail) {
        (Some(prepared), _) => prepared.before.clone(),
        (None, Some(tail)) => {
            ResumableDigest::decode(&tail).map_err(|e| unreadable("end of a text", e))?
        }
        (None, None) => return Ok(Err(StoreError::Unprepared)),
    };
    let has_rows = new.profile.rows() > 0;
    let joint = has_rows && before.open_line();
    let mut after = match (
        prepared.and_then(|prepared| prepared.staged.clone()),
        new.staged,
    ) {
        (Some(staged), true) => staged,
        (None, true) => return Ok(Err(StoreError::Unprepared)),
        (_, false) => {
            let mut tail = before.clone();
            if joint {
                tail.absorb(b"\n");
            }
            tail
        }
    };
    absorb(&mut after, new)?;
    profile.merge(&new.profile);
    let segments = segments(&newest, &before)?;
    let segments = match has_rows {
        true => segments.and(
            new.run.number,
            new.profile.rows(),
            after.bytes() - before.bytes(),
            u64::from(!joint),
        ),
        false => segments,
    };
    Ok(Ok(Content {
        head: Some(head),
        columns: profile.columns().into(),
        layout: Arc::clone(profile.layout()),
        rows: profile.rows(),
        profile: Some(profile.encode()),
        tail: after,
        content_type: in_utf8(&newest.content_type),
        transcoded: false,
        segments: Some(segments),
        joint,
    }))
}

/// Adds the texts that wait in memory.
fn absorb(tail: &mut ResumableDigest, new: &NewRevision) -> Result<(), StoreError> {
    for placed in &new.rest.chunks {
        let length = usize::try_from(placed.chunk.text_bytes).unwrap_or(0);
        let text = block::decompress(&placed.chunk.data, length)
            .map_err(|e| unreadable("chunk in memory", e))?;
        tail.absorb(&text);
    }
    Ok(())
}

/// The segments before the append. Of a text that was decoded, an earlier release wrote down the length of its source.
fn segments(newest: &RevisionHead, before: &ResumableDigest) -> Result<Segments, StoreError> {
    let segments = newest.segments()?;
    match (newest.transcoded, segments.iter().next()) {
        (true, Some(only)) => Ok(Segments::whole(only.run, only.rows, before.bytes())),
        _ => Ok(segments),
    }
}

/// The media type of the source once it is the text: that is UTF-8, whatever the first upload was.
fn in_utf8(content_type: &str) -> String {
    let mut parts = content_type.split("; ").map(|part| match part {
        charset if charset.starts_with("charset=") => "charset=utf-8",
        other => other,
    });
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| format!("{all}; {part}"))
}

/// Reads some of a run's text from byte `byte` on into `tail`, and says where to go on.
pub(super) fn read_on(
    connection: &mut AnyConnection,
    mut tail: ResumableDigest,
    run: Run,
    mut byte: u64,
) -> Result<(ResumableDigest, Option<u64>), StoreError> {
    for _ in 0..READ {
        let Some(block) = queries::text_at_byte(connection, run, byte)? else {
            return Ok((tail, None));
        };
        let text = blocks::unpack(run, &block)?;
        let skip = usize::try_from(byte - from_db(block.first_byte)).unwrap_or(usize::MAX);
        let Some(rest) = text.get(skip..).filter(|rest| !rest.is_empty()) else {
            return Ok((tail, None));
        };
        tail.absorb(rest);
        byte += u64::try_from(rest.len()).unwrap_or(0);
    }
    Ok((tail, Some(byte)))
}
