//! Committing revisions: all or none, each on what the newest revision of its dataset is at that moment.
//!
//! First everything is looked at that may be a reason to refuse, and nothing is written; then everything is written.

use std::sync::Arc;

use super::append::{self, Prepared};
use super::connection::AnyConnection;
use super::jobs::{self, Answer, Context, Outcome};
use super::model::{Committed, Dataset, NewRevision, Run, Write};
use super::rows::{DatasetRow, RevisionRow, time_from_db, to_db};
use super::segments::Segments;
use super::{Receipt, StoreError, garbage, idempotency, queries};
use crate::dataset::{Column, Layout, ResumableDigest};

/// Revisions to be committed, and the receipt for that.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub revisions: Arc<[Described]>,
    /// Of each, where the part of its run is that was staged.
    pub staged: Vec<Run>,
    /// For rows to be appended: what had to be found out before.
    pub prepared: Option<Prepared>,
    pub receipt: Option<Receipt>,
}

/// A revision with its profile as it is stored. That is written before the job is handed on, because whatever the one
/// thread that writes need not do makes all writes faster.
#[derive(Debug)]
pub(super) struct Described {
    pub new: NewRevision,
    pub profile: Vec<u8>,
    pub columns: Arc<[Column]>,
}

impl From<NewRevision> for Described {
    fn from(new: NewRevision) -> Self {
        // What appended rows make of the columns is known only together with those that are there.
        let whole = new.write != Write::Append;
        Self {
            profile: if whole {
                new.profile.encode()
            } else {
                Vec::new()
            },
            columns: if whole {
                new.profile.columns().into()
            } else {
                Arc::new([])
            },
            new,
        }
    }
}

/// Commits them within the transaction.
pub(super) fn apply(
    connection: &mut AnyConnection,
    commit: &Commit,
    context: &Context,
) -> Result<Answer, StoreError> {
    // Whoever needs several datasets takes them in the order of their names, so that no two wait for each other.
    let mut order: Vec<usize> = (0..commit.revisions.len()).collect();
    order.sort_by(|&a, &b| {
        commit.revisions[a]
            .new
            .name
            .cmp(&commit.revisions[b].new.name)
    });
    // All of them came with one request.
    let author = commit
        .revisions
        .first()
        .and_then(|one| one.new.author.as_deref());
    if !jobs::is_admitted(connection, author)? {
        return Ok(Err(StoreError::KeyRevoked));
    }
    if !jobs::holds_key(connection, commit.receipt.as_ref())? {
        return Ok(Err(StoreError::KeyLost));
    }
    let mut contents = Vec::with_capacity(order.len());
    for &at in &order {
        match admitted(connection, commit, at)? {
            Ok(content) => contents.push((at, content)),
            Err(refusal) => return Ok(Err(refusal)),
        }
    }
    let mut committed: Vec<(usize, Committed)> = Vec::with_capacity(order.len());
    for (at, content) in contents {
        let described = &commit.revisions[at];
        committed.push((at, write(connection, described, content, context)?));
    }
    committed.sort_by_key(|(at, _)| *at);
    let committed: Vec<Committed> = committed.into_iter().map(|(_, one)| one).collect();
    if let Some(receipt) = &commit.receipt {
        idempotency::settle(connection, receipt, &committed, context.now)?;
    }
    Ok(Ok(Outcome::Committed(committed)))
}

/// What a revision holds, once it is known what it builds on.
pub(super) struct Content {
    /// The dataset it is of, if there is one.
    pub head: Option<DatasetRow>,
    /// The profile as it is stored, where it is not the upload's own.
    pub profile: Option<Vec<u8>>,
    pub columns: Arc<[Column]>,
    pub layout: Arc<Layout>,
    pub rows: u64,
    pub tail: ResumableDigest,
    pub content_type: String,
    pub transcoded: bool,
    /// Where its chunks are, if not in its own run alone.
    pub segments: Option<Segments>,
    /// The line end that the text before the appended rows lacks.
    pub joint: bool,
}

