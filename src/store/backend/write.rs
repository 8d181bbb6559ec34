//! A write: a closure over a transaction, with options for its scheduling.

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

/// The options of a write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteOptions {
    /// About how many bytes it takes in memory and on the disk.
    pub bytes: usize,
    pub purpose: Purpose,
}

/// The purpose of a write, which decides how it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The write is durable when it is acknowledged. It is refused while the disk is full.
    Ordinary,
    /// The write may be acknowledged before it is on the disk. It may be lost in a crash, and the write that needs it checks that.
    Provisional,
    /// The write frees space, or belongs to a write that does. It is also done on a full disk.
    FreesSpace,
    /// Collection. Space that earlier ones freed is returned to the disk first.
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
    /// It was refused before it wrote anything. Other writes of the same transaction are committed.
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

/// A change to the cache of newest revisions.
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
    /// Whether the operator has turned writes off, if this server has read that just now and may believe it.
    recent_switch: Option<bool>,
    heads: Vec<HeadChange>,
}

impl<'t> Transaction<'t> {
    pub(super) fn new(connection: &'t mut AnyConnection, now: i64, disk_is_tight: bool) -> Self {
        Self {
            connection,
            now,
            disk_is_tight,
            recent_switch: None,
            heads: Vec::new(),
        }
    }

    /// The same, with what this server has read of the switch for writes.
    pub(super) fn knowing(self, recent_switch: Option<bool>) -> Self {
        Self {
            recent_switch,
            ..self
        }
    }

    /// Whether the operator has turned writes off, if that is known. `None`: it has to be read.
    pub(crate) fn recent_switch(&self) -> Option<bool> {
        self.recent_switch
    }

    /// The time by this process's clock, in microseconds: for times that clients see.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// The time by the database's clock, in microseconds: for ages.
    pub(crate) fn database_now(&mut self) -> QueryResult<i64> {
        dialect::now(self.connection, self.now)
    }

    /// Whatever had its last heartbeat before this time has no process any more. `None`: there are no heartbeats, because only this
    /// process uses the database.
    pub(crate) fn given_up_before(&self, silence: Duration, now: i64) -> Option<i64> {
        dialect::given_up_before(self.connection, silence, now)
    }

    /// Claims collection for this transaction. `false`: another server is collecting.
    pub(crate) fn may_collect(&mut self) -> QueryResult<bool> {
        dialect::may_collect(self.connection)
    }

    /// Whether the disk is almost full.
    pub(crate) fn disk_is_tight(&self) -> bool {
        self.disk_is_tight
    }

    /// Sets the newest revision of a dataset in the cache, once this is committed. Readers see it before the write is acknowledged.
    pub(crate) fn set_head(&mut self, dataset: Arc<Dataset>) {
        self.heads.push(HeadChange::Is(dataset));
    }

    /// Removes a dataset from the cache, once this is committed.
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
