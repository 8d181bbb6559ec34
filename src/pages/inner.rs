//! A page's requests to the API, inside the process.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Extensions, Method, Request, Response, StatusCode, Uri};
use http_body::Frame;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{BodyExt as _, Empty};

use crate::api::reply::StreamError;
use crate::api::request::{OfPage, REQUEST_ID};
use crate::versioning::{Format, VersionNumber, media_type};

/// The body of a request that a page makes.
pub(super) type InnerBody = BoxBody<Bytes, StreamError>;
/// The API's service.
pub(super) type Api = Box<
    dyn Fn(Request<InnerBody>) -> BoxFuture<'static, Response<UnsyncBoxBody<Bytes, StreamError>>>
        + Send
        + Sync,
>;

/// The API, as the visitor of a page may call it.
pub(super) struct Inner {
    api: Api,
    /// The visitor's key and the id of its request.
    headers: HeaderMap,
}

/// An answer of the API.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether the body has more bytes than the page reads.
    pub(super) is_cut: bool,
}

impl Inner {
    /// The API, for the visitor with these headers.
    pub(super) fn new(api: Api, visitor: &HeaderMap) -> Self {
        let mut headers = HeaderMap::new();
        for name in [AUTHORIZATION, REQUEST_ID] {
            for value in visitor.get_all(&name) {
                headers.append(&name, value.clone());
            }
        }
        Self { api, headers }
    }

    /// Asks for JSON of a version. `target` is a path with its query. At most `most` bytes of the answer are read.
    pub(super) async fn get(&self, version: u32, target: &str, most: usize) -> Answer {
        let body = Empty::new().map_err(|never| match never {}).boxed();
        let request = Request::new(body);
        self.send(request, accept(version), target, most).await
    }

    /// Asks for a media type.
    pub(super) async fn get_as(&self, media_type: &str, target: &str, most: usize) -> Answer {
        let body = Empty::new().map_err(|never| match never {}).boxed();
        let request = Request::new(body);
        self.send(request, Some(media_type.to_owned()), target, most)
            .await
    }

    /// Sends a body to the API, with its headers. `extensions` are those of the visitor's request.
    pub(super) async fn write(
        &self,
        (method, target): (Method, &str),
        headers: HeaderMap,
        body: InnerBody,
        extensions: Extensions,
    ) -> Answer {
        /// The most bytes of an answer.
        const WRITTEN: usize = 1 << 20;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        *request.extensions_mut() = extensions;
        self.send(request, accept(super::DATA), target, WRITTEN)
            .await
    }

    async fn send(
        &self,
        mut request: Request<InnerBody>,
        accept: Option<String>,
        target: &str,
        most: usize,
    ) -> Answer {
        // A target can be too long.
        let Ok(uri) = Uri::try_from(target) else {
            return Answer::without_body(StatusCode::URI_TOO_LONG);
        };
        *request.uri_mut() = uri;
        request.headers_mut().extend(self.headers.clone());
        let accept = accept.and_then(|accept| HeaderValue::try_from(accept).ok());
        if let Some(accept) = accept {
            request.headers_mut().insert(ACCEPT, accept);
        }
        request.extensions_mut().insert(OfPage);
        Answer::received((self.api)(request).await, most).await
    }
}

/// What a program sends as `Accept` for JSON of a version.
pub(super) fn accept(version: u32) -> Option<String> {
    VersionNumber::new(version).map(|version| media_type(version, Format::Json).to_string())
}

impl Answer {
    fn without_body(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
            is_cut: false,
        }
    }

    async fn received(response: Response<UnsyncBoxBody<Bytes, StreamError>>, most: usize) -> Self {
        let (head, mut body) = response.into_parts();
        let mut answer = Self::without_body(head.status);
        answer.headers = head.headers;
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) if answer.body.len() + data.len() > most => {
                    let fits = most - answer.body.len();
                    answer.body.extend_from_slice(&data[..fits]);
                    answer.is_cut = true;
                    break;
                }
                Ok(Ok(data)) => answer.body.extend_from_slice(&data),
                Ok(Err(_trailers)) => {}
                // The API has logged why.
                Err(_) => return Self::without_body(StatusCode::INTERNAL_SERVER_ERROR),
            }
        }
        answer
    }
}
