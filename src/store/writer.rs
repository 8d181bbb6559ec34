//! The one thread that writes an embedded store, with group commit: everything that waits is written in one transaction,
//! and whoever waits is told after it is on the disk.
//!
//! A job that is refused (a name is taken) is refused before it wrote anything, so it does not touch the others of its
//! transaction. A job that fails takes the transaction down; then each job is tried again in a transaction of its own,
//! so that only the one at fault hears of it. So it is with a job that panics.
//!
//! Where writing can't go on, the thread says why and refuses everything from then on ([`Queue::health`]).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use prometheus::IntCounter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::alive::Alive;
use super::connection::{self, AnyConnection};
use super::file_watch::FileWatch;
use super::jobs::{self, Answer, Context, Job, Outcome};
use super::reserve::Reserve;
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
    pub heads: Arc<Heads>,
    pub leases: Arc<Leases>,
    pub alive: Arc<Alive>,
    pub clock: Clock,
    /// Jobs that one transaction may commit.
    pub batch: usize,
    pub keep_revisions: i64,
    pub holder: i64,
    /// Counts jobs that panicked.
    pub panics: IntCounter,
    /// Why writing can't go on; shared with the [`Queue`].
    pub stopped: Arc<OnceLock<Stopped>>,
    pub files: FileWatch,
    pub reserve: Reserve,
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
    fn error(&self) -> StoreError {
        match self {
            Self::Stuck => StoreError::WriterStopped(
                "a transaction could be neither committed nor rolled back",
            ),
            Self::FileGone(path) => StoreError::FileGone(path.clone()),
        }
    }
}

/// The way to the thread.
pub(super) struct Queue {
    orders: Mutex<Option<Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    places: Arc<Semaphore>,
    size: usize,
    patience: Duration,
    stopped: Arc<OnceLock<Stopped>>,
    closed: AtomicBool,
    /// Keeps other processes out until the queue is closed, even if the thread ends before: reads go on, and what they
    /// remember must stay true.
    hold: Mutex<Option<Hold>>,
}

impl Queue {
    /// Starts the thread. It ends, after the last order, when the queue is closed.
    pub(super) fn start(
        writer: Writer,
        hold: Hold,
        places: usize,
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
            places: Arc::new(Semaphore::new(places)),
            size: places,
            patience,
            stopped,
            closed: AtomicBool::new(false),
            hold: Mutex::new(Some(hold)),
        })
    }

    /// Has a job done, and waits until it is on the disk.
    pub(super) async fn order(&self, job: Job) -> Answer {
        self.health()?;
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

    /// Whether writing can go on. An error is for good: only a new process mends it. A queue that is closed is well.
    pub(super) fn health(&self) -> Result<(), StoreError> {
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

    /// Whether the files are still those that were opened, as far as it is known: what is read from others would be wrong.
    pub(super) fn check_files(&self) -> Result<(), StoreError> {
        match self.stopped.get() {
            Some(gone @ Stopped::FileGone(_)) => Err(gone.error()),
            _ => Ok(()),
        }
    }

    /// Finishes what waits, writes the log back into the database and lets the file go.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
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
        let hold = self
            .hold
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(hold);
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

/// Does one job within the transaction; where the disk is full, only one that frees space.
fn apply(
    connection: &mut AnyConnection,
    job: &Job,
    context: &Context,
    full: bool,
) -> Result<Answer, StoreError> {
    if full && !job.frees_space() {
        let text = "space is being made on the disk".to_owned();
        let error = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text));
        return Ok(Err(StoreError::Full(error)));
    }
    jobs::apply(connection, job, context)
}

