//! What one connection is doing, and until when it may.
//!
//! The socket, the request and response bodies and the exchanges of a connection note here what happens; the
//! connection's task asks for the nearest deadline after every step and ends the connection when one has passed. All
//! of it is a handful of relaxed atomics: the parts run in the connection's own task, except for HTTP/2 responses and
//! request bodies that a handler has moved elsewhere, and those wake the task ([`Flight`]).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
    },
    task::Waker,
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;

use super::{drain::Drain, limits::Limits};
use crate::services::Place;

/// How long the rest of an upload that was answered early is read and thrown away, so that the answer is not lost in
/// the reset that closing a socket with unread bytes sends.
const LINGER: Duration = Duration::from_secs(2);

/// How long an HTTP/2 client without a request in flight may stay silent while the server drains. hyper cannot tell
/// when the last bytes of a response have left, but a client that takes them is heard.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a connection is cut off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cut {
    /// The head of a request took too long.
    Head,
    /// No request came.
    Idle,
    /// The response was not taken.
    Write,
    /// The rest of an upload that was answered early did not end.
    Linger,
    /// The server drains and nothing is in flight.
    Drained,
}

/// Moments are milliseconds since the connection began, plus one; 0 is never.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    /// How far the server has got in going away.
    drain: Drain,
    http2: AtomicBool,
    /// A request's head was read, and what answers it is not all written (HTTP/1).
    answering: AtomicBool,
    /// Requests and responses that are not done, see [`Flight`].
    in_flight: AtomicU32,
    /// Since when nothing has been in flight, if nothing is.
    quiet_since: AtomicU64,
    /// Since when a request head has been arriving (HTTP/1, and the first of HTTP/2).
    head_since: AtomicU64,
    /// Since when the socket has been taking nothing.
    blocked_since: AtomicU64,
    /// HTTP/2 responses of which a part was handed over and the next has not been asked for: the client's window is
    /// full. HTTP/1 needs no such count, because there the socket blocks.
    untaken: AtomicU32,
    /// When a part of an HTTP/2 response was last handed over.
    handed_over: AtomicU64,
    /// When bytes last arrived (HTTP/2).
    heard: AtomicU64,
    /// A request body was given up before its end.
    unread: AtomicBool,
    lingering_since: AtomicU64,
    closing_since: AtomicU64,
    task: AtomicWaker,
}

