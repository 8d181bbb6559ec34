//! An answer, before it becomes a response: status, headers and body, whatever the version.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use sync_wrapper::SyncStream;
use warp::Reply as _;

use crate::services::memory::{Exhausted, Held, Kind, Memory};
use crate::store::Dataset;
use crate::versioning::VersionNumber;

/// A body that is made while it is sent. An error cuts the connection, so that nobody takes a part for the whole.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send>>;
/// Why a body breaks off.
pub type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// What goes out after the headers.
pub enum Body {
    /// Nothing.
    Empty,
    /// All of it, and the memory that was taken for it.
    Full(Bytes, Option<Held>),
    /// Piece by piece.
    Stream(ByteStream),
}

/// Headers that an answer usually has in the end, and some more, so that adding one never moves the others.
const HEADERS: usize = 12;

/// An answer.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers. Without a `Content-Type` it gets the one that was negotiated.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
    /// Whether it tells of the server, and so is none of a version.
    pub of_server: bool,
    /// The version that an answer of the server is about, if it is about one alone.
    pub about: Option<VersionNumber>,
    /// The dataset of which alone it tells, where it is worth remembering as a whole.
    pub alone_of: Option<Arc<Dataset>>,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self::body(status, Body::Empty)
    }

    /// An answer that is all there.
    pub fn full(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::body(status, Body::Full(body.into(), None))
    }

    /// An answer with that body.
    pub fn body(status: StatusCode, body: Body) -> Self {
        Self {
            status,
            headers: HeaderMap::with_capacity(HEADERS),
            body,
            of_server: false,
            about: None,
            alone_of: None,
        }
    }

    /// An answer whose body is made while it is sent.
    pub fn stream(
        status: StatusCode,
        body: impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static,
    ) -> Self {
        Self::body(status, Body::Stream(Box::pin(body)))
    }

    /// An answer in JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Everything that is answered is made of strings, numbers and lists: writing those to memory can't fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::full(status, body)
    }

    /// The same with a header. A value that no header can have is left out.
    pub fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same with memory taken for its body, unless it has some.
    ///
    /// # Errors
    /// When none is free.
    pub(super) fn held(mut self, memory: &Memory) -> Result<Self, Exhausted> {
        if let Body::Full(bytes, held @ None) = &mut self.body
            && !bytes.is_empty()
        {
            let kind = Kind::of_answer(bytes.len());
            *held = Some(memory.try_take(kind, bytes.len()).ok_or(Exhausted(kind))?);
        }
        Ok(self)
    }

    /// The same for a `HEAD` request: every header, and no body.
    pub(super) fn without_body(mut self) -> Self {
        if let Body::Full(body, _) = &self.body
            && !self.headers.contains_key(CONTENT_LENGTH)
        {
            self.headers
                .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        self.body = Body::Empty;
        self
    }

    /// The response that warp sends.
    pub(super) fn into_response(self) -> warp::reply::Response {
        let mut response = match self.body {
            Body::Empty => warp::reply::Response::default(),
            Body::Full(bytes, held) => {
                let mut response = warp::reply::Response::new(bytes.into());
                if let Some(held) = held {
                    response.extensions_mut().insert(Arc::new(held));
                }
                response
            }
            Body::Stream(stream) => warp::reply::stream(SyncStream::new(stream)).into_response(),
        };
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
