//! Answers: status, headers and body, before a version's headers are added.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use sync_wrapper::SyncStream;
use warp::Reply as _;

use crate::services::NamedColumns;
use crate::services::memory::{Exhausted, Held, Kind, Memory};
use crate::store::Dataset;
use crate::versioning::VersionNumber;

/// A body that is made while it is sent. An error ends the connection, so that the client notices that the body is incomplete.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, StreamError>> + Send>>;
/// Why a streamed body ends early.
pub type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer.
pub enum Body {
    /// No body.
    Empty,
    /// A whole body, with its memory.
    Full(Bytes, Option<Held>),
    /// A body that is streamed in parts.
    Stream(ByteStream),
}

/// The version of the dataset's schema.
const DATASET_SCHEMA: HeaderName = HeaderName::from_static("dataset-schema");
/// The number of the dataset's revision.
const DATASET_REVISION: HeaderName = HeaderName::from_static("dataset-revision");

/// The capacity for headers: more than a response usually has, so that adding one doesn't reallocate.
const HEADERS: usize = 16;

/// An answer.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers. A missing `Content-Type` is the negotiated one.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
    /// Whether it is about the server, and so belongs to no version.
    pub of_server: bool,
    /// The version that an answer about the server is about, if it is one.
    pub about: Option<VersionNumber>,
    /// The only dataset that it is about, if the response can be cached.
    pub alone_of: Option<Arc<Dataset>>,
    /// The number of the dataset whose contents it tells, if that counts as a read.
    pub read: Option<i64>,
    /// The columns that the request names.
    pub named: Option<NamedColumns>,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self::body(status, Body::Empty)
    }

    /// An answer with a whole body.
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
            read: None,
            named: None,
        }
    }

    /// An answer with a streamed body.
    pub fn stream(
        status: StatusCode,
        body: impl Stream<Item = Result<Bytes, StreamError>> + Send + 'static,
    ) -> Self {
        Self::body(status, Body::Stream(Box::pin(body)))
    }

    /// An answer in JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Serializing strings, numbers and lists can't fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::full(status, body)
    }

    /// Adds a header. An invalid value is left out.
    pub fn with(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds the headers about the contents of a dataset.
    pub fn telling_of(self, dataset: &Dataset) -> Self {
        self.with(DATASET_SCHEMA, dataset.schema.to_string())
            .with(DATASET_REVISION, dataset.revision)
    }

    /// Reserves memory for the body, unless it has some.
    ///
    /// # Errors
    /// If there is none in time.
    pub(super) fn held(mut self, memory: &Memory) -> Result<Self, Exhausted> {
        if let Body::Full(bytes, held @ None) = &mut self.body
            && !bytes.is_empty()
        {
            let kind = Kind::of_answer(bytes.len());
            *held = Some(memory.try_take(kind, bytes.len()).ok_or(Exhausted(kind))?);
        }
        Ok(self)
    }

    /// The answer to a `HEAD` request: the headers without the body.
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

    /// The response for warp.
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
