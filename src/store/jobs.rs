//! Everything that writes, as jobs that are done within a transaction: the same for both databases.
//!
//! On a server, jobs wait for the rows that others have locked. So that no two wait for each other, all lock in this order:
//! keys of idempotent requests (by scope and key), datasets (by name), runs being written, everything else. Where two
//! collide all the same, the server ends one of them, and it is done again.

use std::sync::Arc;
use std::time::Duration;

use super::alive::{self, Alive, Report, Turn, UPLOADS_LIVE, micros};
use super::clients::{self, Client, MovedBy};
use super::commit::{self, Commit};
use super::compaction::{self, Compacted};
use super::connection::AnyConnection;
use super::model::{Batch, Committed, Conditions, Run, may_change};
use super::rows::DatasetRow;
use super::usage::{self, Count};
use super::{
    Claim, Claimed, Dataset, Leases, Receipt, StoreError, garbage, idempotency, postgres, queries,
};
use crate::dataset::DatasetName;

/// Garbage younger than this is kept: a reader may have learned of the run and not taken its lease yet, or not told
/// other servers of it.
pub(super) const GRACE: Duration = Duration::from_secs(60);
/// The same while the disk is full: still far longer than a reader takes to take its lease.
pub(super) const GRACE_ON_FULL_DISK: Duration = Duration::from_secs(5);
/// Chunks deleted or moved in one transaction, so that writers never wait long for it.
const SWEEP_CHUNKS: i64 = 64;
/// Runs of garbage that are looked at together.
const GARBAGE: usize = 64;

/// What the store can be asked to write.
#[derive(Debug)]
pub(super) enum Job {
    /// Write a part of a run; `begins` says that it is the first.
    Stage {
        turn: Turn,
        batch: Batch,
        begins: bool,
    },
    /// Commit revisions, all or none.
    Commit(Box<Commit>),
    /// Move some blocks of a run to another dataset: to the run of the turn.
    Move { from: Run, turn: Turn },
    /// Remove a dataset.
    Delete {
        name: DatasetName,
        author: Option<Arc<Client>>,
        conditions: Conditions,
        receipt: Option<Receipt>,
    },
    /// Pin a client that calls for the first time.
    PinFirst { client: i64, version: u32 },
    /// Move a client's pin.
    MovePin {
        client: Arc<Client>,
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
    /// Whether there is more to move.
    Moved(bool),
    /// Whether there is more to tidy.
    Tidied(bool),
}

/// What jobs are done with.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub now: i64,
    pub keep_revisions: i64,
    pub leases: Arc<Leases>,
    pub alive: Arc<Alive>,
    /// This server.
    pub holder: i64,
    /// Garbage younger than this is kept.
    pub grace: Duration,
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

