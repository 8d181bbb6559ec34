//! The log line and the metrics of each request.
//!
//! They are written when the response is ready if the length of its body is known, else when its body ends or is dropped
//! (because the client went away). Query strings are left out, because they may have personal data.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::header::{CONTENT_LENGTH, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use log::{
    Level, Record,
    kv::{Error, Key, Source, Value, VisitSource},
};

use super::limits::Limits;
use crate::services::Metrics;
use crate::services::metrics::{InFlightRequest, Route};
use crate::services::usage::{self, KnownClient};

/// `target` of these lines.
const TARGET: &str = "flash::access";

/// Longest part of a path that is logged, in bytes.
const LONGEST_PATH: usize = 1024;

/// The route of a request that didn't reach the API.
const NOWHERE: Route = Route {
    path: None,
    version: None,
};

const API_VERSION: HeaderName = HeaderName::from_static("api-version");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const API_VERSION_SOURCE: HeaderName = HeaderName::from_static("api-version-source");

/// A request to log. If it is dropped before it is answered, because the client went away, it is logged as aborted and without
/// a status.
#[derive(Debug)]
pub(super) struct Access {
    /// `None` once it is logged or handed to [`Streamed`].
    details: Option<Details>,
}

/// The details of a request that are known at its start.
#[derive(Debug)]
struct Details {
    began: Instant,
    method: Method,
    line: Option<Line>,
    asked: Option<InFlightRequest>,
}

/// The part of a log line that is known at the start of a request.
#[derive(Debug)]
struct Line {
    level: Level,
    /// A copy: a slice of the head would keep all its memory, and the connection could not reuse that to read on.
    path: Box<str>,
    id: HeaderValue,
    trace: Option<HeaderValue>,
    /// The kind of the caller's user agent.
    family: &'static str,
    /// The client's address, if it is wanted.
    address: Option<Box<str>>,
}

impl Access {
    /// Starts logging a request, unless neither lines nor metrics are wanted.
    pub(super) fn begin<B>(
        request: &Request<B>,
        id: &HeaderValue,
        peer: IpAddr,
        limits: &Limits,
        metrics: Option<&Arc<Metrics>>,
    ) -> Option<Self> {
        let (level, headers) = (limits.access_level, request.headers());
        let line = log::log_enabled!(target: TARGET, level).then(|| Line {
            level,
            path: path(request.uri()).into(),
            id: id.clone(),
            trace: trace_parent(headers),
            family: usage::family(headers.get(USER_AGENT)),
            address: limits
                .log_address
                .then(|| limits.proxies.client(peer, headers).to_string().into()),
        });
        let asked = metrics.map(InFlightRequest::begin);
        (line.is_some() || asked.is_some()).then(|| Self {
            details: Some(Details {
                began: Instant::now(),
                method: request.method().clone(),
                line,
                asked,
            }),
        })
    }

    /// Logs the answer of the service, or returns what logs it at the end of the body.
    pub(super) fn answered<B: Body>(mut self, response: &Response<B>) -> Option<Streamed> {
        let details = self.details.take()?;
        let length = if details.method == Method::HEAD {
            Some(0)
        } else {
            response.body().size_hint().exact()
        };
        let headers = response.headers();
        let route = response.extensions().get::<Route>().copied();
        let Some(bytes) = length else {
            return Some(Streamed {
                status: response.status(),
                client: response.extensions().get().cloned(),
                route,
                version: headers.get(&API_VERSION).cloned(),
                source: headers.get(&API_VERSION_SOURCE).cloned(),
                announced: announced_length(headers),
                sent: 0,
                finished: false,
                details,
            });
        };
        details.tell(&Outcome {
            status: Some(response.status()),
            client: response.extensions().get(),
            route,
            version: headers.get(&API_VERSION),
            source: headers.get(&API_VERSION_SOURCE),
            bytes,
            aborted: false,
        });
        None
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        if let Some(details) = self.details.take() {
            details.tell(&Outcome {
                status: None,
                client: None,
                route: None,
                version: None,
                source: None,
                bytes: 0,
                aborted: true,
            });
        }
    }
}

