//! A TCP connection that notes what happens on it, and says what is wrong with a head that hyper can't read.

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

use super::{activity::Activity, unreadable};

/// Bytes of a head that are kept until it is read.
const KEPT: usize = 4 * 1024;

/// A TCP connection that notes in its [`Activity`] when bytes arrive and when it takes none.
///
/// What is written while no request is being answered is hyper's own answer to a head that it could not read, which has no
/// body. It is replaced by one that says what was wrong.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    activity: Arc<Activity>,
    shut_down: bool,
    /// The beginning of the head that is being received, as long as it is known where that begins.
    head: Vec<u8>,
    /// Whether it is: after a body, or a head that came with more, a part of the next one may have been read already.
    knows_beginning: bool,
    /// What is left to write in the place of hyper's answer.
    instead: Bytes,
}

impl Socket {
    /// Wraps `stream`.
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            shut_down: false,
            head: Vec::new(),
            knows_beginning: true,
            instead: Bytes::new(),
        }
    }

    /// Keeps what has arrived of a head.
    fn keep(&mut self, bytes: &[u8]) {
        if self.activity.is_answering() {
            self.knows_beginning = false;
        } else if self.knows_beginning {
            let room = KEPT - self.head.len();
            self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// Whether these bytes are an answer of hyper's own, which is then replaced.
    fn replaces(&mut self, answer: &[u8]) -> bool {
        if self.activity.is_answering() {
            return false;
        }
        let Some(instead) = unreadable::answer(&self.head, answer) else {
            return false;
        };
        self.activity.refused();
        self.instead = instead;
        true
    }

    /// Writes what is left of an answer in the place of hyper's.
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
        // Such an answer has no body, and so has one part.
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

    /// Ends the response; when the client is still sending a body that nobody reads, what it sends is thrown away for
    /// a while, because closing at once would reset the connection and could destroy the answer on its way.
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
