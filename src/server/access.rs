//! One log line a request.
//!
//! It is written when the response is produced if the length of its body is known by then, else when the body has
//! ended or was dropped, which it is when the client goes away. Queries are left out: they may hold personal data.

use std::time::Instant;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use log::{
    Level, Record,
    kv::{Error, Key, Source, Value, VisitSource},
};

/// `target` of these lines.
const TARGET: &str = "flash::access";

/// Most of a path that is logged, in bytes.
const LONGEST_PATH: usize = 1024;

const API_VERSION: HeaderName = HeaderName::from_static("api-version");
const API_VERSION_SOURCE: HeaderName = HeaderName::from_static("api-version-source");

/// A request that will have its line. Dropped before it is answered, which it is when the client goes away, it is
/// logged as aborted and without a status.
#[derive(Debug)]
pub(super) struct Access {
    /// None once the line is written or on somebody else to write.
    details: Option<Details>,
}

/// What is known of a request from its start.
#[derive(Debug)]
struct Details {
    level: Level,
    began: Instant,
    method: Method,
    uri: Uri,
    id: HeaderValue,
}

impl Access {
    /// Remembers a request that has just arrived, unless lines of `level` are not wanted.
    pub(super) fn begin<B>(request: &Request<B>, id: &HeaderValue, level: Level) -> Option<Self> {
        log::log_enabled!(target: TARGET, level).then(|| Self {
            details: Some(Details {
                level,
                began: Instant::now(),
                method: request.method().clone(),
                uri: request.uri().clone(),
                id: id.clone(),
            }),
        })
    }

    /// The service has answered: writes the line, or gives what will write it at the end of the body.
    pub(super) fn answered<B: Body>(mut self, response: &Response<B>) -> Option<Streamed> {
        let details = self.details.take()?;
        let length = if details.method == Method::HEAD {
            Some(0)
        } else {
            response.body().size_hint().exact()
        };
        let headers = response.headers();
        let Some(bytes) = length else {
            return Some(Streamed {
                status: response.status(),
                version: headers.get(&API_VERSION).cloned(),
                source: headers.get(&API_VERSION_SOURCE).cloned(),
                announced: announced_length(headers),
                sent: 0,
                finished: false,
                details,
            });
        };
        details.write(&Outcome {
            status: Some(response.status()),
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
            details.write(&Outcome {
                status: None,
                version: None,
                source: None,
                bytes: 0,
                aborted: true,
            });
        }
    }
}

impl Details {
    fn write(&self, outcome: &Outcome<'_>) {
        let values = Line {
            details: self,
            outcome,
        };
        let record = Record::builder()
            .level(self.level)
            .target(TARGET)
            .args(format_args!("request"))
            .key_values(&values)
            .build();
        log::logger().log(&record);
    }
}

/// A response whose length is not known before it ends. Dropped before that, it is logged as aborted.
#[derive(Debug)]
pub(super) struct Streamed {
    details: Details,
    status: StatusCode,
    version: Option<HeaderValue>,
    source: Option<HeaderValue>,
    /// What `Content-Length` says: hyper drops a body as soon as that much of it is sent.
    announced: Option<u64>,
    sent: u64,
    finished: bool,
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Streamed {
    /// More of the body is on its way.
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
        self.details.write(&Outcome {
            status: Some(self.status),
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
    version: Option<&'r HeaderValue>,
    source: Option<&'r HeaderValue>,
    bytes: u64,
    aborted: bool,
}

/// The named values of a line.
struct Line<'r> {
    details: &'r Details,
    outcome: &'r Outcome<'r>,
}

impl Source for Line<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        let Self { details, outcome } = self;
        let text = |value: &'kvs HeaderValue| value.to_str().unwrap_or_default();
        let mut pair =
            |name: &'static str, value: Value<'kvs>| visitor.visit_pair(Key::from_str(name), value);
        pair("method", details.method.as_str().into())?;
        pair("path", path(&details.uri).into())?;
        if let Some(status) = outcome.status {
            pair("status", status.as_u16().into())?;
        }
        if let Some(version) = outcome.version {
            pair("version", text(version).into())?;
        }
        if let Some(source) = outcome.source {
            pair("source", text(source).into())?;
        }
        pair("bytes", outcome.bytes.into())?;
        pair(
            "ms",
            (details.began.elapsed().as_secs_f64() * 1000.0).into(),
        )?;
        pair("id", text(&details.id).into())?;
        if outcome.aborted {
            pair("aborted", true.into())?;
        }
        Ok(())
    }
}

/// The path, or what stands in its place; not all of it when it is very long.
fn path(uri: &Uri) -> &str {
    let path = match uri.authority() {
        Some(authority) if uri.path().is_empty() => authority.as_str(),
        _ => uri.path(),
    };
    &path[..path.floor_char_boundary(LONGEST_PATH)]
}
