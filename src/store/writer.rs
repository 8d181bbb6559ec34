//! The one thread that writes, with group commit: everything that waits is written in one transaction, and whoever
//! waits is told after it is on the disk.
//!
//! A job that is refused (a name is taken) is refused before it wrote anything, so it does not touch the others of its
//! transaction. A job that fails takes the transaction down; then each job is tried again in a transaction of its own,
//! so that only the one at fault hears of it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::model::{Batch, Committed, DatasetRow, Described, Run, Write};
use super::sqlite::{Connection, Hold};
use super::{Clock, Dataset, Heads, Leases, StoreError, queries};
use crate::dataset::DatasetName;

/// How long the writer waits for work before it tidies up.
const IDLE: Duration = Duration::from_secs(1);
/// How often the writer tidies up when it is never idle.
const BUSY_TIDY: Duration = Duration::from_secs(10);
/// How long the writer rests between two steps of sweeping.
const SWEEP_PAUSE: Duration = Duration::from_millis(20);
/// A transaction takes no more jobs once it holds this many bytes.
const TRANSACTION_BYTES: usize = 8 << 20;
/// Garbage younger than this is kept: a reader may have learned of the run and not taken its lease yet.
const GRACE: Duration = Duration::from_secs(60);
/// Chunks deleted in one transaction of sweeping, so that writers never wait long for it.
const SWEEP_CHUNKS: i64 = 64;

/// What the writer can be asked.
#[derive(Debug)]
pub(super) enum Job {
    /// Write a part of a run; `begins` says that it is the first.
    Stage {
        run: Run,
        batch: Batch,
        begins: bool,
    },
    /// Commit revisions, all or none.
    Commit(Vec<Described>),
    /// Remove a dataset.
    Delete(DatasetName),
    /// A staged run will never be committed.
    Abandon(Run),
}

/// What the writer answers.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// These datasets have a new revision.
    Committed(Vec<Committed>),
}

/// A job, who waits for it, and its place in the queue.
pub(super) struct Order {
    pub job: Job,
    pub reply: Option<oneshot::Sender<Result<Outcome, StoreError>>>,
    pub place: Option<OwnedSemaphorePermit>,
}

/// What the thread works with.
pub(super) struct Writer {
    pub connection: Connection,
    /// Given back when the thread ends: nobody else may write before.
    pub hold: Hold,
    pub heads: Arc<Heads>,
    pub leases: Arc<Leases>,
    pub clock: Clock,
    pub batch: usize,
    pub keep_revisions: i64,
}

