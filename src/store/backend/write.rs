//! A write: a closure over a transaction, and what whoever schedules it has to know.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use diesel::result::Error as DieselError;

use super::connection::AnyConnection;
use super::dialect;
use crate::dataset::DatasetName;
use crate::store::error::StoreError;
use crate::store::model::Dataset;

/// What whoever schedules a write has to know of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteOptions {
    /// Bytes that it takes in memory and will take on the disk, about.
    pub bytes: usize,
    pub purpose: Purpose,
}

/// What a write is for, as far as it changes how it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is durable when it is acknowledged, and refused while the disk is full.
    Ordinary,
    /// Losing it with the server does no harm, because whatever builds on it looks whether it is there. It may be acknowledged
    /// before it is on the disk.
    Provisional,
    /// It frees space, or belongs to what does, and so is done on a full disk as well.
    FreesSpace,
    /// It deletes what nobody reads any more. Before it, the disk gets back what earlier ones freed.
    Collects,
}

impl WriteOptions {
    pub(crate) const ORDINARY: Self = Self::of(Purpose::Ordinary, 0);
    pub(crate) const FREES_SPACE: Self = Self::of(Purpose::FreesSpace, 0);
    pub(crate) const COLLECTS: Self = Self::of(Purpose::Collects, 0);

    pub(crate) const fn of(purpose: Purpose, bytes: usize) -> Self {
        Self { bytes, purpose }
    }

    pub(super) fn frees_space(self) -> bool {
        matches!(self.purpose, Purpose::FreesSpace | Purpose::Collects)
    }
}

/// Why a write did not happen.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// It was refused, and wrote nothing before that. Other writes of the same transaction stand.
    Refused(StoreError),
    /// It failed. The transaction is rolled back, and each write in it is repeated alone.
    Failed(StoreError),
}

impl WriteError {
    pub(super) fn into_inner(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Failed(error) => error,
        }
    }
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<DieselError> for WriteError {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

/// A change to what is remembered of the newest revisions.
#[derive(Debug)]
pub(super) enum HeadChange {
    Is(Arc<Dataset>),
    Gone(DatasetName),
}

/// An open transaction that writes.
pub(crate) struct Transaction<'t> {
    connection: &'t mut AnyConnection,
    now: i64,
    disk_is_tight: bool,
    heads: Vec<HeadChange>,
}

impl<'t> Transaction<'t> {
    pub(super) fn new(connection: &'t mut AnyConnection, now: i64, disk_is_tight: bool) -> Self {
        Self {
            connection,
            now,
            disk_is_tight,
            heads: Vec::new(),
        }
    }

    /// The time by this process's clock, in the unit of the tables: for what clients are told.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// The time by the database's clock, in the unit of the tables: for ages.
    pub(crate) fn database_now(&mut self) -> QueryResult<i64> {
        dialect::now(self.connection, self.now)
    }

    /// The moment before which whatever was last renewed has no process any more, if it has been silent for `silence` at `now`.
    /// `None`: silence says nothing, and this process knows what it is in the middle of.
    pub(crate) fn given_up_before(&self, silence: Duration, now: i64) -> Option<i64> {
        dialect::given_up_before(self.connection, silence, now)
    }

    /// Claims collection for this transaction; `false`: another process has it.
    pub(crate) fn may_collect(&mut self) -> QueryResult<bool> {
        dialect::may_collect(self.connection)
    }

    /// Whether the disk lacks space, so that it is worth some trouble to free it soon.
    pub(crate) fn disk_is_tight(&self) -> bool {
        self.disk_is_tight
    }

    /// Says what the newest revision of a dataset is once this is committed. Readers see it before the write is acknowledged.
    pub(crate) fn set_head(&mut self, dataset: Arc<Dataset>) {
        self.heads.push(HeadChange::Is(dataset));
    }

    /// Says that there is no dataset of that name once this is committed.
    pub(crate) fn remove_head(&mut self, name: DatasetName) {
        self.heads.push(HeadChange::Gone(name));
    }

    pub(super) fn into_heads(self) -> Vec<HeadChange> {
        self.heads
    }
}

impl Deref for Transaction<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.connection
    }
}
