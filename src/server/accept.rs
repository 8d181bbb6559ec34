//! Accepting connections, and going away.
//!
//! Going away is a sequence: the shutdown signal → `drain_delay` as a lame duck, which still accepts and serves while
//! load balancers learn → the listener is closed, idle connections end, requests in flight have `drain_timeout` to
//! finish → what is left is cut off.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use futures_util::FutureExt;
use hyper_util::{rt::TokioExecutor, server::conn::auto::Builder};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    connection::{converse, protocols},
    drain::{Drain, Stage},
    exchange::Shared,
    limits::Limits,
    refusal::Refusal,
    request_id,
    service::HttpService,
};
use crate::services::{FairPermits, Metrics, Permit, PermitOwner};

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
    let mut door = Door::new(listener, FairPermits::new(limits.connections));
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
                streams: Places::new(limits.connections),
                limits,
                drain,
                metrics,
                requests: AtomicU64::new(0),
            }),
            connections: JoinSet::new(),
            accepted: 0,
        }
    }

    fn welcome(&mut self, stream: TcpStream, peer: IpAddr, place: Permit) {
        self.accepted += 1;
        let (builder, shared) = (Arc::clone(&self.builder), Arc::clone(&self.shared));
        let connected = shared.metrics.as_ref().map(Metrics::connected);
        let served = converse(stream, peer, builder, self.service.clone(), shared);
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
    places: Arc<FairPermits>,
    told: Option<Instant>,
}

impl Door {
    fn new(listener: TcpListener, places: Arc<FairPermits>) -> Self {
        Self {
            listener,
            places,
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
                (stream, peer, place) = self.admit() => guests.welcome(stream, peer, place),
            }
        }
    }

    /// The next connection that gets a place.
    async fn admit(&mut self) -> (TcpStream, IpAddr, Permit) {
        loop {
            let (stream, peer) = self.accept().await;
            if SystemTime::now() < SystemTime::UNIX_EPOCH {
                self.tell(|| log::error!("connections are refused: {}", Refusal::NoClock));
                turn_away(stream, &Refusal::NoClock);
            } else if let Some(place) = self.places.try_take(PermitOwner::at(peer)) {
                return (stream, peer, place);
            } else {
                let size = self.places.size();
                self.tell(|| {
                    log::warn!(
                        "{peer} has most of the {size} connections there are: further ones of it are refused, so that others get \
                         through (see --max-connections)"
                    );
                });
                turn_away(stream, &Refusal::TooManyConnections);
            }
        }
    }

    /// The next connection, once there is a place for one.
    async fn accept(&mut self) -> (TcpStream, IpAddr) {
        if self.places.vacancy().now_or_never().is_none() {
            let size = self.places.size();
            self.tell(|| {
                log::warn!(
                    "all {size} connections are taken, further ones wait (see --max-connections)"
                );
            });
            self.places.vacancy().await;
        }
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Without it a response may wait for the client's acknowledgement; failing is no reason to refuse.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip());
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    self.tell(|| log::error!("no connection can be accepted: {error}"));
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
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

/// Answers a connection with a refusal, and closes it. Nothing is waited for: what does not fit into the socket's buffer,
/// which is empty, is left out.
fn turn_away(stream: TcpStream, refusal: &Refusal) {
    /// Bytes of a request that are taken out of the way, so that closing does not take the answer back.
    const DISCARDED: usize = 16 * 1024;
    let Ok(mut stream) = stream.into_std() else {
        return;
    };
    let id = request_id::new();
    let answer = refusal.whole(id.to_str().unwrap_or_default(), None, false);
    // Whoever has gone already misses nothing.
    let _ = stream.read(&mut [0; DISCARDED]);
    let _ = stream.write_all(&answer);
    let _ = stream.shutdown(Shutdown::Write);
}

/// Whether accepting failed for a client that has gone already.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}
