//! The activity of one connection, and its deadlines.
//!
//! The socket, the bodies and the exchanges of a connection record their events here. After every step, the connection's task
//! asks for the nearest deadline, and ends the connection if one has passed. A few relaxed atomics are enough: the parts run in
//! the connection's own task, except for HTTP/2 responses and request bodies that a handler has moved elsewhere, and those wake
//! the task ([`Flight`]).

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
use crate::services::Permit;

/// Time to read and discard the rest of an upload that was answered early. Closing a socket with unread bytes sends a reset,
/// which could destroy the answer.
const LINGER: Duration = Duration::from_secs(2);

/// Longest silence of an HTTP/2 client without a request in flight while the server drains. hyper doesn't tell when the last
/// bytes of a response are sent, but a client that reads them sends frames.
const FAREWELL: Duration = Duration::from_secs(1);

/// The reason to cut a connection off.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cut {
    /// The head of a request took too long.
    Head,
    /// No request came.
    Idle,
    /// The client didn't read the response.
    Write,
    /// The rest of an upload that was answered early did not end.
    Linger,
    /// The server drains and nothing is in flight.
    Drained,
}

/// Times are milliseconds since the connection began, plus one. 0 means never.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    /// The stage of the shutdown.
    drain: Drain,
    http2: AtomicBool,
    /// A request's head was read, and its answer is not completely written (HTTP/1).
    answering: AtomicBool,
    /// Requests and responses in flight, see [`Flight`].
    in_flight: AtomicU32,
    /// Since when nothing is in flight.
    quiet_since: AtomicU64,
    /// Since when a request head is arriving (HTTP/1, and the first one of HTTP/2).
    head_since: AtomicU64,
    /// Since when the socket accepts no bytes.
    blocked_since: AtomicU64,
    /// HTTP/2 responses whose client's window is full: a part was handed over, and hyper has not asked for the next one. HTTP/1
    /// needs no such count, because its socket blocks.
    untaken: AtomicU32,
    /// When a part of an HTTP/2 response was last handed over.
    handed_over: AtomicU64,
    /// When bytes last arrived (HTTP/2).
    heard: AtomicU64,
    /// A request body was dropped before its end.
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

    /// Records that a whole head has arrived. The result stands for the request until it is done.
    pub(super) fn begin(self: &Arc<Self>, http2: bool, permit: Option<Permit>) -> Flight {
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

    /// Records that bytes have arrived.
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

    /// Records that everything is written, and returns whether that ended an answer.
    pub(super) fn flushed(&self) -> bool {
        let ended = self.answering.load(Relaxed)
            && self.in_flight.load(SeqCst) == 0
            && !self.http2.load(Relaxed);
        if ended {
            self.answering.store(false, Relaxed);
        }
        ended
    }

    /// Records that a head was unreadable. The client may still be sending, and read the answer later.
    pub(super) fn refused(&self) {
        self.unread.store(true, Relaxed);
    }

    /// Records that the socket accepts no bytes.
    pub(super) fn blocked(&self) {
        if self.blocked_since.load(Relaxed) == 0 {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    /// Records that the socket has accepted bytes.
    pub(super) fn unblocked(&self) {
        if self.blocked_since.load(Relaxed) != 0 {
            self.blocked_since.store(0, Relaxed);
        }
    }

    /// Whether to read on after the response, because the client may still be sending. Records when that began.
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

/// Stands for a request in flight: from its whole head until its response is handed over, and for as long as its body may still
/// be read.
#[derive(Debug)]
pub(super) struct Flight {
    activity: Arc<Activity>,
    /// It may end outside the connection's task, so it wakes that task.
    wakes: bool,
    /// A part of the response waits for the client, see [`Activity::untaken`].
    untaken: bool,
    /// The permit of a request that is not the only one of its connection.
    _permit: Option<Permit>,
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

    /// Records that the request's body was dropped before its end. In HTTP/2, that only concerns its stream.
    pub(super) fn left_unread(&self) {
        if !self.activity.http2.load(Relaxed) {
            self.activity.unread.store(true, Relaxed);
        }
    }

    /// Whether the connection ends after the response, because the server drains or the request's body was dropped before its
    /// end.
    pub(super) fn is_last(&self) -> bool {
        self.activity.drain.is_draining() || self.activity.unread.load(Relaxed)
    }

    /// Records that a part of an HTTP/2 response is handed over.
    pub(super) fn handed_over(&mut self) {
        let activity = &self.activity;
        activity.handed_over.store(activity.now(), Relaxed);
        if !std::mem::replace(&mut self.untaken, true) {
            activity.untaken.fetch_add(1, Relaxed);
        }
        activity.task.wake();
    }

    /// Records that hyper asks for the next part of an HTTP/2 response, so the client's window is open.
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
        // Store the time before the count falls: a reader that sees 0 there must not see an older time here.
        activity.quiet_since.store(activity.now(), Relaxed);
        activity.in_flight.fetch_sub(1, SeqCst);
        if self.wakes {
            activity.task.wake();
        }
    }
}
