//! Look-ups that are answered together: while one query is under way, further look-ups wait, and the next query answers all of them.
//!
//! A look-up is answered only by a query that starts after it. So it finds every write that was acknowledged before it, by whichever
//! server. It waits at most as long as any other work on the database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::store::backend::connection::AnyConnection;
use crate::store::backend::pool::Pool;
use crate::store::error::StoreError;

/// The most look-ups that one query answers.
const LARGEST: usize = 1024;
/// If a query takes longer than this, the next one doesn't wait for it: its connection may be dead.
const LONG: Duration = Duration::from_millis(50);
/// How often a query is repeated that was lost with its connection.
const LOSSES: u8 = 3;
/// How much longer a look-up waits for the error of the query that should answer it: that tells more than a time-out does.
const GRACE: Duration = Duration::from_millis(100);

/// What a query found: at most one value for each key.
pub(crate) type Found<K, V> = Result<Vec<(K, Result<V, StoreError>)>, StoreError>;
type Query<K, V> = Arc<dyn Fn(&mut AnyConnection, &[K]) -> Found<K, V> + Send + Sync>;
type Answer<V> = Result<Option<V>, StoreError>;

/// Look-ups of one kind. Clones share them.
pub(crate) struct Grouped<K, V> {
    pool: Pool,
    query: Query<K, V>,
    state: Arc<Mutex<State<K, V>>>,
}

struct State<K, V> {
    waiting: Vec<Waiter<K, V>>,
    /// Queries that are under way.
    running: usize,
    /// When the last one began.
    began: Instant,
}

struct Waiter<K, V> {
    key: K,
    since: Instant,
    /// How many queries for it were lost with their connections.
    lost: u8,
    answer: oneshot::Sender<Answer<V>>,
}

/// The look-ups that a query answers.
type Group<K, V> = Arc<Mutex<Vec<Waiter<K, V>>>>;

impl<K, V> Clone for Grouped<K, V> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            query: Arc::clone(&self.query),
            state: Arc::clone(&self.state),
        }
    }
}

impl<K: Clone + Ord + Send + 'static, V: Clone + Send + 'static> Grouped<K, V> {
    pub(crate) fn new(
        pool: Pool,
        query: impl Fn(&mut AnyConnection, &[K]) -> Found<K, V> + Send + Sync + 'static,
    ) -> Self {
        Self {
            pool,
            query: Arc::new(query),
            state: Arc::new(Mutex::new(State {
                waiting: Vec::new(),
                running: 0,
                began: Instant::now(),
            })),
        }
    }

    /// Looks a key up.
    pub(crate) async fn look_up(&self, key: K) -> Answer<V> {
        let since = Instant::now();
        let answered = self.wait(key, since);
        let deadline = since + self.pool.patience() + GRACE;
        match tokio::time::timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(StoreError::Slow),
        }
    }

    /// Lets a look-up wait, and starts a query unless one is under way.
    fn wait(&self, key: K, since: Instant) -> oneshot::Receiver<Answer<V>> {
        let (answer, answered) = oneshot::channel();
        let mut state = lock(&self.state);
        state.waiting.push(Waiter {
            key,
            since,
            lost: 0,
            answer,
        });
        let starts = state.starts(since);
        drop(state);
        if starts {
            tokio::spawn(self.clone().run());
        }
        answered
    }

    /// Runs queries until no look-up waits for one.
    async fn run(self) {
        loop {
            let began = Instant::now();
            let group = Group::default();
            let (own, taken) = (self.clone(), Arc::clone(&group));
            let outcome = self
                .pool
                .run(move |connection| own.answer(connection, &taken))
                .await;
            if let Err(error) = outcome {
                self.fail(began, &group, &error);
            }
            if !lock(&self.state).goes_on() {
                return;
            }
        }
    }

    /// Takes all look-ups that wait now, and answers them. They are taken when the connection is there, so that as many as possible are.
    fn answer(
        &self,
        connection: &mut AnyConnection,
        group: &Group<K, V>,
    ) -> Result<(), StoreError> {
        let mut taken = lock(&self.state).take();
        taken.retain(|waiter| !waiter.answer.is_closed());
        if taken.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<K> = taken.iter().map(|waiter| waiter.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        *lock(group) = taken;
        let mut found = (self.query)(connection, &keys)?;
        found.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for waiter in lock(group).drain(..) {
            let at = found.binary_search_by(|(key, _)| key.cmp(&waiter.key));
            let answer = match at.map(|at| &found[at].1) {
                Ok(Ok(value)) => Ok(Some(value.clone())),
                Ok(Err(error)) => Err(same(error)),
                Err(_) => Ok(None),
            };
            // Whoever has given up waiting misses nothing.
            drop(waiter.answer.send(answer));
        }
        Ok(())
    }

    /// Tells the look-ups of a query that failed. A query that was lost with its connection is repeated on another one. If
    /// there was no connection, the look-ups are told that have waited for it as long as they may.
    fn fail(&self, began: Instant, group: &Group<K, V>, error: &StoreError) {
        let mut told = std::mem::take(&mut *lock(group));
        let mut state = lock(&self.state);
        if told.is_empty() {
            let waiting = std::mem::take(&mut state.waiting);
            let late;
            (told, late) = waiting.into_iter().partition(|one| one.since <= began);
            state.waiting = late;
        } else if matches!(error, StoreError::Away(_)) {
            for waiter in std::mem::take(&mut told) {
                let lost = waiter.lost + 1;
                match lost <= LOSSES {
                    true => state.waiting.push(Waiter { lost, ..waiter }),
                    false => told.push(waiter),
                }
            }
        }
        drop(state);
        for waiter in told {
            drop(waiter.answer.send(Err(same(error))));
        }
    }
}

