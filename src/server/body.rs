//! Wrappers of bodies: they enforce the pace of a request's body, and count the bytes of a response's body.

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use crate::services::Metrics;

use super::{access::Streamed, activity::Flight, pace::Pace};

/// Largest part of an HTTP/2 response that is handed over at once. hyper's send buffer accepts parts of any size, and nothing
/// tells how much of it the client has read.
const HTTP2_PART: usize = 64 * 1024;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// A request's body. Each part must arrive in time.
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    pace: Pace,
    /// `None` if there is no body to wait for.
    receiving: Option<Receiving>,
}

/// A body that has not ended. If it is dropped before its end, it is recorded as unread.
#[derive(Debug)]
struct Receiving {
    flight: Flight,
    metrics: Option<Arc<Metrics>>,
    ended: bool,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.ended {
            self.flight.left_unread();
        }
    }
}

impl RequestBody {
    /// The body of the request that `flight` stands for.
    pub(super) fn new(
        incoming: Incoming,
        pace: Pace,
        flight: &Flight,
        metrics: Option<&Arc<Metrics>>,
    ) -> Self {
        let receiving = (!incoming.is_end_stream()).then(|| Receiving {
            flight: flight.of_body(),
            metrics: metrics.cloned(),
            ended: false,
        });
        Self {
            incoming,
            pace,
            receiving,
        }
    }

    fn end(&mut self) {
        if let Some(mut receiving) = self.receiving.take() {
            receiving.ended = true;
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let body = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut body.incoming).poll_frame(cx) else {
            let late = ready!(body.pace.poll_late(cx));
            return Poll::Ready(Some(Err(late.into())));
        };
        let arrived = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        body.pace.arrived(arrived);
        if let (Some(Ok(frame)), Some(receiving)) = (&frame, &body.receiving)
            && let (Some(data), Some(metrics)) = (frame.data_ref(), &receiving.metrics)
        {
            metrics.received(data.len());
        }
        if frame.is_none() || body.incoming.is_end_stream() {
            body.end();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

pin_project! {
    /// The source of a response's body.
    #[project = SourceProjection]
    #[derive(Debug)]
    pub(super) enum Source<B> {
        /// The service.
        Service { #[pin] body: B },
        /// The server itself, for a request that the service didn't see, or that made it panic.
        Edge { body: Full<Bytes> },
    }
}

pin_project! {
    /// A response's body. It keeps its request in flight, and writes the log line of a response of unknown length.
    #[derive(Debug)]
    pub(super) struct ResponseBody<B> {
        #[pin]
        source: Source<B>,
        flight: Flight,
        line: Option<Streamed>,
        http2: bool,
        rest: Bytes,
    }
}

impl<B> ResponseBody<B> {
    /// The body of the response that ends `flight`. `line` is the log line to write at its end.
    pub(super) fn new(
        source: Source<B>,
        flight: Flight,
        line: Option<Streamed>,
        http2: bool,
    ) -> Self {
        Self {
            source,
            flight,
            line,
            http2,
            rest: Bytes::new(),
        }
    }
}

impl<B> Body for Source<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project() {
            SourceProjection::Service { body } => body.poll_frame(cx).map_err(Into::into),
            SourceProjection::Edge { body } => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body } => body.is_end_stream(),
            Self::Edge { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service { body } => body.size_hint(),
            Self::Edge { body } => body.size_hint(),
        }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut body = self.project();
        if *body.http2 {
            body.flight.taken();
        }
        let frame = if body.rest.is_empty() {
            ready!(body.source.as_mut().poll_frame(cx))
        } else {
            Some(Ok(Frame::data(std::mem::take(body.rest))))
        };
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                log::warn!(
                    "a response was cut off: {}",
                    crate::logging::with_causes(&*error)
                );
                return Poll::Ready(Some(Err(error)));
            }
            None => {
                if let Some(line) = body.line.take() {
                    line.finish();
                }
                return Poll::Ready(None);
            }
        };
        let frame = if *body.http2 {
            body.flight.handed_over();
            first_part(frame, body.rest)
        } else {
            frame
        };
        if let (Some(line), Some(data)) = (body.line.as_mut(), frame.data_ref()) {
            line.count(data.len());
        }
        if body.rest.is_empty()
            && body.source.is_end_stream()
            && let Some(line) = body.line.take()
        {
            line.finish();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() {
            self.source.size_hint()
        } else {
            SizeHint::new()
        }
    }
}

/// The first part of `frame`. The rest of a large frame goes to `rest`.
fn first_part(frame: Frame<Bytes>, rest: &mut Bytes) -> Frame<Bytes> {
    match frame.into_data() {
        Ok(mut data) if data.len() > HTTP2_PART => {
            *rest = data.split_off(HTTP2_PART);
            Frame::data(data)
        }
        Ok(data) => Frame::data(data),
        Err(trailers) => trailers,
    }
}
