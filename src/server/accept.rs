//! Accepts connections, and drains them at shutdown.
//!
//! Shutdown has four steps:
//!
//! 1. The signal arrives. For `drain_delay` the server still accepts and serves, while load balancers take it out.
//! 2. The listener is closed, and idle connections end.
//! 3. Requests in flight have `drain_timeout` to finish.
//! 4. Connections that are still open are cut off.

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
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    connection::{converse, protocols},
    cors::Cors,
    drain::{Drain, Stage},
    exchange::Shared,
    limits::Limits,
    listen::Listener,
    refusal::Refusal,
    request_id,
    service::HttpService,
    unreadable,
};
use crate::services::{FairPermits, Metrics, Permit, PermitOwner};

/// Pause after an accept that failed because the system lacks file descriptors or memory.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What a listener did until it ended.
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
/// It reports its progress to `drain` and what it serves to `metrics`. Dropping the future ends every connection at once.
pub async fn serve<S: HttpService>(
    listener: Listener,
    service: S,
    limits: Limits,
    drain: Drain,
    metrics: Option<Arc<Metrics>>,
    shutdown: impl Future<Output = ()>,
) -> Summary {
    let mut acceptor = Acceptor::new(
        listener,
        FairPermits::new(limits.connections),
        limits.cors.clone(),
    );
    let (delay, time) = (limits.drain_delay, limits.drain_timeout);
    let mut connections = Connections::new(service, limits, drain.clone(), metrics);

    acceptor.admit_until(pin!(shutdown), &mut connections).await;
    drain.advance(Stage::LameDuck);
    acceptor
        .admit_until(pin!(sleep(delay)), &mut connections)
        .await;
    drop(acceptor);
    drain.advance(Stage::Closing);
    connections.finish(time).await
}

/// The open connections.
struct Connections<S> {
    service: S,
    builder: Arc<Builder<TokioExecutor>>,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    accepted: u64,
}

impl<S: HttpService> Connections<S> {
    fn new(service: S, limits: Limits, drain: Drain, metrics: Option<Arc<Metrics>>) -> Self {
        Self {
            service,
            builder: Arc::new(protocols()),
            shared: Arc::new(Shared {
                streams: FairPermits::new(limits.connections),
                limits,
                drain,
                metrics,
                requests: AtomicU64::new(0),
            }),
            tasks: JoinSet::new(),
            accepted: 0,
        }
    }

    fn serve(&mut self, stream: TcpStream, peer: IpAddr, permit: Permit) {
        self.accepted += 1;
        let (builder, shared) = (Arc::clone(&self.builder), Arc::clone(&self.shared));
        let connected = shared.metrics.as_ref().map(Metrics::connected);
        let served = converse(stream, peer, builder, self.service.clone(), shared);
        self.tasks.spawn(async move {
            served.await;
            drop((permit, connected));
        });
        while self.tasks.try_join_next().is_some() {}
    }

    /// Waits up to `time` for all of them to end, then cuts off the rest.
    async fn finish(mut self, time: Duration) -> Summary {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let in_time = timeout(time, all).await.is_ok();
        while self.tasks.try_join_next().is_some() {}
        let cut_off = if in_time { 0 } else { self.tasks.len() };
        self.tasks.shutdown().await;
        Summary {
            connections: self.accepted,
            requests: self.shared.requests.load(Relaxed),
            cut_off,
        }
    }
}

/// The listener, and a permit for each connection that it accepts.
struct Acceptor {
    listener: Listener,
    permits: Arc<FairPermits>,
    cors: Cors,
    last_told: Option<Instant>,
}

impl Acceptor {
    fn new(listener: Listener, permits: Arc<FairPermits>, cors: Cors) -> Self {
        Self {
            listener,
            permits,
            cors,
            last_told: None,
        }
    }

    /// Accepts connections until `end` completes. `end` interrupts any wait.
    async fn admit_until<E, S>(&mut self, mut end: Pin<&mut E>, connections: &mut Connections<S>)
    where
        E: Future<Output = ()>,
        S: HttpService,
    {
        loop {
            tokio::select! {
                biased;
                () = &mut end => return,
                (stream, peer, permit) = self.admit() => connections.serve(stream, peer, permit),
            }
        }
    }

    /// The next connection that gets a permit. Others are answered with a refusal.
    async fn admit(&mut self) -> (TcpStream, IpAddr, Permit) {
        loop {
            let (stream, peer) = self.accept().await;
            if SystemTime::now() < SystemTime::UNIX_EPOCH {
                self.warn_rarely(|| log::error!("connections are refused: {}", Refusal::NoClock));
                turn_away(stream, &Refusal::NoClock, &self.cors);
            } else if let Some(permit) = self.permits.try_take(PermitOwner::at(peer)) {
                return (stream, peer, permit);
            } else {
                let size = self.permits.size();
                self.warn_rarely(|| {
                    log::warn!(
                        "{peer} has most of the {size} connections: further ones from it are refused, so that others can connect (see \
                         --max-connections)"
                    );
                });
                turn_away(stream, &Refusal::TooManyConnections, &self.cors);
            }
        }
    }

    /// The next connection, once a permit is free.
    async fn accept(&mut self) -> (TcpStream, IpAddr) {
        if self.permits.vacancy().now_or_never().is_none() {
            let size = self.permits.size();
            self.warn_rarely(|| {
                log::warn!(
                    "all {size} connections are in use, further ones wait (see --max-connections)"
                );
            });
            self.permits.vacancy().await;
        }
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Without it, a response may wait for the client's acknowledgement. A failure here does no harm.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip());
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    self.warn_rarely(|| log::error!("accepting a connection failed: {error}"));
                    sleep(AFTER_FAILURE).await;
                }
            }
        }
    }

    /// Logs `line`, at most once a second: it would otherwise repeat for every connection.
    fn warn_rarely(&mut self, line: impl FnOnce()) {
        if self
            .last_told
            .is_none_or(|last| last.elapsed() >= Duration::from_secs(1))
        {
            self.last_told = Some(Instant::now());
            line();
        }
    }
}

/// Answers a connection with a refusal and closes it, without waiting: the answer fits into the socket's buffer, which is
/// empty.
fn turn_away(stream: TcpStream, refusal: &Refusal, cors: &Cors) {
    /// Bytes of a request to read first: closing a socket with unread bytes would reset it and lose the answer.
    const DISCARDED: usize = 16 * 1024;
    let Ok(mut stream) = stream.into_std() else {
        return;
    };
    let id = request_id::new();
    let mut head = [0; DISCARDED];
    // Errors mean that nothing came yet, or that the client has gone already.
    let read = stream.read(&mut head).unwrap_or_default();
    let grant = cors.grant(unreadable::origin(&head[..read]).as_ref());
    let answer = refusal.whole(id.to_str().unwrap_or_default(), None, false, grant);
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