impl<K, V> State<K, V> {
    /// Whether a query is to be started now.
    fn starts(&mut self, now: Instant) -> bool {
        let starts = self.running == 0 || now.duration_since(self.began) > LONG;
        if starts {
            self.running += 1;
            self.began = now;
        }
        starts
    }

    /// Whether whoever ran a query is to run another one.
    fn goes_on(&mut self) -> bool {
        let goes_on = !self.waiting.is_empty();
        if goes_on {
            self.began = Instant::now();
        } else {
            self.running -= 1;
        }
        goes_on
    }

    /// The look-ups that the next query answers: those that wait, the oldest ones if there are too many.
    fn take(&mut self) -> Vec<Waiter<K, V>> {
        let rest = self.waiting.split_off(self.waiting.len().min(LARGEST));
        std::mem::replace(&mut self.waiting, rest)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The state is consistent after every statement, so a panic elsewhere did no harm.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same error for another look-up.
fn same(error: &StoreError) -> StoreError {
    match error {
        StoreError::Away(source) => StoreError::Away(source.to_string().into()),
        StoreError::Busy(what) => StoreError::Busy(what),
        StoreError::Slow => StoreError::Slow,
        StoreError::Closed => StoreError::Closed,
        StoreError::Panicked => StoreError::Panicked,
        StoreError::Unreadable { what, source } => StoreError::Unreadable {
            what,
            source: source.to_string().into(),
        },
        StoreError::Database(source) => StoreError::Database(
            diesel::result::Error::QueryBuilderError(source.to_string().into()),
        ),
        _ => StoreError::Worker,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use prometheus::IntCounter;
    use tempfile::TempDir;

    use super::*;
    use crate::store::backend::address::{Address, Migrate};
    use crate::store::backend::sqlite::opening::open_writer;

    /// Look-ups whose queries wait until they are let go, each of which tells its keys.
    struct HeldLookUps {
        look_ups: Grouped<u32, u32>,
        asked: Receiver<Vec<u32>>,
        go: Sender<()>,
        _folder: TempDir,
    }

    impl HeldLookUps {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("flash.db");
            drop(open_writer(&path, Migrate::Run).unwrap());
            let panics = IntCounter::new("panics", "panics").unwrap();
            let pool = Pool::new(&Address::Sqlite(path), 1, Duration::from_secs(60), panics);
            let ((asks, asked), (go, gone)) = (channel(), channel());
            let gone = Mutex::new(gone);
            let look_ups = Grouped::new(pool, move |_, keys: &[u32]| {
                asks.send(keys.to_vec()).unwrap();
                gone.lock().unwrap().recv().unwrap();
                // Nobody is found under the key 13, and what is under 7 can't be read.
                let found = keys.iter().filter(|key| **key != 13);
                Ok(found
                    .map(|key| match key {
                        7 => (*key, Err(StoreError::Slow)),
                        _ => (*key, Ok(key * 10)),
                    })
                    .collect())
            });
            Self {
                look_ups,
                asked,
                go,
                _folder: folder,
            }
        }

        fn look_up(&self, key: u32) -> tokio::task::JoinHandle<Answer<u32>> {
            let look_ups = self.look_ups.clone();
            tokio::spawn(async move { look_ups.look_up(key).await })
        }

        async fn wait_for(&self, waiting: usize) {
            while lock(&self.look_ups.state).waiting.len() < waiting {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_look_up_joins_no_query_that_has_begun_and_the_next_answers_all_that_wait() {
        let held = HeldLookUps::new();
        let first = held.look_up(1);
        assert_eq!(held.asked.recv().unwrap(), [1]);
        let later: Vec<_> = [3, 1, 2, 3, 13, 7].map(|key| held.look_up(key)).into();
        held.wait_for(later.len()).await;
        held.go.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), Some(10));
        assert_eq!(held.asked.recv().unwrap(), [1, 2, 3, 7, 13]);
        held.go.send(()).unwrap();
        let mut answers = Vec::new();
        for answer in later {
            answers.push(answer.await.unwrap().ok());
        }
        let found = |value| Some(Some(value));
        let all = [found(30), found(10), found(20), found(30), Some(None), None];
        assert_eq!(answers, all);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_error_is_told_to_all_that_the_query_was_for() {
        let held = HeldLookUps::new();
        let first = held.look_up(1);
        held.asked.recv().unwrap();
        let later = [held.look_up(2), held.look_up(3)];
        held.wait_for(2).await;
        held.go.send(()).unwrap();
        first.await.unwrap().unwrap();
        held.asked.recv().unwrap();
        // The query panics.
        drop(held.go);
        for answer in later {
            let error = answer.await.unwrap().unwrap_err();
            assert!(matches!(error, StoreError::Panicked), "{error:?}");
        }
    }
}
