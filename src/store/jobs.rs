//! Everything that writes, as jobs that are done within a transaction: the same for both databases.

use std::sync::Arc;
use std::time::Duration;

use super::alive::{self, Report, UPLOADS_LIVE, micros};
use super::append::{self, Prepared};
use super::clients::{self, MovedBy};
use super::compaction::{self, Compacted};
use super::connection::AnyConnection;
use super::model::{
    Batch, Committed, Conditions, DatasetRow, NewRevision, RevisionRow, Run, Write, time_from_db,
    to_db,
};
use super::segments::Segments;
use super::usage::{self, Count};
use super::{Claim, Claimed, Dataset, Leases, Receipt, StoreError, idempotency, postgres, queries};
use crate::dataset::{Column, DatasetName, Layout, Tail};

/// Garbage younger than this is kept: a reader may have learned of the run and not taken its lease yet, or not told
/// other servers of it.
const GRACE: Duration = Duration::from_secs(60);
/// Chunks deleted in one transaction of sweeping, so that writers never wait long for it.
const SWEEP_CHUNKS: i64 = 64;

/// What the store can be asked to write.
#[derive(Debug)]
pub(super) enum Job {
    /// Write a part of a run; `begins` says that it is the first.
    Stage {
        run: Run,
        batch: Batch,
        begins: bool,
    },
    /// Commit revisions, all or none.
    Commit(Commit),
    /// Remove a dataset.
    Delete {
        name: DatasetName,
        author: Option<i64>,
        conditions: Conditions,
        receipt: Option<Receipt>,
    },
    /// Pin a client that calls for the first time.
    PinFirst { client: i64, version: u32 },
    /// Move a client's pin.
    MovePin {
        client: i64,
        version: u32,
        by: MovedBy,
    },
    /// Add to what is known of who calls what.
    Count(Vec<Count>),
    /// A staged run will never be committed.
    Abandon(Run),
    /// Take a key.
    Claim(Claim),
    /// Keep an answer that goes with no write.
    Settle(Receipt),
    /// Give a key back.
    Release(Claim),
    /// Say what this server is in the middle of.
    Renew(Report),
    /// Put segments of a dataset together.
    Compact(Compacted),
    /// Delete some of what nobody can reach or is reading any more.
    Tidy,
}

/// Revisions to be committed, and the receipt for that.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub revisions: Arc<[Described]>,
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

/// What a job answers.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// These datasets have a new revision.
    Committed(Vec<Committed>),
    /// The key was asked for.
    Claimed(Claimed),
    /// This dataset is stored otherwise; `None`: it was changed meanwhile, and stays as it is.
    Compacted(Option<Dataset>),
    /// Whether there is more to tidy.
    Tidied(bool),
}

/// What jobs are done with.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub now: i64,
    pub keep_revisions: i64,
    pub leases: Arc<Leases>,
    /// This server.
    pub holder: i64,
}

/// An outcome, or a refusal.
pub(super) type Answer = Result<Outcome, StoreError>;

impl Job {
    /// What it takes in memory and will take on disk, about, in bytes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Stage { batch, .. } => batch.weight(),
            Self::Commit(commit) => {
                let weights = commit.revisions.iter().map(|one| one.new.rest.weight());
                weights.sum()
            }
            _ => 0,
        }
    }

    /// Whether losing it with the server it was sent to does no harm, since whatever builds on it looks whether it is
    /// there: then it need not be on the disk at once.
    pub(super) fn is_provisional(&self) -> bool {
        matches!(self, Self::Stage { .. })
    }
}

/// Does one job within the transaction. The inner error is a refusal: nothing was written for it. An outer one takes
/// the transaction down.
pub(super) fn apply(
    connection: &mut AnyConnection,
    job: &Job,
    context: &Context,
) -> Result<Answer, StoreError> {
    let now = context.now;
    let done = match job {
        Job::Stage { run, batch, begins } => {
            if *begins {
                queries::insert_upload(connection, *run, now)?;
            }
            queries::insert_batch(connection, *run, batch)?;
            Outcome::Done
        }
        Job::Commit(commit) => return self::commit(connection, commit, context),
        Job::Delete {
            name,
            author,
            conditions,
            receipt,
        } => {
            let receipt = receipt.as_ref();
            return delete(connection, name, *author, conditions, receipt, context);
        }
        Job::PinFirst { client, version } => {
            clients::pin_first(connection, *client, *version, now)?;
            Outcome::Done
        }
        Job::MovePin {
            client,
            version,
            by,
        } => {
            clients::move_pin(connection, *client, *version, *by, now)?;
            Outcome::Done
        }
        Job::Count(counts) => {
            usage::add(connection, counts)?;
            Outcome::Done
        }
        Job::Abandon(run) => {
            // The order to commit may have come before: then the run is no longer noted as being written, and lives.
            if queries::delete_upload(connection, *run)? {
                queries::insert_garbage(connection, *run, now)?;
            }
            Outcome::Done
        }
        Job::Claim(claim) => Outcome::Claimed(idempotency::claim(connection, claim, now)?),
        Job::Settle(receipt) => {
            if idempotency::is_held(connection, &receipt.claim)? {
                idempotency::settle(connection, receipt, &[], now)?;
            }
            Outcome::Done
        }
        Job::Release(claim) => {
            idempotency::release(connection, claim)?;
            Outcome::Done
        }
        Job::Renew(report) => {
            alive::renew(connection, report, context.holder, now)?;
            Outcome::Done
        }
        Job::Compact(compacted) => {
            Outcome::Compacted(compaction::apply(connection, compacted, now)?)
        }
        Job::Tidy => Outcome::Tidied(tidy(connection, context)?),
    };
    Ok(Ok(done))
}

