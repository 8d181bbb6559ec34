//! One connection, from its first byte to its end. hyper speaks HTTP on it, and one timer enforces its deadlines.

use std::{
    cell::RefCell,
    future::poll_fn,
    net::IpAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::TcpStream,
    time::{Instant, Sleep},
};

use super::{
    activity::{Activity, Cut},
    body::BoxError,
    drain::Stage,
    exchange::{Edge, Shared},
    limits::Limits,
    service::HttpService,
    socket::Socket,
};

/// Bytes to buffer per HTTP/1 connection and direction; also the largest head.
const HTTP1_BUFFER: usize = 128 * 1024;

/// Most requests at once on one HTTP/2 connection.
const HTTP2_STREAMS: u32 = 128;

/// Largest request head of HTTP/2, decompressed.
const HTTP2_HEAD: u32 = 64 * 1024;

/// Flow-control windows of request bodies: bytes per HTTP/2 connection and per stream. hyper buffers what no handler reads yet, and
/// every connection may make it do so.
const HTTP2_WINDOWS: (u32, u32) = (128 * 1024, 64 * 1024);

/// Bytes of each response that may wait for the client's window.
const HTTP2_BUFFER: usize = 128 * 1024;

/// Silence after which an HTTP/2 client gets a ping, and the time it has to answer.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// The protocols of all connections.
pub(super) fn protocols() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .header_read_timeout(None)
        .max_buf_size(HTTP1_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(HTTP2_HEAD)
        .initial_connection_window_size(HTTP2_WINDOWS.0)
        .initial_stream_window_size(HTTP2_WINDOWS.1)
        .max_send_buf_size(HTTP2_BUFFER)
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HTTP2_PING);
    builder
}

/// Serves one connection until it ends or is cut off.
pub(super) async fn converse<S: HttpService>(
    stream: TcpStream,
    peer: IpAddr,
    builder: Arc<Builder<TokioExecutor>>,
    service: S,
    shared: Arc<Shared>,
) {
    let activity = Activity::new(shared.drain.clone());
    let socket = Socket::new(stream, Arc::clone(&activity), shared.limits.cors.clone());
    let edge = Edge {
        service: RefCell::new(service),
        activity: Arc::clone(&activity),
        peer,
        shared: Arc::clone(&shared),
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), edge));
    let mut closing = pin!(shared.drain.reached(Stage::Closing));
    let (mut is_closing, mut waits) = (false, false);
    let mut deadline = pin!(Deadline::new(shared.limits.header_timeout));
    let end = poll_fn(|cx| {
        activity.register(cx.waker());
        if let Poll::Ready(end) = connection.as_mut().poll(cx) {
            return Poll::Ready(End::ByItself(end));
        }
        // The waker of this task is registered once; polling again is needed only when the server drains.
        if !is_closing
            && (!std::mem::replace(&mut waits, true) || shared.drain.is_draining())
            && closing.as_mut().poll(cx).is_ready()
        {
            is_closing = true;
            activity.close();
            connection.as_mut().graceful_shutdown();
            if let Poll::Ready(end) = connection.as_mut().poll(cx) {
                return Poll::Ready(End::ByItself(end));
            }
        }
        if is_closing && activity.is_free() {
            return Poll::Ready(End::CutOff(Cut::Drained));
        }
        deadline
            .as_mut()
            .poll(cx, &activity, &shared.limits)
            .map(End::CutOff)
    })
    .await;
    end.tell();
}

/// How a connection ended.
enum End {
    ByItself(Result<(), BoxError>),
    CutOff(Cut),
}

impl End {
    /// Logs unusual ends, at level debug.
    fn tell(self) {
        let why = match self {
            Self::ByItself(Ok(())) | Self::CutOff(Cut::Idle | Cut::Drained | Cut::Linger) => return,
            Self::ByItself(Err(error)) => {
                let error = crate::logging::with_causes(&*error);
                return log::debug!("a connection failed: {error}");
            }
            Self::CutOff(Cut::Head) => "the head of its request took too long",
            Self::CutOff(Cut::Write) => "its client didn't read the response",
        };
        log::debug!("a connection was cut off: {why}");
    }
}

pin_project_lite::pin_project! {
    /// The connection's timer. It is reset only for an earlier deadline. If it fires and the deadline has moved, it is reset to the
    /// new one. So a busy connection rarely touches the timer wheel.
    struct Deadline {
        #[pin]
        sleep: Sleep,
        rings: std::time::Instant,
        // Whether it wakes the connection's task when it fires.
        is_set: bool,
    }
}

impl Deadline {
    fn new(first: Duration) -> Self {
        let rings = std::time::Instant::now() + first;
        Self {
            sleep: tokio::time::sleep_until(Instant::from_std(rings)),
            rings,
            is_set: false,
        }
    }

    /// Ready when a deadline of `activity` has passed.
    fn poll(
        self: std::pin::Pin<&mut Self>,
        cx: &mut Context<'_>,
        activity: &Activity,
        limits: &Limits,
    ) -> Poll<Cut> {
        let mut this = self.project();
        let Some((due, cut)) = activity.due(limits) else {
            return Poll::Pending;
        };
        if due < *this.rings {
            *this.rings = due;
            *this.is_set = false;
            this.sleep.as_mut().reset(Instant::from_std(due));
        }
        if *this.is_set && !this.sleep.is_elapsed() {
            return Poll::Pending;
        }
        while this.sleep.as_mut().poll(cx).is_ready() {
            if due <= std::time::Instant::now() {
                return Poll::Ready(cut);
            }
            *this.rings = due;
            this.sleep.as_mut().reset(Instant::from_std(due));
        }
        *this.is_set = true;
        Poll::Pending
    }
}
