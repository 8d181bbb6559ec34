//! A TCP connection that records its activity, and explains what is wrong with a head that hyper can't read.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{activity::Activity, cors::Cors, unreadable};

/// Bytes of a head to keep until hyper has read it.
const KEPT: usize = 4 * 1024;

/// A TCP connection that records in its [`Activity`] when bytes arrive, and when it accepts none.
///
/// If hyper writes while no request is being answered, that is its own answer to an unreadable head, without a body. It is
/// replaced by an answer that says what is wrong.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    cors: Cors,
    shut_down: bool,
    /// The beginning of the head that is being received, if it is known where that begins.
    head: Vec<u8>,
    /// Whether the beginning is known. After a body, or after a head that arrived with more bytes, a part of the next head may
    /// have been read already.
    knows_beginning: bool,
    /// The rest of the answer that replaces hyper's.
    instead: Bytes,
}

impl Socket {
    /// Wraps `stream`. `cors` says who may read the answers.
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, cors: Cors) -> Self {
        Self {
            stream,
            activity,
            cors,
            shut_down: false,
            head: Vec::new(),
            knows_beginning: true,
            instead: Bytes::new(),
        }
    }

    /// Keeps the bytes of a head.
    fn keep(&mut self, bytes: &[u8]) {
        if self.activity.is_answering() {
            self.knows_beginning = false;
        } else if self.knows_beginning {
            let room = KEPT - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Whether these bytes are hyper's own answer. If so, prepares the answer that replaces it.
    fn replaces(&mut self, answer: &[u8]) -> bool {
        if self.activity.is_answering() {
            return false;
        }
        let Some(instead) = unreadable::answer(&self.head, answer, &self.cors) else {
            return false;
        };
        self.activity.refused();
        self.instead = instead;
        true
    }

    /// Writes the rest of the answer that replaces hyper's.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let written = Pin::new(&mut self.stream).poll_write(cx, &self.instead);
            let written = ready!(self.note(written))?;
            self.instead.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.activity.blocked(),
            Poll::Ready(_) => self.activity.unblocked(),
        }
        written
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.heard();
            self.keep(&buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answer has no body, so it is one buffer.
        if let [answer, ..] = parts
            && self.replaces(answer)
        {
            return Poll::Ready(Ok(answer.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(cx))?;
        if self.activity.flushed() {
            self.knows_beginning &= self.head.ends_with(b"\r\n\r\n");
            self.head.clear();
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Ends the response. If the client is still sending a body, its bytes are discarded for a while: closing at once would reset
    /// the connection, and could destroy the answer.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut_down {
            ready!(self.poll_instead(cx))?;
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.shut_down = true;
        }
        while self.activity.lingers() {
            let mut scratch = [MaybeUninit::uninit(); 16 * 1024];
            let mut buffer = ReadBuf::uninit(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
