//! Accepting connections, and going away.
//!
//! Going away is a sequence: the shutdown signal → `drain_delay` as a lame duck, which still accepts and serves while
//! load balancers learn → the listener is closed, idle connections end, requests in flight have `drain_timeout` to
//! finish → what is left is cut off.

use std::{
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hyper_util::{rt::TokioExecutor, server::conn::auto::Builder};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    connection::{converse, protocols},
    drain::{Drain, Stage},
    exchange::Shared,
    limits::Limits,
    service::HttpService,
};
use crate::services::Metrics;

/// Pause after the operating system could not give us a connection, for want of file descriptors or memory.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What a listener has done when it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// Connections accepted.
    pub connections: u64,
    /// Requests received.
    pub requests: u64,
    /// Connections that still had something in flight when the time for draining was over.
    pub cut_off: usize,
}

/// Serves `service` on `listener` until `shutdown` completes, then drains and returns.
///
/// `drain` tells others how far it is, and `metrics` what is served. Dropping the future ends every connection at once.
pub async fn serve<S: HttpService>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    drain: Drain,
    metrics: Option<Arc<Metrics>>,
    shutdown: impl Future<Output = ()>,
) -> Summary {
    let mut door = Door::new(listener, limits.connections);
    let (delay, time) = (limits.drain_delay, limits.drain_timeout);
    let mut guests = Guests::new(service, limits, drain.clone(), metrics);

    door.admit_until(pin!(shutdown), &mut guests).await;
    drain.advance(Stage::LameDuck);
    door.admit_until(pin!(sleep(delay)), &mut guests).await;
    drop(door);
    drain.advance(Stage::Closing);
    guests.leave(time).await
}

/// Those who are connected.
struct Guests<S> {
    service: S,
    builder: Arc<Builder<TokioExecutor>>,
    shared: Arc<Shared>,
    connections: JoinSet<()>,
    accepted: u64,
}

impl<S: HttpService> Guests<S> {
    fn new(service: S, limits: Limits, drain: Drain, metrics: Option<Arc<Metrics>>) -> Self {
        Self {
            service,
            builder: Arc::new(protocols()),
            shared: Arc::new(Shared {
                limits,
                drain,
                metrics,
                requests: AtomicU64::new(0),
            }),
            connections: JoinSet::new(),
            accepted: 0,
        }
    }

    fn welcome(&mut self, stream: TcpStream, place: OwnedSemaphorePermit) {
        self.accepted += 1;
        let (builder, shared) = (Arc::clone(&self.builder), Arc::clone(&self.shared));
        let connected = shared.metrics.as_ref().map(Metrics::connected);
        let served = converse(stream, builder, self.service.clone(), shared);
        self.connections.spawn(async move {
            served.await;
            drop((place, connected));
        });
        while self.connections.try_join_next().is_some() {}
    }

    /// Waits for all of them to end, `time` at most, and ends those that are left.
    async fn leave(mut self, time: Duration) -> Summary {
        let all = async { while self.connections.join_next().await.is_some() {} };
        let in_time = timeout(time, all).await.is_ok();
        while self.connections.try_join_next().is_some() {}
        let cut_off = if in_time { 0 } else { self.connections.len() };
        self.connections.shutdown().await;
        Summary {
            connections: self.accepted,
            requests: self.shared.requests.load(Relaxed),
            cut_off,
        }
    }
}

/// The listener, and the places for those it lets in.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    size: usize,
    told: Option<Instant>,
}

impl Door {
    fn new(listener: TcpListener, size: usize) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(size)),
            size,
            told: None,
        }
    }

    /// Lets guests in until `end` completes, whatever it is waiting for by then.
    async fn admit_until<E, S>(&mut self, mut end: Pin<&mut E>, guests: &mut Guests<S>)
    where
        E: Future<Output = ()>,
        S: HttpService,
    {
        loop {
            tokio::select! {
                biased;
                () = &mut end => return,
                (stream, place) = self.admit() => guests.welcome(stream, place),
            }
        }
    }

    /// The next connection, once there is a place for it.
    async fn admit(&mut self) -> (TcpStream, OwnedSemaphorePermit) {
        let place = self.place().await;
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    // Without it a response may wait for the client's acknowledgement; failing is no reason to refuse.
                    let _ = stream.set_nodelay(true);
                    return (stream, place);
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    self.tell(|| log::error!("no connection can be accepted: {error}"));
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    async fn place(&mut self) -> OwnedSemaphorePermit {
        const OPEN: &str = "the semaphore is never closed";
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return place;
        }
        let size = self.size;
        self.tell(|| {
            log::warn!(
                "all {size} connections are taken, further ones wait (see --max-connections)"
            );
        });
        Arc::clone(&self.places).acquire_owned().await.expect(OPEN)
    }

    /// What happens for every connection while it happens is told once a second.
    fn tell(&mut self, line: impl FnOnce()) {
        if self
            .told
            .is_none_or(|told| told.elapsed() >= Duration::from_secs(1))
        {
            self.told = Some(Instant::now());
            line();
        }
    }
}

/// Whether accepting failed for a client that has gone already.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
