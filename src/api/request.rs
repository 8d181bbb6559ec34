//! A request as operations get it from the filters.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::body::Body;
use super::error::Error;
use crate::store::StoreError;
use crate::versioning::InUrl;

/// The request id. The server gives one to every request and response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's address. The server adds it to the extensions of a request that has a body, and of every request if requests are
/// counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer(pub IpAddr);

/// Marks a request that a page makes inside the process ([`crate::pages`]). It is no use of a version by its client: it isn't counted,
/// and doesn't pin the client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OfPage;

/// The media type of the body of a `QUERY`.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Names the media types that a resource takes in a `QUERY` (RFC 10008).
pub(super) const ACCEPT_QUERY: HeaderName = HeaderName::from_static("accept-query");
/// Marks a request for which the store was asked already, and failed.
#[derive(Clone, Debug)]
pub(super) struct Failed(Arc<Mutex<Option<StoreError>>>);

impl Failed {
    pub(super) fn new(error: StoreError) -> Self {
        Self(Arc::new(Mutex::new(Some(error))))
    }

    /// The error, once.
    pub(super) fn take(&self) -> Option<StoreError> {
        let mut error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        error.take()
    }
}

/// A request.
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its query, without what the URL names of version and format; empty if there is none.
    pub query: String,
    /// What the URL names.
    pub in_url: InUrl,
    /// Its headers.
    pub headers: HeaderMap,
    /// The caller's address, if it is known.
    pub from: Option<IpAddr>,
    /// Its body.
    pub body: Body,
}

/// The value of a header that may occur once. `shown` is its name in errors.
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

/// The request headers with these names.
pub(super) fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut found = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            found.append(name, value.clone());
        }
    }
    found
}
