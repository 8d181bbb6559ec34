//! A visit: a request for a page.

use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST, HeaderMap};
use http::request::Parts;
use http::uri::Authority;
use http::{Extensions, HeaderName, Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use super::inner::{Api, Inner};
use super::problem::Problem;
use crate::services::Services;
use crate::services::memory::{Exhausted, Held, Kind};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The bytes that a page may take while it is made: answers of the API, what is read from them, and the page.
const PAGE: usize = 8 << 20;

/// A request for a page.
pub(super) struct Visit {
    pub(super) services: Arc<Services>,
    pub(super) api: Inner,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) extensions: Extensions,
}

impl Visit {
    pub(super) fn new(services: Arc<Services>, api: Api, head: Parts) -> Self {
        Self {
            services,
            api: Inner::new(api, &head.headers),
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            extensions: head.extensions,
        }
    }

    /// The query, as it was sent; empty if there is none.
    pub(super) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// Refuses a query with percent escapes that aren't UTF-8: a replacement character is not what the visitor meant.
    pub(super) fn check_query(&self) -> Result<(), Problem> {
        match percent_decode_str(self.query()).decode_utf8() {
            Ok(_) => Ok(()),
            Err(_) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "The address isn't valid",
                "Its query has percent escapes that aren't UTF-8. Write é as %C3%A9, and % itself as %25.",
            )),
        }
    }

    /// The value of a parameter of the page's own.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query().as_bytes());
        let found = pairs.find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// Whether the visitor sent a key.
    pub(super) fn has_key(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION)
    }

    /// Where the visitor reaches this server: scheme, host and port.
    pub(super) fn origin(&self) -> String {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = self.uri.authority().map(Authority::as_str).or(host);
        // It becomes part of code that people paste, and a host may have quotes.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        let host = host.filter(|host| host.bytes().all(is_plain));
        let scheme = match self.headers.get(FORWARDED_PROTO) {
            Some(scheme) if scheme == "https" => "https",
            _ => "http",
        };
        format!("{scheme}://{}", host.unwrap_or("localhost:3000"))
    }

    /// Reserves the memory that a page takes while it is made. It is of a share that no read takes from: the requests behind the page
    /// must not wait for what the page itself has.
    pub(super) async fn memory(&self) -> Result<Held, Exhausted> {
        self.services.memory.take(Kind::Uploads, PAGE).await
    }
}

/// A part of a path, decoded.
pub(super) fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}