/// Looks whether the revision may be committed. Nothing is written yet.
fn admitted(
    connection: &mut AnyConnection,
    commit: &Commit,
    at: usize,
) -> Result<Result<Content, StoreError>, StoreError> {
    let (described, staged) = (&commit.revisions[at], commit.staged[at]);
    let new = &described.new;
    let head = queries::head(connection, new.name.as_str())?;
    match (new.write, &head) {
        (Write::Create, Some(_)) => return Ok(Err(StoreError::NameTaken(new.name.clone()))),
        (Write::Append, None) => return Ok(Err(StoreError::NotFound(new.name.clone()))),
        _ => {}
    }
    let author = new.author.as_ref().map(|author| author.id);
    if let Err(refusal) = jobs::admit(
        connection,
        &new.name,
        head.as_ref(),
        author,
        &new.conditions,
    )? {
        return Ok(Err(refusal));
    }
    let dataset = head.as_ref().map_or(new.run.number, |head| head.id);
    if new.staged && staged.dataset != dataset {
        return Ok(Err(StoreError::Elsewhere { at, dataset }));
    }
    if new.staged && !is_whole(connection, new, staged)? {
        return Ok(Err(StoreError::UploadLost));
    }
    let head = match (new.write, head) {
        (Write::Append, Some(head)) => {
            return append::content(connection, new, head, commit.prepared.as_ref());
        }
        (_, head) => head,
    };
    Ok(Ok(Content {
        head,
        profile: None,
        columns: Arc::clone(&described.columns),
        layout: Arc::clone(new.profile.layout()),
        rows: new.profile.rows(),
        tail: new.tail.clone(),
        content_type: new.content_type.clone(),
        transcoded: new.transcoded,
        segments: None,
        joint: false,
    }))
}

/// Whether what was staged is all there: a server that was restarted may have lost the last of it, and an upload that
/// was taken for dead may have been swept.
fn is_whole(
    connection: &mut AnyConnection,
    new: &NewRevision,
    run: Run,
) -> Result<bool, StoreError> {
    let staged =
        |all: u64, rest: usize| to_db(all.saturating_sub(u64::try_from(rest).unwrap_or(u64::MAX)));
    let chunks = staged(new.chunks, new.rest.chunks.len());
    let blocks = staged(new.blocks, new.rest.sources.len());
    Ok(garbage::upload_is_noted(connection, run)?
        && queries::count_chunks(connection, run)? == chunks
        && (blocks == 0 || queries::count_blocks(connection, run)? == blocks))
}

fn write(
    connection: &mut AnyConnection,
    described: &Described,
    content: Content,
    context: &Context,
) -> Result<Committed, StoreError> {
    let (new, now) = (&described.new, context.now);
    let created = content.head.is_none();
    let head = match content.head {
        Some(row) => DatasetRow {
            revision: row.revision + 1,
            updated_at: now,
            ..row
        },
        None => DatasetRow {
            // Not `run.dataset`: that may be the number of a dataset that was deleted while this upload ran, and
            // whatever is remembered under it would be taken for this one's.
            id: new.run.number,
            name: new.name.as_str().to_owned(),
            revision: 1,
            created_at: now,
            updated_at: now,
            owner: new.author.as_ref().map(|author| author.id),
        },
    };
    let run = Run {
        dataset: head.id,
        number: new.run.number,
    };
    if !created {
        queries::update_head(connection, &head)?;
    } else if !queries::insert_head(connection, &head)? {
        // Another server made it since this one looked.
        return Err(StoreError::Again);
    }
    // The length of a text is that of its source, unless the source is kept apart.
    let apart = || Segments::whole(run, content.rows, new.text_bytes);
    let segments = content.segments.or_else(|| content.transcoded.then(apart));
    let (stored, tail) = (
        segments.as_ref().map(Segments::encode),
        content.tail.encode(),
    );
    let sha256 = content.tail.sha256();
    queries::insert_revision(
        connection,
        RevisionRow {
            dataset_id: head.id,
            number: head.revision,
            run: run.number,
            row_count: to_db(content.rows),
            byte_count: to_db(content.tail.bytes()),
            sha256: &sha256,
            content_type: &content.content_type,
            transcoded: content.transcoded,
            profile: content.profile.as_deref().unwrap_or(&described.profile),
            author: new.author.as_ref().map(|author| author.name.as_str()),
            created_at: now,
            segments: stored.as_deref(),
            // Of a source that is kept apart the text's own end is not known.
            tail: (!content.transcoded).then_some(tail.as_slice()),
        },
    )?;
    if new.staged {
        garbage::delete_upload(connection, run)?;
    }
    if content.joint {
        queries::insert_batch(connection, run, &append::joint())?;
    }
    queries::insert_batch(connection, run, &new.rest)?;
    if let Some(summary) = &new.summary {
        let first = i64::from(new.write == Write::Append);
        queries::set_summary(connection, run, first, summary)?;
    }
    if head.revision > context.keep_revisions {
        garbage::prune(
            connection,
            head.id,
            head.revision - context.keep_revisions,
            now,
        )?;
    }
    let rows = content.rows;
    let bytes = content.tail.bytes();
    Ok(Committed {
        dataset: Arc::new(Dataset {
            name: new.name.clone(),
            revision: head.revision,
            run,
            segments: segments.unwrap_or_else(|| Segments::whole(run, rows, bytes)),
            columns: content.columns,
            layout: content.layout,
            rows,
            bytes,
            sha256,
            content_type: content.content_type,
            owner: head.owner,
            transcoded: content.transcoded,
            created_at: time_from_db(head.created_at)?,
            updated_at: time_from_db(head.updated_at)?,
        }),
        created,
    })
}
