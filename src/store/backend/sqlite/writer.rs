//! The writer thread, with group commit: it commits all waiting writes in one transaction, and acknowledges them when that is on the
//! disk.
//!
//! A refused write (a name is taken) has written nothing, so the others of its transaction are committed. If a write fails or panics,
//! the transaction is rolled back, and each write is repeated in a transaction of its own, so that only the one at fault fails.
//!
//! If the thread can't write any more, it records why and refuses all further writes ([`Queue::health`](super::queue::Queue)).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock};

use diesel::connection::SimpleConnection as _;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use prometheus::IntCounter;

use super::file_watch::FileWatch;
use super::order::{Order, Stopped};
use super::reserve::Reserve;
use crate::store::backend::connection::{self, AnyConnection};
use crate::store::backend::heads::Heads;
use crate::store::backend::write::Purpose;
use crate::store::error::StoreError;
use crate::store::model::Clock;

/// A transaction takes no more writes once it has so many bytes.
const TRANSACTION_BYTES: usize = 8 << 20;

/// The state of the thread.
pub(super) struct Writer {
    pub connection: AnyConnection,
    pub heads: Arc<Heads>,
    pub clock: Clock,
    /// Writes that one transaction may commit.
    pub batch: usize,
    /// Counts writes that panicked.
    pub panics: IntCounter,
    /// Why the writer stopped; shared with the [queue](super::queue::Queue).
    pub stopped: Arc<OnceLock<Stopped>>,
    pub files: FileWatch,
    pub reserve: Reserve,
}

/// Does one write in the transaction. While the disk is full, only writes that free space are done.
fn apply(
    order: &mut Order,
    connection: &mut AnyConnection,
    (now, disk): (i64, Disk),
) -> Result<(), StoreError> {
    if disk == Disk::Full && !order.options.frees_space() {
        let text = "space is being made on the disk".to_owned();
        let error = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text));
        order.fail(StoreError::Full(error));
        return Ok(());
    }
    order.apply(connection, now, disk != Disk::Roomy)
}

/// How much space the disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    Roomy,
    Tight,
    /// Only what frees space is written.
    Full,
}

impl Writer {
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        self.limit_log();
        while let Ok(first) = orders.recv() {
            self.serve(first, orders);
        }
        if let AnyConnection::Sqlite(sqlite) = &mut self.connection
            && let Err(error) = sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            log::warn!("the write-ahead log stays for the next start: {error}");
        }
    }

    /// The time, and how much space the disk has.
    fn circumstances(&self) -> (i64, Disk) {
        let disk = match (self.reserve.is_spent(), self.reserve.is_whole()) {
            (true, _) => Disk::Full,
            (false, false) => Disk::Tight,
            (false, true) => Disk::Roomy,
        };
        ((self.clock)().as_microsecond(), disk)
    }

    /// Does `first` and all writes that wait, up to the size of one transaction: the longer a transaction takes, the more the next one
    /// commits.
    fn serve(&mut self, first: Order, orders: &Receiver<Order>) {
        if let Some(stopped) = self.stopped.get() {
            let error = stopped.error();
            return self.refuse(first, error);
        }
        if first.options.purpose == Purpose::Collects {
            self.restore_reserve();
        }
        let circumstances = self.circumstances();
        let mut taken = vec![first];
        let (mut done, mut bytes) = (0, 0);
        let batch = self.batch;
        let together = self.transact(|connection| {
            while let Some(order) = taken.get_mut(done) {
                bytes += order.options.bytes;
                apply(order, connection, circumstances)?;
                done += 1;
                if done == taken.len() && done < batch && bytes < TRANSACTION_BYTES {
                    taken.extend(orders.try_recv());
                }
            }
            Ok(())
        });
        match together {
            Ok(()) => taken.into_iter().for_each(|order| self.acknowledge(order)),
            Err(failed) => self.serve_alone(taken, failed),
        }
    }

    /// Does each write in a transaction of its own, after `failed` ended the one they shared.
    fn serve_alone(&mut self, orders: Vec<Order>, failed: StoreError) {
        // A write that was alone has failed already.
        let mut failed = Some(failed).filter(|_| orders.len() == 1);
        for mut order in orders {
            let mut outcome = failed.take().map_or_else(|| self.alone(&mut order), Err);
            if matches!(outcome, Err(StoreError::Full(_))) && order.options.frees_space() {
                self.spend_reserve();
                outcome = self.alone(&mut order);
            }
            match outcome {
                Ok(()) => self.acknowledge(order),
                Err(error) => self.refuse(order, error),
            }
        }
    }

    fn alone(&mut self, order: &mut Order) -> Result<(), StoreError> {
        let circumstances = self.circumstances();
        self.transact(|connection| apply(order, connection, circumstances))
    }

    /// Makes space on a full disk for writes that free more: from the reserve, and from the log.
    fn spend_reserve(&mut self) {
        self.reserve.spend();
        self.shorten_log();
    }

    /// Returns to the disk what deletions have freed, and makes the reserve again if there is space.
    fn restore_reserve(&mut self) {
        if !self.reserve.is_whole() {
            let pages = self.reserve.log_pages();
            self.pragma(&format!("incremental_vacuum({pages})"));
            self.shorten_log();
            self.reserve.restore();
            self.limit_log();
        }
    }

    /// Returns the space of the log to the disk.
    fn shorten_log(&mut self) {
        self.limit_log();
        self.pragma("wal_checkpoint(TRUNCATE)");
    }

    /// Keeps the log as short as the disk's free space demands.
    fn limit_log(&mut self) {
        let pages = self.reserve.log_pages();
        self.pragma(&format!("wal_autocheckpoint = {pages}"));
    }

    fn pragma(&mut self, pragma: &str) {
        if let AnyConnection::Sqlite(sqlite) = &mut self.connection
            && let Err(error) = sqlite.batch_execute(&format!("PRAGMA {pragma}"))
        {
            log::debug!("PRAGMA {pragma} failed: {error}");
        }
    }

    /// Does `work` in one transaction. If it panics, the transaction is rolled back as after other errors.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = &mut self.connection;
        let outcome = catch_unwind(AssertUnwindSafe(|| connection::write(connection, work)))
            .unwrap_or(Err(StoreError::Panicked));
        if connection::is_stuck(&mut self.connection) {
            self.stop(Stopped::Stuck);
        }
        // A write to a file that was removed is not acknowledged.
        if let Err(gone) = self.files.check() {
            let gone = Stopped::FileGone(gone.to_owned());
            let error = gone.error();
            self.stop(gone);
            return Err(error);
        }
        outcome
    }

    /// Stops the writer. Only a new process can write again.
    fn stop(&self, reason: Stopped) {
        let error = reason.error();
        if self.stopped.set(reason).is_ok() {
            log::error!("{error}");
        }
    }

    fn acknowledge(&self, order: Order) {
        order.acknowledge(|change| self.heads.apply(change));
    }

    fn refuse(&self, mut order: Order, error: StoreError) {
        if matches!(error, StoreError::Panicked) {
            self.panics.inc();
        }
        order.fail(error);
        self.acknowledge(order);
    }
}
