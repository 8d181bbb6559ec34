//! A request as handlers see it: the parts that warp's filters took out of it, whatever version serves it.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use warp::filters::path::FullPath;
use warp::{Filter, Rejection};

use super::error::Error;

/// The id under which a request is found again. The server that serves the API sees to it that every request has one,
/// and every response too.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The body, a frame at a time.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// The address that a request with a body comes from. The server that receives it puts it among the extensions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer(pub IpAddr);

/// A request's body does not arrive as fast as the settings demand.
///
/// The server that receives the body gives this, or the connection's own error.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyTimedOut {
    /// No part of it has arrived for so long.
    #[error(
        "the request's body has stalled: nothing arrived for {}, the limit that --body-timeout sets",
        humantime::format_duration(*.0)
    )]
    Stalled(Duration),
    /// It arrives more slowly than so many bytes a second.
    #[error(
        "the request's body arrives too slowly: less than {0} bytes a second, the least that --min-body-rate sets"
    )]
    Slow(u64),
}

impl BodyTimedOut {
    /// This error if it is `error` or what caused it.
    pub fn find<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        cause(error)
    }
}

/// The error of that type that is `error` or what caused it, however deep: routers wrap the errors of bodies.
pub(super) fn cause<'e, E: std::error::Error + 'static>(
    mut error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e E> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

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
    /// The address that it comes from, where it is known.
    pub from: Option<IpAddr>,
    /// Its body.
    pub body: Body,
}

/// The one value of a header that may be there once; `shown` is how it is written.
pub(super) fn single<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<Option<&'h HeaderValue>, Error> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Error::RepeatedHeader(shown)),
    }
}

/// Of the headers of a request those of these names.
pub(super) fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut found = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            found.append(name, value.clone());
        }
    }
    found
}

/// Takes every request apart. What is wrong with one is said by whoever answers it, in the version that the client
/// speaks; so this rejects none, although warp's type for bodies can't say so.
pub(super) fn any_request() -> impl Filter<Extract = (Request,), Error = Rejection> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Peer>())
        .and(warp::body::stream())
        .map(
            |method, path, query, headers, peer: Option<Peer>, body| Request {
                method,
                path,
                query,
                headers,
                from: peer.map(|Peer(address)| address),
                body: boxed(body),
            },
        )
}

fn boxed<S, B>(body: S) -> Body
where
    S: Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static,
    B: Buf,
{
    Box::pin(body.map(|frame| frame.map(|mut data| data.copy_to_bytes(data.remaining()))))
}