fn delete(
    connection: &mut AnyConnection,
    name: &DatasetName,
    author: Option<i64>,
    conditions: &Conditions,
    receipt: Option<&Receipt>,
    context: &Context,
) -> Result<Answer, StoreError> {
    let Some(head) = queries::head(connection, name.as_str())? else {
        return Ok(Err(StoreError::NotFound(name.clone())));
    };
    if let Err(refusal) = admit(connection, name, Some(&head), author, conditions)? {
        return Ok(Err(refusal));
    }
    if !holds_key(connection, receipt)? {
        return Ok(Err(StoreError::KeyLost));
    }
    queries::delete_dataset(connection, &head, context.now)?;
    if let Some(receipt) = receipt {
        idempotency::settle(connection, receipt, &[], context.now)?;
    }
    Ok(Ok(Outcome::Done))
}

fn holds_key(
    connection: &mut AnyConnection,
    receipt: Option<&Receipt>,
) -> Result<bool, StoreError> {
    match receipt {
        Some(receipt) => Ok(idempotency::is_held(connection, &receipt.claim)?),
        None => Ok(true),
    }
}

/// Whether the author may change the dataset, and what it demands of it holds.
fn admit(
    connection: &mut AnyConnection,
    name: &DatasetName,
    head: Option<&DatasetRow>,
    author: Option<i64>,
    conditions: &Conditions,
) -> Result<Result<(), StoreError>, StoreError> {
    if let Some(owner) = head.and_then(|head| head.owner)
        && author != Some(owner)
    {
        return Ok(Err(StoreError::NotOwner(name.clone())));
    }
    if conditions.is_empty() {
        return Ok(Ok(()));
    }
    let newest = match head {
        Some(head) => queries::made_by(connection, head.id, head.revision)?,
        None => None,
    };
    Ok(match conditions.hold(newest) {
        true => Ok(()),
        false => Err(StoreError::ConditionFailed(name.clone())),
    })
}

fn commit(
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
    if !holds_key(connection, commit.receipt.as_ref())? {
        return Ok(Err(StoreError::KeyLost));
    }
    let mut contents = Vec::with_capacity(order.len());
    for &at in &order {
        let described = &commit.revisions[at];
        match admitted(connection, described, commit.prepared.as_ref())? {
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
    pub tail: Tail,
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
    described: &Described,
    prepared: Option<&Prepared>,
) -> Result<Result<Content, StoreError>, StoreError> {
    let new = &described.new;
    let head = queries::head(connection, new.name.as_str())?;
    match (new.write, &head) {
        (Write::Create, Some(_)) => return Ok(Err(StoreError::NameTaken(new.name.clone()))),
        (Write::Append, None) => return Ok(Err(StoreError::NotFound(new.name.clone()))),
        _ => {}
    }
    let author = new.author.as_ref().map(|author| author.id);
    if let Err(refusal) = admit(
        connection,
        &new.name,
        head.as_ref(),
        author,
        &new.conditions,
    )? {
        return Ok(Err(refusal));
    }
    if new.staged && !is_whole(connection, new)? {
        return Ok(Err(StoreError::UploadLost));
    }
    let head = match (new.write, head) {
        (Write::Append, Some(head)) => return append::content(connection, new, head, prepared),
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
fn is_whole(connection: &mut AnyConnection, new: &NewRevision) -> Result<bool, StoreError> {
    let rest = u64::try_from(new.rest.chunks.len()).unwrap_or(u64::MAX);
    let staged = to_db(new.chunks.saturating_sub(rest));
    Ok(queries::upload_is_noted(connection, new.run)?
        && queries::count_chunks(connection, new.run)? == staged)
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
    let (segments, tail) = (
        content.segments.as_ref().map(Segments::encode),
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
            segments: segments.as_deref(),
            // Of a source that is kept apart the text's own end is not known.
            tail: (!content.transcoded).then_some(tail.as_slice()),
        },
    )?;
    if new.staged {
        queries::delete_upload(connection, new.run)?;
        if run != new.run {
            queries::adopt(connection, new.run, run.dataset)?;
        }
    }
    if content.joint {
        queries::insert_batch(connection, run, &append::joint())?;
    }
    queries::insert_batch(connection, run, &new.rest)?;
    if head.revision > context.keep_revisions {
        queries::prune(
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
            segments: content
                .segments
                .unwrap_or_else(|| Segments::whole(run, rows, bytes)),
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

/// Deletes some of what nobody can reach or is reading any more; says whether there is more.
fn tidy(connection: &mut AnyConnection, context: &Context) -> Result<bool, StoreError> {
    let now = context.now;
    let far = match connection {
        AnyConnection::Sqlite(_) => false,
        AnyConnection::Postgres(server) => {
            if !postgres::may_sweep(server)? {
                return Ok(false);
            }
            true
        }
    };
    if far {
        // Nobody can be reading what was never committed, so it has been garbage for as long as its server is silent.
        let before = now - micros(UPLOADS_LIVE);
        queries::abandon_uploads(connection, before, before)?;
    }
    idempotency::expire(connection, now)?;
    for run in queries::list_garbage(connection, now - micros(GRACE), 64)? {
        if context.leases.is_held(run) || far && alive::is_leased(connection, run, now)? {
            continue;
        }
        queries::sweep(connection, run, SWEEP_CHUNKS)?;
        return Ok(true);
    }
    Ok(false)
}
