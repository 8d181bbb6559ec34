//! A request as operations see it: what the filters took out of it, whatever version serves it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::body::Body;
use super::error::Error;

/// The id under which a request is found again. The server that serves the API sees to it that every request has one,
/// and every response too.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The address that a request with a body comes from. The server that receives it puts it among the extensions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer(pub IpAddr);

/// A request.
pub struct Request {
    /// Its method.
    pub method: Method,
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
