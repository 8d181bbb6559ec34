//! A request as handlers see it: the parts that warp's filters took out of it, whatever version serves it.

use std::pin::Pin;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, Method};
use warp::filters::path::FullPath;
use warp::{Filter, Rejection};

/// The body, a frame at a time.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// A request.
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: FullPath,
    /// Its query, as it was sent; empty when there is none.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
}

/// Takes every request apart. What is wrong with one is said by whoever answers it, in the version that the client
/// speaks; so this rejects none, although warp's type for bodies can't say so.
pub(super) fn any_request() -> impl Filter<Extract = (Request,), Error = Rejection> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .map(|method, path, query, headers, body| Request {
            method,
            path,
            query,
            headers,
            body: boxed(body),
        })
}

fn boxed<S, B>(body: S) -> Body
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    B: Buf,
{
    Box::pin(body.map(|frame| frame.map(|mut data| data.copy_to_bytes(data.remaining()))))
}
