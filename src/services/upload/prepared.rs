//! A CSV that was received, until it is committed or abandoned.

use std::sync::Arc;

use super::BadRows;
use crate::dataset::{Column, DatasetName};
use crate::store::{NewRevision, SegmentId, Store, StoreError, Write};

/// Tells the store that an upload segment was abandoned, unless it was committed.
#[derive(Debug)]
pub(in crate::services) struct Abandon {
    pub(super) store: Store,
    pub(super) staged: Option<SegmentId>,
}

impl Abandon {
    pub(in crate::services) fn disarm(&mut self) {
        self.staged = None;
    }
}

impl Drop for Abandon {
    fn drop(&mut self) {
        if let Some(segment) = self.staged.take() {
            self.store.abandon(segment);
        }
    }
}

/// A valid CSV that was received whole. Committing it makes it a dataset.
#[derive(Debug)]
pub struct Prepared {
    /// What the sender may not know, for v2's clients, each with the parameter that would change it.
    pub hints: Vec<String>,
    /// The rows that were set aside.
    pub bad_rows: BadRows,
    /// The columns of the dataset when the upload began, if there was one.
    pub before: Option<Arc<[Column]>>,
    pub(super) dry_run: bool,
    pub(super) revision: NewRevision,
    pub(super) abandon: Abandon,
}

impl Prepared {
    /// Name of the dataset that it will be.
    pub fn name(&self) -> &DatasetName {
        &self.revision.name
    }

    /// Whether it is not to be committed.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Bytes that wait in memory for the commit, about.
    pub fn weight(&self) -> usize {
        self.revision.rest.weight()
    }

    /// Bytes of the names of its columns.
    pub fn names(&self) -> usize {
        self.revision.profile.names()
    }

    /// Writes what waits in memory to the store, if the commit is going to take long to come.
    pub async fn stage(&mut self) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut self.revision.rest);
        if self.dry_run && self.revision.write != Write::Append {
            return Ok(());
        }
        let begins = !self.revision.staged;
        self.revision.staged = true;
        self.abandon.staged = Some(self.revision.segment);
        let store = &self.abandon.store;
        let turn = store.begin_part(self.revision.segment);
        store.stage(turn, rest, begins).await
    }

    pub(in crate::services) fn into_parts(self) -> (NewRevision, Abandon) {
        (self.revision, self.abandon)
    }
}
