//! Commits revisions, all or none.
//!
//! The transaction first checks everything that may refuse the commit, and writes nothing. Then it writes everything.

use std::sync::Arc;

use super::content::{Made, Prepared};
use super::{admission, append, decision, queries, schema_versions};
use crate::dataset::{Column, SchemaChanges};
use crate::store::backend::{Purpose, Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::idempotency::{self, Receipt};
use crate::store::model::{Committed, NewRevision, Write};
use crate::store::segments::columns::build;
use crate::store::segments::list::SegmentId;
use crate::store::segments::queries as block_queries;
use crate::store::segments::staging::Moving;
use crate::store::segments::{compaction, tombstones};

/// How often a commit is tried, if its dataset changes between preparation and transaction.
const TRIES: usize = 16;

/// How many MAJORs of a schema are kept: of each of the last ones, the newest revision.
const KEEP_MAJORS: i64 = 4;

/// The revisions to commit, and the receipt of the request.
struct Commit {
    revisions: Arc<[Described]>,
    /// For each revision, the segment under which its blocks were staged.
    staged: Vec<SegmentId>,
    /// The preparation of an append.
    prepared: Option<Prepared>,
    receipt: Option<Receipt<[Committed]>>,
    keep_revisions: i64,
    /// How much writes may change the schema of a dataset that is new.
    schema_changes: SchemaChanges,
    /// Whether nothing is written.
    rehearsal: bool,
}

/// A revision with its encoded profile. The profile is encoded before the transaction, because one thread does all writes to a
/// SQLite file.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) new: NewRevision,
    pub(super) profile: Vec<u8>,
    pub(super) columns: Arc<[Column]>,
}

