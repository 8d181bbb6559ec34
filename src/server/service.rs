//! The trait of services that a listener can serve.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::body::{BoxError, RequestBody};

/// A cloneable tower service that answers each request with a response, such as `warp::service(filter)`. It is cloned for each
/// connection, and must always be ready.
///
/// The trait is a short name for that long bound, and is implemented for all such services.
pub trait HttpService: Clone + Send + 'static {
    /// Body of the responses.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
    /// The future of a response.
    type Future: Future<Output = Result<Response<Self::Body>, Infallible>> + Send + 'static;

    /// Begins to answer `request`.
    fn begin(&mut self, request: Request<RequestBody>) -> Self::Future;
}

impl<S, B> HttpService for S
where
    S: tower_service::Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
    type Future = S::Future;

    fn begin(&mut self, request: Request<RequestBody>) -> S::Future {
        self.call(request)
    }
}