    /// Whether it frees space, or belongs to what does, and so is done on a full disk as well.
    pub(super) fn frees_space(&self) -> bool {
        matches!(
            self,
            Self::Delete { .. }
                | Self::Abandon(_)
                | Self::Tidy
                | Self::Claim(_)
                | Self::Settle(_)
                | Self::Release(_)
        )
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
        Job::Stage {
            turn,
            batch,
            begins,
        } => {
            if *begins {
                garbage::insert_upload(connection, turn.run, now)?;
            }
            queries::insert_batch(connection, turn.run, batch)?;
            Outcome::Done
        }
        Job::Move { from, turn } => {
            if !garbage::upload_is_noted(connection, *from)? {
                return Ok(Err(StoreError::UploadLost));
            }
            if !garbage::upload_is_noted(connection, turn.run)? {
                garbage::insert_upload(connection, turn.run, now)?;
            }
            let more = queries::move_some(connection, *from, turn.run.dataset, SWEEP_CHUNKS)?;
            if !more {
                garbage::delete_upload(connection, *from)?;
            }
            Outcome::Moved(more)
        }
        Job::Commit(wanted) => return commit::apply(connection, wanted, context),
        Job::Delete {
            name,
            author,
            conditions,
            receipt,
        } => {
            let (author, receipt) = (author.as_deref(), receipt.as_ref());
            return delete(connection, name, author, conditions, receipt, context);
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
            if !is_admitted(connection, Some(client))? {
                return Ok(Err(StoreError::KeyRevoked));
            }
            clients::move_pin(connection, client.id, *version, *by, now)?;
            Outcome::Done
        }
        Job::Count(counts) => {
            usage::add(connection, counts)?;
            Outcome::Done
        }
        Job::Abandon(run) => {
            // The order to commit may have come before: then the run is no longer noted as being written, and lives.
            if garbage::delete_upload(connection, *run)? {
                let since = alive::now(connection, now)?;
                garbage::insert_garbage(connection, *run, since)?;
            }
            Outcome::Done
        }
        Job::Claim(claim) => {
            Outcome::Claimed(idempotency::claim(connection, claim, &context.alive, now)?)
        }
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
    author: Option<&Client>,
    conditions: &Conditions,
    receipt: Option<&Receipt>,
    context: &Context,
) -> Result<Answer, StoreError> {
    if !is_admitted(connection, author)? {
        return Ok(Err(StoreError::KeyRevoked));
    }
    if !holds_key(connection, receipt)? {
        return Ok(Err(StoreError::KeyLost));
    }
    let Some(head) = queries::head(connection, name.as_str())? else {
        return Ok(Err(StoreError::NotFound(name.clone())));
    };
    let author = author.map(|author| author.id);
    if let Err(refusal) = admit(connection, name, Some(&head), author, conditions)? {
        return Ok(Err(refusal));
    }
    garbage::delete_dataset(connection, &head, context.now)?;
    if let Some(receipt) = receipt {
        idempotency::settle(connection, receipt, &[], context.now)?;
    }
    Ok(Ok(Outcome::Done))
}

/// Whether who wants a change may still have it: a request may take long, and its client be disabled meanwhile.
pub(super) fn is_admitted(
    connection: &mut AnyConnection,
    author: Option<&Client>,
) -> Result<bool, StoreError> {
    match author {
        Some(author) => Ok(clients::is_still_admitted(connection, author)?),
        None => Ok(true),
    }
}

pub(super) fn holds_key(
    connection: &mut AnyConnection,
    receipt: Option<&Receipt>,
) -> Result<bool, StoreError> {
    match receipt {
        Some(receipt) => Ok(idempotency::is_held(connection, &receipt.claim)?),
        None => Ok(true),
    }
}

/// Whether the author may change the dataset, and what it demands of it holds.
pub(super) fn admit(
    connection: &mut AnyConnection,
    name: &DatasetName,
    head: Option<&DatasetRow>,
    author: Option<i64>,
    conditions: &Conditions,
) -> Result<Result<(), StoreError>, StoreError> {
    if !may_change(head.and_then(|head| head.owner), author) {
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

/// Deletes some of what nobody can reach or is reading any more; says whether there is more.
fn tidy(connection: &mut AnyConnection, context: &Context) -> Result<bool, StoreError> {
    let far = match connection {
        AnyConnection::Sqlite(_) => false,
        AnyConnection::Postgres(server) => {
            if !postgres::may_sweep(server)? {
                return Ok(false);
            }
            true
        }
    };
    let now = alive::now(connection, context.now)?;
    if far {
        // Nobody can be reading what was never committed, so it has been garbage for as long as its server is silent.
        let before = now - micros(UPLOADS_LIVE);
        garbage::abandon_uploads(connection, before, before)?;
    }
    idempotency::expire(connection, now)?;
    let mut after = garbage::BEFORE_ALL;
    loop {
        let found = garbage::list_garbage(connection, now - micros(context.grace), after, GARBAGE)?;
        for &run in &found {
            if context.leases.is_held(run) || far && alive::is_leased(connection, run, now)? {
                continue;
            }
            garbage::sweep(connection, run, SWEEP_CHUNKS)?;
            return Ok(true);
        }
        match found.last() {
            // All of these are being read: whatever comes behind them may not be.
            Some(last) if found.len() == GARBAGE => after = *last,
            _ => return Ok(false),
        }
    }
}