impl From<NewRevision> for Described {
    fn from(new: NewRevision) -> Self {
        // The profile of an append is known only in the transaction.
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

impl Store {
    /// Commits revisions, all or none, together with the receipt. They are durable and visible afterwards.
    pub async fn commit(
        &self,
        revisions: Vec<NewRevision>,
        receipt: Option<Receipt<[Committed]>>,
    ) -> Result<Vec<Committed>, StoreError> {
        let revisions: Arc<[Described]> = revisions.into_iter().map(Described::from).collect();
        let committed = match self.create_alone(&revisions, receipt.as_ref()).await? {
            Some(created) => vec![created],
            None => self.commit_all(&revisions, receipt, false).await?,
        };
        for described in revisions.iter().filter(|described| described.new.staged) {
            drop(self.in_flight().end_upload(described.new.segment));
        }
        for one in &committed {
            if compaction::is_due(&one.dataset) {
                // While the store is closing, nobody receives this.
                drop(self.shared.to_compact.send(one.dataset.name.clone()));
            }
            if build::is_due(self, &one.dataset) {
                self.build_columns_of(&one.dataset.name);
            }
        }
        Ok(committed)
    }

    /// Does all of a commit but write. Returns what it would have made.
    pub async fn rehearse(
        &self,
        revisions: Vec<NewRevision>,
    ) -> Result<Vec<Committed>, StoreError> {
        let revisions: Arc<[Described]> = revisions.into_iter().map(Described::from).collect();
        self.commit_all(&revisions, None, true).await
    }

    /// Commits them, again if a dataset has changed meanwhile. A rehearsal writes nothing.
    async fn commit_all(
        &self,
        revisions: &Arc<[Described]>,
        receipt: Option<Receipt<[Committed]>>,
        rehearsal: bool,
    ) -> Result<Vec<Committed>, StoreError> {
        let bytes = revisions.iter().map(|one| one.new.rest.weight()).sum();
        let options = WriteOptions::of(Purpose::Ordinary, bytes);
        let mut prepared = None;
        let mut staged: Vec<SegmentId> = revisions.iter().map(|one| one.new.segment).collect();
        let mut moving = Moving::new(self);
        for _ in 0..TRIES {
            let commit = Commit {
                revisions: Arc::clone(revisions),
                staged: staged.clone(),
                prepared: prepared.take(),
                receipt: receipt.clone(),
                keep_revisions: self.shared.keep_revisions,
                schema_changes: self.shared.schema_changes,
                rehearsal,
            };
            let write = self.backend().write(options, move |tx| apply(tx, &commit));
            match write.await {
                Err(StoreError::Unprepared) => {
                    for (described, staged) in revisions.iter().zip(&staged) {
                        prepared = append::prepare(self, &described.new, *staged).await?;
                    }
                }
                Err(StoreError::Elsewhere { at, dataset }) => {
                    let from = staged[at];
                    staged[at] = SegmentId { dataset, ..from };
                    moving.all(from, staged[at]).await?;
                }
                outcome => return outcome,
            }
        }
        Err(StoreError::Busy("the dataset"))
    }
}

/// Commits them in the transaction.
fn apply(tx: &mut Transaction<'_>, commit: &Commit) -> Result<Vec<Committed>, WriteError> {
    // Datasets are locked in the order of their names, to avoid deadlocks.
    let name = |at: &usize| &commit.revisions[*at].new.name;
    let mut order: Vec<usize> = (0..commit.revisions.len()).collect();
    order.sort_by(|a, b| name(a).cmp(name(b)));
    // All revisions are of one request.
    let first = commit.revisions.first();
    let author = first.and_then(|one| one.new.author.as_deref());
    let claim = commit.receipt.as_ref().map(|receipt| &receipt.claim);
    admission::admit_request(tx, author, claim)?;
    let mut contents = Vec::with_capacity(order.len());
    for &at in &order {
        let Described { new, columns, .. } = &commit.revisions[at];
        let place = (at, commit.staged[at]);
        let content = decision::admitted(tx, new, columns, place, commit.prepared.as_ref())?;
        contents.push((at, content));
    }
    let mut committed: Vec<(usize, Committed)> = Vec::with_capacity(order.len());
    for (at, content) in contents {
        let described = &commit.revisions[at];
        if let Some(head) = content.head.as_ref().filter(|_| !commit.rehearsal) {
            schema_versions::store_missing(tx, head)?;
        }
        let made = Made::new(&described.new, content, tx.now(), commit.schema_changes)?;
        if !commit.rehearsal {
            write(tx, described, &made, commit.keep_revisions)?;
        }
        committed.push((at, made.into()));
    }
    committed.sort_by_key(|(at, _)| *at);
    let committed: Vec<Committed> = committed.into_iter().map(|(_, one)| one).collect();
    if commit.rehearsal {
        return Ok(committed);
    }
    if let Some(receipt) = &commit.receipt {
        idempotency::settle(tx, receipt, &committed)?;
    }
    for one in &committed {
        tx.set_head(Arc::clone(&one.dataset));
    }
    Ok(committed)
}

/// Writes a revision, and removes those that are not kept any more.
fn write(
    tx: &mut Transaction<'_>,
    described: &Described,
    made: &Made,
    keep_revisions: i64,
) -> Result<(), StoreError> {
    let (new, head, dataset) = (&described.new, &made.head, &made.dataset);
    if !made.created {
        queries::update_head(tx, head)?;
    } else if !queries::insert_head(tx, head)? {
        // Another server created it in the meantime.
        return Err(StoreError::Again);
    }
    let segment = dataset.made_by;
    queries::insert_revision(tx, made.row(new, &described.profile))?;
    if new.staged {
        tombstones::delete_upload(tx, segment)?;
    }
    if made.line_end {
        block_queries::insert_part(tx, segment, &append::line_end())?;
    }
    block_queries::insert_part(tx, segment, &new.rest)?;
    if let Some(summary) = &new.summary {
        let first = i64::from(new.write == Write::Append);
        block_queries::set_summary(tx, segment, first, summary)?;
    }
    if head.revision > keep_revisions {
        let since = tx.database_now()?;
        let last = head.revision - keep_revisions;
        let first_major = i64::from(dataset.schema.major) - KEEP_MAJORS + 1;
        tombstones::prune(tx, head.id, last, first_major, since)?;
    }
    Ok(())
}
