//! The one thread that writes an embedded store, with group commit: everything that waits is written in one transaction,
//! and whoever waits is told after it is on the disk.
//!
//! A job that is refused (a name is taken) is refused before it wrote anything, so it does not touch the others of its
//! transaction. A job that fails takes the transaction down; then each job is tried again in a transaction of its own,
//! so that only the one at fault hears of it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::connection::{self, AnyConnection};
use super::jobs::{self, Answer, Context, Job, Outcome};
use super::sqlite::Hold;
use super::{Clock, Heads, Leases, StoreError};

/// A transaction takes no more jobs once it holds this many bytes.
const TRANSACTION_BYTES: usize = 8 << 20;

/// A job, who waits for it, and its place in the queue.
struct Order {
    job: Job,
    reply: Option<oneshot::Sender<Answer>>,
    place: Option<OwnedSemaphorePermit>,
}

/// What the thread works with.
pub(super) struct Writer {
    pub connection: AnyConnection,
    /// Given back when the thread ends: nobody else may write before.
    pub hold: Hold,
    pub heads: Arc<Heads>,
    pub leases: Arc<Leases>,
    pub clock: Clock,
    /// Jobs that one transaction may commit.
    pub batch: usize,
    pub keep_revisions: i64,
    pub holder: i64,
}

/// The way to the thread.
pub(super) struct Queue {
    orders: Mutex<Option<Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    places: Arc<Semaphore>,
    size: usize,
    patience: Duration,
}

impl Queue {
    /// Starts the thread. It ends, after the last order, when the queue is closed.
    pub(super) fn start(
        writer: Writer,
        places: usize,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("flash-writer".to_owned())
            .spawn(move || writer.run(&receiver))?;
        Ok(Self {
            orders: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            places: Arc::new(Semaphore::new(places)),
            size: places,
            patience,
        })
    }

    /// Has a job done, and waits until it is on the disk.
    pub(super) async fn order(&self, job: Job) -> Answer {
        let place = self.place().await?;
        let (reply, answer) = oneshot::channel();
        self.send(Order {
            job,
            reply: Some(reply),
            place: Some(place),
        })?;
        answer.await.map_err(|_| StoreError::Worker)?
    }

    /// Has a job done some time, and waits for nothing.
    pub(super) fn leave(&self, job: Job) {
        // When the store is closed already, the next start does what is left.
        drop(self.send(Order {
            job,
            reply: None,
            place: None,
        }));
    }

    /// Jobs that somebody waits for.
    pub(super) fn waiting(&self) -> usize {
        self.size.saturating_sub(self.places.available_permits())
    }

    /// Whether the thread still works.
    pub(super) fn is_alive(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Finishes what waits, writes the log back into the database and lets the file go.
    pub(super) async fn close(&self) {
        let sender = self
            .orders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(sender);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && tokio::task::spawn_blocking(move || thread.join())
                .await
                .is_err()
        {
            log::error!("the store's writer could not be joined");
        }
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        tokio::time::timeout(self.patience, Arc::clone(&self.places).acquire_owned())
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

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(first) = orders.recv() {
            self.serve(first, orders);
        }
        if let AnyConnection::Sqlite(sqlite) = &mut self.connection
            && let Err(error) = sqlite.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
        {
            log::warn!("the write-ahead log stays for the next start: {error}");
        }
        drop(self.connection);
        drop(self.hold);
    }

    fn context(&self) -> Context {
        Context {
            now: (self.clock)().as_microsecond(),
            keep_revisions: self.keep_revisions,
            leases: Arc::clone(&self.leases),
            holder: self.holder,
        }
    }

    /// Serves `first` and whatever comes while it is being written, up to the size of one transaction: the longer a
    /// transaction takes, the more it commits.
    fn serve(&mut self, first: Order, orders: &Receiver<Order>) {
        let context = self.context();
        let mut taken = vec![first];
        let mut answers = Vec::new();
        let mut bytes = 0;
        let batch = self.batch;
        let together = connection::write(&mut self.connection, |connection| {
            while let Some(order) = taken.get(answers.len()) {
                bytes += order.job.weight();
                answers.push(jobs::apply(connection, &order.job, &context)?);
                if answers.len() == taken.len() && taken.len() < batch && bytes < TRANSACTION_BYTES
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
        let context = self.context();
        for order in orders {
            let alone = connection::write(&mut self.connection, |connection| {
                jobs::apply(connection, &order.job, &context)
            });
            self.answer(order, alone.unwrap_or_else(Err));
        }
    }

    /// What readers remember is brought up to date before the answer, so that a write is seen as soon as it is known.
    fn answer(&self, order: Order, answer: Answer) {
        match (&order.job, &answer) {
            (_, Ok(Outcome::Committed(all))) => {
                for committed in all {
                    let dataset = Arc::clone(&committed.dataset);
                    self.heads.insert(dataset.name.clone(), dataset);
                }
            }
            (_, Ok(Outcome::Compacted(Some(dataset)))) => {
                self.heads
                    .insert(dataset.name.clone(), Arc::new(dataset.clone()));
            }
            (Job::Delete { name, .. }, Ok(Outcome::Done)) => drop(self.heads.remove(name)),
            _ => {}
        }
        if let Some(reply) = order.reply {
            // Who asked may have gone; the work is done all the same.
            drop(reply.send(answer));
        }
        drop(order.place);
    }
}
