//! What the thread that writes is given: a write, and the way back to its caller.

use std::path::PathBuf;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::store::backend::connection::AnyConnection;
use crate::store::backend::write::{HeadChange, Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;

/// A write that waits, the permit that it holds, and what became of it so far.
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

    /// Does the write within the transaction, for the first time or once more. An error takes the transaction down.
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

    /// Decides that the write did not happen.
    pub(super) fn fail(&mut self, error: StoreError) {
        self.work.fail(error);
        self.heads.clear();
    }

    /// Tells the caller what became of the write, after `update` has seen what it changes of the heads: so a write is seen as
    /// soon as it is acknowledged.
    pub(super) fn acknowledge(self, update: impl FnMut(HeadChange)) {
        self.heads.into_iter().for_each(update);
        self.work.acknowledge();
        drop(self.permit);
    }
}

/// A write whose type of answer the thread does not know.
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
        // What the write holds is free before the caller goes on.
        drop(work);
        if let (Some(reply), Some(outcome)) = (reply, outcome) {
            // The caller may have gone; the work is done all the same.
            drop(reply.send(outcome));
        }
    }
}

/// Why writing can't go on.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The connection can't be used any more.
    Stuck,
    /// What was written is in a file that has no name any more.
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
