//! Running the work of queries on blocking threads, a bounded amount at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::page_index::BlockLocation;
use super::texts::Fetched;
use super::{Search, SearchError};
use crate::dataset::BlockText;
use crate::dataset::query::Stop;

/// Longest text that may be looked at on a thread of the runtime, in bytes.
const SHORT: usize = 128 << 10;

/// Work that somebody waits for. Dropping this tells the work to stop.
struct Working<T> {
    task: JoinHandle<Result<T, SearchError>>,
    stop: Stop,
}

impl<T> Future for Working<T> {
    type Output = Result<T, SearchError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let done = Pin::new(&mut self.task).poll(context);
        done.map(|done| done.map_err(|_| SearchError::Worker)?)
    }
}

impl<T> Drop for Working<T> {
    fn drop(&mut self) {
        self.stop.set();
        // Work that still waits for a permit never begins. Work that has begun sees the flag.
        self.task.abort();
    }
}

/// Runs `work` on a blocking thread with the result of `fetch`, as soon as `permits` has a permit. The permit is returned when the
/// work has ended, not earlier.
///
/// Dropping the future tells `work` to stop. Otherwise the work continues even if nobody polls the future: a client that does
/// not read must not keep a permit from others.
pub(super) async fn at_work<F: Send + 'static, T: Send + 'static>(
    permits: Arc<Semaphore>,
    fetch: impl Future<Output = Result<F, SearchError>> + Send + 'static,
    work: impl FnOnce(F, &Stop) -> Result<T, SearchError> + Send + 'static,
) -> Result<T, SearchError> {
    let stop = Stop::default();
    let told = stop.clone();
    let task = tokio::spawn(async move {
        let permit = permits.acquire_owned().await;
        let permit = permit.map_err(|_| SearchError::Worker)?;
        let fetched = fetch.await?;
        let working = tokio::task::spawn_blocking(move || {
            let done = match told.is_set() {
                true => Err(SearchError::Stopped),
                false => work(fetched, &told),
            };
            drop(permit);
            done
        });
        working.await.map_err(|_| SearchError::Worker)?
    });
    Working { task, stop }.await
}

impl Search {
    /// Runs `work` with some blocks and their texts on a blocking thread, as soon as there is a permit: one per core, for all
    /// queries. The work is told to stop when the query's time is over or its client is gone.
    pub(super) fn work<T, F>(
        self: &Arc<Self>,
        blocks: Vec<BlockLocation>,
        work: F,
    ) -> impl Future<Output = Result<T, SearchError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(Vec<BlockLocation>, Vec<Arc<BlockText>>, &Stop) -> T + Send + 'static,
    {
        let (search, permits) = (Arc::clone(self), Arc::clone(&self.services.scans));
        let fetch = async move {
            let fetched = Fetched::of(&search.services, &blocks).await?;
            Ok((search, blocks, fetched))
        };
        at_work(permits, fetch, move |(search, blocks, fetched), stop| {
            let columns = search.dataset.columns.len();
            let texts = fetched.unpack(&search.services, columns, stop)?;
            Ok(work(blocks, texts, stop))
        })
    }
}

/// Runs `look`, which takes time in proportion to `bytes`: at once if the text is short, else on a blocking thread.
pub(super) async fn look<T: Send + 'static>(
    bytes: usize,
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SearchError> {
    if bytes <= SHORT {
        return Ok(look());
    }
    let looking = tokio::task::spawn_blocking(look);
    looking.await.map_err(|_| SearchError::Worker)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::sync::mpsc;

    use super::*;

    /// Work that runs until it is told to stop, and notes its end.
    struct Endless {
        permits: Arc<Semaphore>,
        begun: (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
        ended: Arc<AtomicBool>,
    }

    impl Endless {
        fn new() -> Self {
            Self {
                permits: Arc::new(Semaphore::new(1)),
                begun: mpsc::unbounded_channel(),
                ended: Arc::default(),
            }
        }

        fn begin(&self) -> impl Future<Output = Result<(), SearchError>> + use<> {
            let (begun, ended) = (self.begun.0.clone(), Arc::clone(&self.ended));
            let fetch = std::future::ready(Ok(()));
            at_work(Arc::clone(&self.permits), fetch, move |(), stop| {
                begun.send(()).unwrap();
                while !stop.is_set() {
                    std::thread::yield_now();
                }
                ended.store(true, Ordering::SeqCst);
                Ok(())
            })
        }

        async fn permit_is_given_back_at_its_end(self) {
            drop(self.permits.acquire().await.unwrap());
            assert!(self.ended.load(Ordering::SeqCst));
        }
    }

    #[tokio::test]
    async fn work_is_stopped_when_its_time_is_over_and_keeps_its_permit_until_it_has_ended() {
        let endless = Endless::new();
        let timed_out = tokio::time::timeout(Duration::from_millis(20), endless.begin()).await;
        assert!(timed_out.is_err());
        endless.permit_is_given_back_at_its_end().await;
    }

    #[tokio::test]
    async fn work_is_stopped_when_its_client_is_gone_and_keeps_its_permit_until_it_has_ended() {
        let mut endless = Endless::new();
        let client = tokio::spawn(endless.begin());
        endless.begun.1.recv().await.unwrap();
        assert_eq!(endless.permits.available_permits(), 0);
        client.abort();
        endless.permit_is_given_back_at_its_end().await;
    }

    #[tokio::test]
    async fn work_of_a_client_that_is_gone_before_its_turn_never_begins() {
        let mut endless = Endless::new();
        let first = tokio::spawn(endless.begin());
        endless.begun.1.recv().await.unwrap();
        let mut second = Box::pin(endless.begin());
        assert!(futures_util::FutureExt::now_or_never(&mut second).is_none());
        drop(second);
        first.abort();
        drop(endless.permits.acquire().await.unwrap());
        assert!(endless.begun.1.try_recv().is_err());
    }

    #[tokio::test]
    async fn work_that_nobody_polls_ends_and_gives_its_permit_back() {
        let permits = Arc::new(Semaphore::new(1));
        let fetch = async {
            tokio::task::yield_now().await;
            Ok(5)
        };
        let mut waits = Box::pin(at_work(Arc::clone(&permits), fetch, |n, _| Ok(n + 1)));
        assert!(futures_util::FutureExt::now_or_never(&mut waits).is_none());
        // Nobody polls `waits` in the meantime.
        let others = (0..3).map(|_| {
            let fetch = std::future::ready(Ok(()));
            at_work(Arc::clone(&permits), fetch, |(), _| Ok(()))
        });
        assert!(join_all(others).await.into_iter().all(|done| done.is_ok()));
        assert_eq!(waits.await.unwrap(), 6);
    }

    #[tokio::test]
    async fn no_more_work_is_done_at_a_time_than_there_are_permits_also_while_clients_leave() {
        let permits = Arc::new(Semaphore::new(2));
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut clients = Vec::new();
        for _ in 0..40 {
            let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most));
            let fetch = std::future::ready(Ok(()));
            let work = at_work(Arc::clone(&permits), fetch, move |(), stop| {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..1000 {
                    if stop.is_set() {
                        break;
                    }
                    std::thread::yield_now();
                }
                at_once.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            });
            clients.push(tokio::spawn(work));
            if clients.len() % 3 == 0 {
                tokio::task::yield_now().await;
                clients[clients.len() - 2].abort();
            }
        }
        join_all(clients).await;
        drop(permits.acquire_many(2).await.unwrap());
        assert_eq!(at_once.load(Ordering::SeqCst), 0);
        assert!(most.load(Ordering::SeqCst) <= 2);
    }
}
