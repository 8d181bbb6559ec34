//! The queue of the writer thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::lock::Hold;
use super::order::{Order, Stopped};
use super::writer::Writer;
use crate::store::backend::write::{Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;

/// The queue of the writer thread.
pub(crate) struct Queue {
    orders: Mutex<Option<Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    permits: Arc<Semaphore>,
    size: usize,
    patience: Duration,
    stopped: Arc<OnceLock<Stopped>>,
    closed: AtomicBool,
    /// Keeps other processes out until the queue is closed, even if the thread ends before: reads continue, and their caches must stay
    /// correct.
    hold: Mutex<Option<Hold>>,
}

impl Queue {
    /// Starts the thread. It ends after the last order, when the queue is closed.
    pub(super) fn start(
        writer: Writer,
        hold: Hold,
        size: usize,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let stopped = Arc::clone(&writer.stopped);
        let thread = std::thread::Builder::new()
            .name("flash-writer".to_owned())
            .spawn(move || writer.run(&receiver))?;
        Ok(Self {
            orders: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            permits: Arc::new(Semaphore::new(size)),
            size,
            patience,
            stopped,
            closed: AtomicBool::new(false),
            hold: Mutex::new(Some(hold)),
        })
    }

    /// Does a write, and waits until it is on the disk.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        options: WriteOptions,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, WriteError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.health()?;
        let permit = self.permit().await?;
        let (reply, answer) = oneshot::channel();
        self.send(Order::new(options, work, Some(reply), Some(permit)))?;
        answer.await.map_err(|_| StoreError::Worker)?
    }

    /// Does a write later, without waiting for it.
    pub(crate) fn write_later(
        &self,
        options: WriteOptions,
        work: impl Fn(&mut Transaction<'_>) -> Result<(), WriteError> + Send + 'static,
    ) {
        // If the store is closed, the next start does it.
        drop(self.send(Order::new(options, work, None, None)));
    }

    /// How many writes wait or are being done.
    pub(crate) fn waiting(&self) -> usize {
        self.size.saturating_sub(self.permits.available_permits())
    }

    /// Whether the writer works. An error is permanent: only a new process can recover. A closed queue is no error.
    pub(crate) fn health(&self) -> Result<(), StoreError> {
        if let Some(stopped) = self.stopped.get() {
            return Err(stopped.error());
        }
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = thread.as_ref().is_none_or(JoinHandle::is_finished);
        if ended && !self.closed.load(Ordering::Acquire) {
            return Err(StoreError::WriterStopped("the thread that writes ended"));
        }
        Ok(())
    }

    /// Whether the files are still those that were opened. Reads from others would be wrong.
    pub(crate) fn check_files(&self) -> Result<(), StoreError> {
        match self.stopped.get() {
            Some(gone @ Stopped::FileGone(_)) => Err(gone.error()),
            _ => Ok(()),
        }
    }

    /// Finishes all waiting writes, writes the log back into the database, and closes the file.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        drop(take(&self.orders));
        if let Some(thread) = take(&self.thread)
            && tokio::task::spawn_blocking(move || thread.join())
                .await
                .is_err()
        {
            log::error!("the store's writer could not be joined");
        }
        drop(take(&self.hold));
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        tokio::time::timeout(self.patience, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| StoreError::Busy("a place in the writer's queue"))?
            .map_err(|_| StoreError::Closed)
    }

    fn send(&self, order: Order) -> Result<(), StoreError> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders
            .as_ref()
            .ok_or(StoreError::Closed)?
            .send(order)
            .map_err(|_| StoreError::Worker)
    }
}

fn take<T>(of: &Mutex<Option<T>>) -> Option<T> {
    of.lock().unwrap_or_else(PoisonError::into_inner).take()
}
