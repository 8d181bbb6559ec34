//! What can be served.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::body::{BoxError, RequestBody};

/// What can be served: every cloneable tower service that answers each request with a response, as
/// `warp::service(filter)` does. It is cloned for each connection and taken to be always ready.
///
/// This trait only gives that long bound a short name; it is implemented for all such services.
pub trait HttpService: Clone + Send + 'static {
    /// Body of the responses.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
    /// A response under way.
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