impl Writer {
    /// Starts the thread. It ends, after the last order, when every sender is dropped.
    pub(super) fn start(self) -> std::io::Result<(Sender<Order>, JoinHandle<()>)> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("flash-writer".to_owned())
            .spawn(move || self.run(&receiver))?;
        Ok((sender, thread))
    }

    fn run(mut self, orders: &Receiver<Order>) {
        let mut pause = IDLE;
        let mut tidied = Instant::now();
        loop {
            match orders.recv_timeout(pause) {
                Ok(first) => {
                    self.serve(first, orders);
                    if tidied.elapsed() < BUSY_TIDY {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            pause = if self.tidy() { SWEEP_PAUSE } else { IDLE };
            tidied = Instant::now();
        }
        if let Err(error) = self
            .connection
            .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            log::warn!("the write-ahead log stays for the next start: {error}");
        }
        drop(self.connection);
        drop(self.hold);
    }

    /// Serves `first` and whatever comes while it is being written, up to the size of one transaction: the longer a
    /// transaction takes, the more it commits.
    fn serve(&mut self, first: Order, orders: &Receiver<Order>) {
        let (now, keep) = ((self.clock)().as_microsecond(), self.keep_revisions);
        let mut taken = vec![first];
        let mut answers = Vec::new();
        let mut bytes = 0;
        let together = self.connection.immediate_transaction(|connection| {
            while let Some(order) = taken.get(answers.len()) {
                bytes += weight(&order.job);
                answers.push(apply(connection, &order.job, now, keep)?);
                if answers.len() == taken.len()
                    && taken.len() < self.batch
                    && bytes < TRANSACTION_BYTES
                {
                    taken.extend(orders.try_recv());
                }
            }
            Ok::<_, StoreError>(())
        });
        match together {
            Ok(()) => {
                for (order, answer) in taken.into_iter().zip(answers) {
                    self.answer(order, answer);
                }
            }
            Err(failed) if taken.len() == 1 => {
                if let Some(order) = taken.pop() {
                    self.answer(order, Err(failed));
                }
            }
            Err(failed) => self.serve_alone(taken, &failed),
        }
    }

    /// Serves each in a transaction of its own, after `failed` took down the one they shared.
    fn serve_alone(&mut self, orders: Vec<Order>, failed: &StoreError) {
        log::debug!(
            "a transaction of {} jobs failed, each is tried alone: {failed}",
            orders.len()
        );
        let (now, keep) = ((self.clock)().as_microsecond(), self.keep_revisions);
        for order in orders {
            let alone = self
                .connection
                .immediate_transaction(|connection| apply(connection, &order.job, now, keep));
            self.answer(order, alone.unwrap_or_else(Err));
        }
    }

    /// What readers remember is brought up to date before the answer, so that a write is seen as soon as it is known.
    fn answer(&self, order: Order, answer: Result<Outcome, StoreError>) {
        match (&order.job, &answer) {
            (_, Ok(Outcome::Committed(all))) => {
                for committed in all {
                    self.heads.insert(
                        committed.dataset.name.clone(),
                        Arc::clone(&committed.dataset),
                    );
                }
            }
            (Job::Delete(name), Ok(Outcome::Done)) => drop(self.heads.remove(name)),
            _ => {}
        }
        if let Some(reply) = order.reply {
            // Who asked may have gone; the work is done all the same.
            drop(reply.send(answer));
        }
        drop(order.place);
    }

    /// Deletes some of what nobody can reach or is reading any more; says whether there is more.
    fn tidy(&mut self) -> bool {
        let before =
            (self.clock)().as_microsecond() - i64::try_from(GRACE.as_micros()).unwrap_or(i64::MAX);
        let leases = Arc::clone(&self.leases);
        let swept = self.connection.immediate_transaction(|connection| {
            let garbage = queries::list_garbage(connection, before, 64)?;
            match garbage.into_iter().find(|run| !leases.is_held(*run)) {
                Some(run) => queries::sweep(connection, run, SWEEP_CHUNKS).map(|_| true),
                None => Ok(false),
            }
        });
        swept.unwrap_or_else(|error| {
            log::warn!(
                "sweeping failed, it is tried again: {}",
                StoreError::from(error)
            );
            false
        })
    }
}

type Answer = Result<Outcome, StoreError>;

fn weight(job: &Job) -> usize {
    match job {
        Job::Stage { batch, .. } => batch.weight(),
        Job::Commit(revisions) => revisions
            .iter()
            .map(|revision| revision.new.rest.weight())
            .sum(),
        Job::Delete(_) | Job::Abandon(_) => 0,
    }
}

/// Does one job within the transaction. The inner error is a refusal: nothing was written for it.
fn apply(
    connection: &mut Connection,
    job: &Job,
    now: i64,
    keep: i64,
) -> Result<Answer, StoreError> {
    match job {
        Job::Stage { run, batch, begins } => {
            if *begins {
                queries::insert_upload(connection, *run, now)?;
            }
            queries::insert_batch(connection, *run, batch)?;
            Ok(Ok(Outcome::Done))
        }
        Job::Commit(revisions) => commit(connection, revisions, now, keep),
        Job::Delete(name) => match queries::head(connection, name.as_str())? {
            Some(head) => {
                queries::delete_dataset(connection, &head, now)?;
                Ok(Ok(Outcome::Done))
            }
            None => Ok(Err(StoreError::NotFound(name.clone()))),
        },
        Job::Abandon(run) => {
            // The order to commit may have come before: then the run is no longer noted as being written, and lives.
            if queries::delete_upload(connection, *run)? {
                queries::insert_garbage(connection, *run, now)?;
            }
            Ok(Ok(Outcome::Done))
        }
    }
}

fn commit(
    connection: &mut Connection,
    all: &[Described],
    now: i64,
    keep: i64,
) -> Result<Answer, StoreError> {
    let mut heads = Vec::with_capacity(all.len());
    for Described { new, .. } in all {
        let head = queries::head(connection, new.name.as_str())?;
        if head.is_some() && new.write == Write::Create {
            return Ok(Err(StoreError::NameTaken(new.name.clone())));
        }
        heads.push(head);
    }
    let mut committed = Vec::with_capacity(all.len());
    for (described, existing) in all.iter().zip(heads) {
        committed.push(commit_one(connection, described, existing, now, keep)?);
    }
    Ok(Ok(Outcome::Committed(committed)))
}

fn commit_one(
    connection: &mut Connection,
    described: &Described,
    existing: Option<DatasetRow>,
    now: i64,
    keep: i64,
) -> Result<Committed, StoreError> {
    let new = &described.new;
    let created = existing.is_none();
    let head = match existing {
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
        },
    };
    let run = Run {
        dataset: head.id,
        number: new.run.number,
    };
    queries::write_head(connection, &head, created)?;
    queries::insert_revision(connection, &head, described)?;
    if new.staged {
        queries::delete_upload(connection, new.run)?;
        if run != new.run {
            queries::adopt(connection, new.run, run.dataset)?;
        }
    }
    queries::insert_batch(connection, run, &new.rest)?;
    if head.revision > keep {
        queries::prune(connection, head.id, head.revision - keep, now)?;
    }
    Ok(Committed {
        dataset: Arc::new(Dataset::from_new(described, &head, run)?),
        created,
    })
}