impl Activity {
    /// A connection that begins now.
    pub(super) fn new(drain: Drain) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            drain,
            http2: AtomicBool::new(false),
            answering: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            quiet_since: AtomicU64::new(1),
            head_since: AtomicU64::new(1),
            blocked_since: AtomicU64::new(0),
            untaken: AtomicU32::new(0),
            handed_over: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            unread: AtomicBool::new(false),
            lingering_since: AtomicU64::new(0),
            closing_since: AtomicU64::new(0),
            task: AtomicWaker::new(),
        })
    }

    fn now(&self) -> u64 {
        let elapsed = self.began.elapsed().as_millis();
        u64::try_from(elapsed).unwrap_or(u64::MAX - 1) + 1
    }

    /// Whether another request of this connection is not done.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.load(SeqCst) > 0
    }

    /// A whole head has arrived: notes it, and gives what stands for the request until it is done.
    pub(super) fn begin(self: &Arc<Self>, http2: bool, permit: Option<Place>) -> Flight {
        if http2 {
            self.http2.store(true, Relaxed);
        }
        self.head_since.store(0, Relaxed);
        self.answering.store(true, Relaxed);
        self.unread.store(false, Relaxed);
        self.in_flight.fetch_add(1, SeqCst);
        Flight {
            activity: Arc::clone(self),
            wakes: http2,
            untaken: false,
            _permit: permit,
        }
    }

    /// Bytes have arrived.
    pub(super) fn heard(&self) {
        if self.http2.load(Relaxed) {
            self.heard.store(self.now(), Relaxed);
        } else if self.head_since.load(Relaxed) == 0 && self.in_flight.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// Whether a request is being answered, so that what is written is its answer.
    pub(super) fn is_answering(&self) -> bool {
        self.answering.load(Relaxed)
    }

    /// Everything that was to be written is. Gives whether an answer ended with it.
    pub(super) fn flushed(&self) -> bool {
        let ended = self.answering.load(Relaxed)
            && self.in_flight.load(SeqCst) == 0
            && !self.http2.load(Relaxed);
        if ended {
            self.answering.store(false, Relaxed);
        }
        ended
    }

    /// A head could not be read: the client may still be sending, and reads the answer later.
    pub(super) fn refused(&self) {
        self.unread.store(true, Relaxed);
    }

    /// The socket takes nothing.
    pub(super) fn blocked(&self) {
        if self.blocked_since.load(Relaxed) == 0 {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    /// The socket has taken something.
    pub(super) fn unblocked(&self) {
        if self.blocked_since.load(Relaxed) != 0 {
            self.blocked_since.store(0, Relaxed);
        }
    }

    /// Whether to read on after the response, for the sake of a client that is still sending; notes that it began.
    pub(super) fn lingers(&self) -> bool {
        let lingers = self.unread.load(Relaxed);
        if lingers && self.lingering_since.load(Relaxed) == 0 {
            self.lingering_since.store(self.now(), Relaxed);
        }
        lingers
    }

    /// The server accepts nothing more.
    pub(super) fn close(&self) {
        self.closing_since.store(self.now(), Relaxed);
    }

    /// `waker` is that of the connection's task.
    pub(super) fn register(&self, waker: &Waker) {
        self.task.register(waker);
    }

    /// Nothing of this connection's would be lost if it ended now.
    pub(super) fn is_free(&self) -> bool {
        self.in_flight.load(SeqCst) == 0
            && !self.http2.load(Relaxed)
            && self.blocked_since.load(Relaxed) == 0
            && self.lingering_since.load(Relaxed) == 0
    }

    /// The nearest deadline and what passes with it; none while the server itself is what is waited for.
    pub(super) fn due(&self, limits: &Limits) -> Option<(Instant, Cut)> {
        let mut nearest = None;
        let mut add = |since: u64, timeout: Duration, cut: Cut| {
            let due = self.began + Duration::from_millis(since - 1) + timeout;
            if nearest.is_none_or(|(earlier, _)| due < earlier) {
                nearest = Some((due, cut));
            }
        };
        let moment = |moment: &AtomicU64| Some(moment.load(Relaxed)).filter(|&moment| moment != 0);
        let lingering = moment(&self.lingering_since);
        if let Some(since) = moment(&self.blocked_since) {
            add(since, limits.write_timeout, Cut::Write);
        }
        if let (1.., Some(since)) = (self.untaken.load(Relaxed), moment(&self.handed_over)) {
            add(since, limits.write_timeout, Cut::Write);
        }
        if let Some(since) = lingering {
            add(since, LINGER, Cut::Linger);
        } else if self.in_flight.load(SeqCst) == 0 {
            let quiet = self.quiet_since.load(Relaxed);
            match moment(&self.head_since) {
                Some(since) => add(since, limits.header_timeout, Cut::Head),
                None => add(quiet, limits.idle_timeout, Cut::Idle),
            }
            if let Some(closing) = moment(&self.closing_since) {
                let silent = closing.max(quiet).max(self.heard.load(Relaxed));
                add(silent, FAREWELL, Cut::Drained);
            }
        }
        nearest
    }
}

/// Stands for something in flight: from a whole request head until the response has been handed over, and for as long
/// as somebody may still read the request's body.
#[derive(Debug)]
pub(super) struct Flight {
    activity: Arc<Activity>,
    /// It may end outside the connection's task, which then has to be told.
    wakes: bool,
    /// A part of the response waits for the client, see [`Activity::untaken`].
    untaken: bool,
    /// What a request needs that is not the only one of its connection.
    _permit: Option<Place>,
}

impl Flight {
    /// The same request's body, which may end in another task than the connection's.
    pub(super) fn of_body(&self) -> Self {
        self.activity.in_flight.fetch_add(1, SeqCst);
        Self {
            activity: Arc::clone(&self.activity),
            wakes: true,
            untaken: false,
            _permit: None,
        }
    }

    /// The request's body was given up before its end. In HTTP/2 that is the stream's business alone.
    pub(super) fn left_unread(&self) {
        if !self.activity.http2.load(Relaxed) {
            self.activity.unread.store(true, Relaxed);
        }
    }

    /// Whether the connection ends after the response: the server drains, or the request's body was given up before its
    /// end.
    pub(super) fn is_last(&self) -> bool {
        self.activity.drain.is_draining() || self.activity.unread.load(Relaxed)
    }

    /// A part of an HTTP/2 response is handed over.
    pub(super) fn handed_over(&mut self) {
        let activity = &self.activity;
        activity.handed_over.store(activity.now(), Relaxed);
        if !std::mem::replace(&mut self.untaken, true) {
            activity.untaken.fetch_add(1, Relaxed);
        }
        activity.task.wake();
    }

    /// The next part of an HTTP/2 response is asked for: the client has room for it.
    pub(super) fn taken(&mut self) {
        if std::mem::take(&mut self.untaken) {
            self.activity.untaken.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.taken();
        let activity = &self.activity;
        // Before the count falls: whoever reads 0 there must not see an older moment here.
        activity.quiet_since.store(activity.now(), Relaxed);
        activity.in_flight.fetch_sub(1, SeqCst);
        if self.wakes {
            activity.task.wake();
        }
    }
}
