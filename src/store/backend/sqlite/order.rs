//! Orders for the writer thread: a write, and a channel for its result.

use std::path::PathBuf;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::store::backend::connection::AnyConnection;
use crate::store::backend::write::{HeadChange, Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;

/// A waiting write, with its permit and its result.
pub(super) struct Order {
    pub options: WriteOptions,
    work: Box<dyn Work>,
    permit: Option<OwnedSemaphorePermit>,
    heads: Vec<HeadChange>,
}

impl Order {
    pub(super) fn new<T: Send + 'static>(
        options: WriteOptions,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send + 'static,
        reply: Option<oneshot::Sender<Result<T, StoreError>>>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            options,
            work: Box::new(Waiting {
                work,
                outcome: None,
                reply,
            }),
            permit,
            heads: Vec::new(),
        }
    }

    /// Does the write in the transaction, for the first time or again. After an error, the transaction must be rolled back.
    pub(super) fn apply(
        &mut self,
        connection: &mut AnyConnection,
        now: i64,
        disk_is_tight: bool,
    ) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(connection, now, disk_is_tight);
        self.work.apply(&mut transaction)?;
        self.heads = transaction.into_heads();
        Ok(())
    }

    /// Sets the result to an error.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.work.fail(error);
        self.heads.clear();
    }

    /// Sends the result to the caller. Before that, `update` gets the changes to the newest revisions, so that a write is visible when it
    /// is acknowledged.
    pub(super) fn acknowledge(self, update: impl FnMut(HeadChange)) {
        self.heads.into_iter().for_each(update);
        self.work.acknowledge();
        drop(self.permit);
    }
}

/// A write, without the type of its result.
trait Work: Send {
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError>;
    fn fail(&mut self, error: StoreError);
    fn acknowledge(self: Box<Self>);
}

struct Waiting<T, W> {
    work: W,
    outcome: Option<Result<T, StoreError>>,
    reply: Option<oneshot::Sender<Result<T, StoreError>>>,
}

impl<T, W> Work for Waiting<T, W>
where
    T: Send,
    W: Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send,
{
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), StoreError> {
        self.outcome = Some(match (self.work)(transaction) {
            Ok(done) => Ok(done),
            Err(WriteError::Refused(refusal)) => Err(refusal),
            Err(WriteError::Failed(error)) => return Err(error),
        });
        Ok(())
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn acknowledge(self: Box<Self>) {
        let Self {
            work,
            outcome,
            reply,
        } = *self;
        // Drops everything that the write has before the caller continues.
        drop(work);
        if let (Some(reply), Some(outcome)) = (reply, outcome) {
            // The caller may have gone, and the write is done all the same.
            drop(reply.send(outcome));
        }
    }
}

/// Why the writer stopped.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The connection is unusable.
    Stuck,
    /// The file that was written was removed or replaced.
    FileGone(PathBuf),
}

impl Stopped {
    pub(super) fn error(&self) -> StoreError {
        match self {
            Self::Stuck => StoreError::WriterStopped(
                "a transaction could be neither committed nor rolled back",
            ),
            Self::FileGone(path) => StoreError::FileGone(path.clone()),
        }
    }
}
