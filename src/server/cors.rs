//! Web pages of other origins that may read answers: the CORS protocol (Fetch Standard, section 3.2).
//!
//! A browser shows a page of another origin only answers that name that origin. Before a request that a form could not send, it asks
//! for permission (a preflight). Every answer of the listener is marked, its own refusals too, because a page can't read why it was
//! refused otherwise. Cookies play no part: a caller's key is in `Authorization`.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
        AUTHORIZATION, ORIGIN, VARY,
    },
};
use http_body_util::Full;

use crate::api::versions;

/// The origin that stands for all of them.
const ANY: &str = "*";
/// Headers of an answer that a page may read, beside those that every page may read.
const EXPOSED: &str = "API-Version, API-Version-Source, Deprecation, Sunset, Link, ETag, Location, Retry-After, X-Request-Id, \
                       Idempotency-Replayed, Content-Disposition, Content-Location, Accept-Query, Dataset-Schema, \
                       Dataset-Revision, RateLimit, RateLimit-Policy";
/// Headers that a page may send, beside those that every page may send.
const SENT: &str =
    "Accept, Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Range";
/// Seconds for which a browser remembers a preflight; none remembers it for longer than a day, and Chromium for two hours.
const MAX_AGE: &str = "7200";

/// The web pages of other origins that may read the answers of a listener.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    /// Pages of every origin may read.
    anyone: bool,
    /// Pages of these origins may read and write.
    origins: Arc<[String]>,
}

/// What an answer says about who may read it.
#[derive(Clone, Debug)]
pub(super) enum Grant {
    /// Nothing: no page of another origin may read anything.
    Nothing,
    /// Pages of this origin may not read it; those of another may.
    Refused,
    /// Pages of every origin may read it.
    Anyone,
    /// Pages of this origin may read it.
    Origin(HeaderValue),
}

impl Cors {
    /// The rules of a listener whose answers pages of these origins may read; `*` stands for all.
    pub fn new(origins: &[String]) -> Self {
        let listed = origins.iter().filter(|origin| *origin != ANY).cloned();
        Self {
            anyone: origins.iter().any(|origin| origin == ANY),
            origins: listed.collect(),
        }
    }

    /// What the answer to a request of that origin says.
    pub(super) fn grant(&self, origin: Option<&HeaderValue>) -> Grant {
        if self.anyone {
            return Grant::Anyone;
        }
        if self.origins.is_empty() {
            return Grant::Nothing;
        }
        match origin {
            Some(origin) if self.is_listed(origin) => Grant::Origin(origin.clone()),
            _ => Grant::Refused,
        }
    }

    /// The answer to a preflight of a page that may read. It is about the server: the path isn't looked at, because what version a
    /// request will name isn't known yet.
    pub(super) fn preflight<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let headers = request.headers();
        let origin = headers.get(ORIGIN)?;
        let is_preflight = *request.method() == Method::OPTIONS
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || !self.grant(Some(origin)).is_granted() {
            return None;
        }
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = answer.headers_mut();
        // The methods are tokens.
        if let Ok(methods) = HeaderValue::try_from(versions::methods()) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(SENT));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
        Some(answer)
    }

    /// Whether a page of that origin may write. If its origin isn't listed, it may with a key that a script has set: a form can't send
    /// `Bearer`, but a browser may add `Basic` by itself.
    pub(super) fn may_write(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else {
            return false;
        };
        self.is_listed(origin) || self.anyone && has_bearer(headers)
    }

    /// Whether pages of every origin may read.
    pub(super) fn is_open(&self) -> bool {
        self.anyone
    }

    fn is_listed(&self, origin: &HeaderValue) -> bool {
        let mut origins = self.origins.iter();
        origins.any(|listed| listed.as_bytes() == origin.as_bytes())
    }
}

impl Grant {
    fn is_granted(&self) -> bool {
        matches!(self, Self::Anyone | Self::Origin(_))
    }

    /// Puts it into an answer.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers() {
            match headers.entry(name) {
                http::header::Entry::Occupied(mut entry) => {
                    let both = [entry.get().as_bytes(), b", ", value.as_bytes()].concat();
                    if let Ok(both) = HeaderValue::from_maybe_shared(Bytes::from(both)) {
                        entry.insert(both);
                    }
                }
                http::header::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
            }
        }
    }

    /// The lines that it is in the head of an answer.
    pub(super) fn lines(self) -> String {
        let line = |(name, value): (HeaderName, HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            format!("{name}: {value}\r\n")
        };
        self.headers().map(line).collect()
    }

    fn headers(self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let varies = matches!(self, Self::Refused | Self::Origin(_));
        let varies = varies.then(|| (VARY, HeaderValue::from_static("Origin")));
        let origin = match self {
            Self::Nothing | Self::Refused => None,
            Self::Anyone => Some(HeaderValue::from_static(ANY)),
            Self::Origin(origin) => Some(origin),
        };
        let granted = origin.into_iter().flat_map(|origin| {
            [
                (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
                (
                    ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static(EXPOSED),
                ),
            ]
        });
        varies.into_iter().chain(granted)
    }
}

fn has_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let scheme = value.and_then(|value| value.split(|&byte| byte == b' ').next());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer"))
}