impl Details {
    fn tell(&self, outcome: &Outcome<'_>) {
        let seconds = self.began.elapsed().as_secs_f64();
        if let Some(asked) = &self.asked {
            let route = outcome.route.unwrap_or(NOWHERE);
            asked.answered(route, &self.method, outcome.status, outcome.bytes, seconds);
        }
        let Some(line) = &self.line else {
            return;
        };
        let values = Values {
            method: &self.method,
            line,
            outcome,
            milliseconds: seconds * 1000.0,
        };
        let record = Record::builder()
            .level(line.level)
            .target(TARGET)
            .args(format_args!("request"))
            .key_values(&values)
            .build();
        log::logger().log(&record);
    }
}

/// A response whose length is known only at its end. If it is dropped before, it is logged as aborted.
#[derive(Debug)]
pub(super) struct Streamed {
    details: Details,
    status: StatusCode,
    client: Option<KnownClient>,
    route: Option<Route>,
    version: Option<HeaderValue>,
    source: Option<HeaderValue>,
    /// The `Content-Length`: hyper drops a body as soon as so many bytes of it are sent.
    announced: Option<u64>,
    sent: u64,
    finished: bool,
}

/// The caller's `traceparent`, if it is valid (W3C Trace Context §3.2). Its id links this line to the caller's logs.
fn trace_parent(headers: &HeaderMap) -> Option<HeaderValue> {
    /// The lengths of version, id, parent and flags, in hexadecimal digits.
    const LENGTHS: [usize; 4] = [2, 32, 16, 2];
    let value = headers.get(&TRACE_PARENT)?;
    let mut parts = value.to_str().ok()?.split('-');
    let is_hex = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let well_formed = LENGTHS.iter().all(|length| {
        parts
            .next()
            .is_some_and(|part| part.len() == *length && is_hex(part))
    });
    (well_formed && parts.next().is_none()).then(|| value.clone())
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Streamed {
    /// Counts bytes that are handed to the connection.
    pub(super) fn count(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// The body has ended.
    pub(super) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.details.tell(&Outcome {
            status: Some(self.status),
            client: self.client.as_ref(),
            route: self.route,
            version: self.version.as_ref(),
            source: self.source.as_ref(),
            bytes: self.sent,
            aborted: !self.finished && self.announced != Some(self.sent),
        });
    }
}

/// How a request ended.
struct Outcome<'r> {
    status: Option<StatusCode>,
    client: Option<&'r KnownClient>,
    route: Option<Route>,
    version: Option<&'r HeaderValue>,
    source: Option<&'r HeaderValue>,
    bytes: u64,
    aborted: bool,
}

/// The named values of a line.
struct Values<'r> {
    method: &'r Method,
    line: &'r Line,
    outcome: &'r Outcome<'r>,
    milliseconds: f64,
}

impl Source for Values<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        let Self {
            method,
            line,
            outcome,
            milliseconds,
        } = self;
        let text = |value: &'kvs HeaderValue| value.to_str().unwrap_or_default();
        let mut pair =
            |name: &'static str, value: Value<'kvs>| visitor.visit_pair(Key::from_str(name), value);
        pair("method", method.as_str().into())?;
        pair("path", (*line.path).into())?;
        if let Some(status) = outcome.status {
            pair("status", status.as_u16().into())?;
        }
        if let Some(version) = outcome.version {
            pair("version", text(version).into())?;
        }
        if let Some(source) = outcome.source {
            pair("source", text(source).into())?;
        }
        match outcome.client {
            Some(KnownClient(client)) => pair("client", client.name.as_str().into())?,
            None => pair("family", line.family.into())?,
        }
        if let Some(address) = &line.address {
            pair("address", (**address).into())?;
        }
        pair("bytes", outcome.bytes.into())?;
        pair("ms", (*milliseconds).into())?;
        pair("id", text(&line.id).into())?;
        if let Some(trace) = &line.trace {
            pair("traceparent", text(trace).into())?;
        }
        if outcome.aborted {
            pair("aborted", true.into())?;
        }
        Ok(())
    }
}

/// The path (or the authority, if there is no path), cut if it is very long.
fn path(uri: &Uri) -> &str {
    let path = match uri.authority() {
        Some(authority) if uri.path().is_empty() => authority.as_str(),
        _ => uri.path(),
    };
    &path[..path.floor_char_boundary(LONGEST_PATH)]
}