impl Writer {
    fn run(mut self, orders: &Receiver<Order>) {
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

    fn context(&self) -> Context {
        Context {
            now: (self.clock)().as_microsecond(),
            keep_revisions: self.keep_revisions,
            leases: Arc::clone(&self.leases),
            alive: Arc::clone(&self.alive),
            holder: self.holder,
            grace: if self.reserve.is_whole() {
                jobs::GRACE
            } else {
                jobs::GRACE_ON_FULL_DISK
            },
        }
    }

    /// Serves `first` and whatever comes while it is being written, up to the size of one transaction: the longer a
    /// transaction takes, the more it commits.
    fn serve(&mut self, first: Order, orders: &Receiver<Order>) {
        if let Some(stopped) = self.stopped.get() {
            return self.answer(first, Err(stopped.error()));
        }
        if matches!(first.job, Job::Tidy) {
            self.restore_reserve();
        }
        let (context, full) = (self.context(), self.reserve.is_spent());
        let mut taken = vec![first];
        let mut answers = Vec::new();
        let mut bytes = 0;
        let batch = self.batch;
        let together = self.transact(|connection| {
            while let Some(order) = taken.get(answers.len()) {
                bytes += order.job.weight();
                answers.push(apply(connection, &order.job, &context, full)?);
                if answers.len() == taken.len() && taken.len() < batch && bytes < TRANSACTION_BYTES
                {
                    taken.extend(orders.try_recv());
                }
            }
            Ok(())
        });
        match together {
            Ok(()) => {
                for (order, answer) in taken.into_iter().zip(answers) {
                    self.answer(order, answer);
                }
            }
            Err(failed) => self.serve_alone(taken, failed),
        }
    }

    /// Serves each in a transaction of its own, after `failed` took down the one they shared.
    fn serve_alone(&mut self, orders: Vec<Order>, failed: StoreError) {
        let mut failed = Some(failed).filter(|_| orders.len() == 1);
        for order in orders {
            // One that was alone has failed already.
            let mut answer = failed.take().map_or_else(|| self.alone(&order.job), Err);
            if matches!(answer, Err(StoreError::Full(_))) && order.job.frees_space() {
                self.spend_reserve();
                answer = self.alone(&order.job);
            }
            self.answer(order, answer);
        }
    }

    fn alone(&mut self, job: &Job) -> Answer {
        let (context, full) = (self.context(), self.reserve.is_spent());
        self.transact(|connection| apply(connection, job, &context, full))
            .unwrap_or_else(Err)
    }

    /// Makes space on a full disk for what frees more of it: what is set aside, and what the log takes.
    fn spend_reserve(&mut self) {
        self.reserve.spend();
        self.shorten_log();
    }

    /// Gives the disk what deletions have freed, and sets space aside again, once there is some.
    fn restore_reserve(&mut self) {
        if !self.reserve.is_whole() {
            let pages = self.reserve.log_pages();
            self.pragma(&format!("incremental_vacuum({pages})"));
            self.shorten_log();
            self.reserve.restore();
            self.limit_log();
        }
    }

    /// Gives the disk what the log takes of it.
    fn shorten_log(&mut self) {
        self.limit_log();
        self.pragma("wal_checkpoint(TRUNCATE)");
    }

    /// Keeps the log as short as the disk demands.
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

    /// Does `work` in one transaction. A panic is an error like others: the transaction is rolled back, and the next one
    /// begins on a connection that is well.
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
        // What went into a file that nobody finds again is not acknowledged.
        if let Err(gone) = self.files.check() {
            let gone = Stopped::FileGone(gone.to_owned());
            let error = gone.error();
            self.stop(gone);
            return Err(error);
        }
        outcome
    }

    /// Says that writing can't go on: a new process has to begin anew.
    fn stop(&self, reason: Stopped) {
        let error = reason.error();
        if self.stopped.set(reason).is_ok() {
            log::error!("{error}");
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
            (_, Err(StoreError::Panicked)) => self.panics.inc(),
            _ => {}
        }
        if let Some(reply) = order.reply {
            // Who asked may have gone; the work is done all the same.
            drop(reply.send(answer));
        }
        drop(order.place);
    }
}
