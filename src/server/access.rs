//! One log line a request.
//!
//! It is written when the response is produced if the length of its body is known by then, else when the body has
//! ended or was dropped, which it is when the client goes away. Queries are left out: they may hold personal data.

use std::time::Instant;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use log::{
    Level, Record,
    kv::{Error, Key, Source, Value, VisitSource},
};

/// `target` of these lines.
const TARGET: &str = "flash::access";

/// Most of a path that is logged, in bytes.
const LONGEST_PATH: usize = 1024;

const API_VERSION: &str = "api-version";
const API_VERSION_SOURCE: &str = "api-version-source";

/// A request that will have its line.
#[derive(Debug)]
pub(super) struct Access {
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
            level,
            began: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            id: id.clone(),
        })
    }

    /// The service has answered: writes the line, or gives what will write it at the end of the body.
    pub(super) fn answered<B: Body>(self, response: &Response<B>) -> Option<Streamed> {
        let length = if self.method == Method::HEAD {
            Some(0)
        } else {
            response.body().size_hint().exact()
        };
        let headers = response.headers();
        let Some(bytes) = length else {
            return Some(Streamed {
                status: response.status(),
                version: headers.get(API_VERSION).cloned(),
                source: headers.get(API_VERSION_SOURCE).cloned(),
                sent: 0,
                finished: false,
                access: self,
            });
        };
        self.write(&Outcome {
            status: response.status(),
            version: text_of(headers, API_VERSION),
            source: text_of(headers, API_VERSION_SOURCE),
            bytes,
            aborted: false,
        });
        None
    }

    fn write(&self, outcome: &Outcome<'_>) {
        let values = Line {
            access: self,
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

fn text_of<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A response whose length is not known before it ends. Dropped before that, it is logged as aborted.
#[derive(Debug)]
pub(super) struct Streamed {
    access: Access,
    status: StatusCode,
    version: Option<HeaderValue>,
    source: Option<HeaderValue>,
    sent: u64,
    finished: bool,
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
        let text = |value: &Option<HeaderValue>| {
            value
                .as_ref()
                .and_then(|value| value.to_str().ok().map(str::to_owned))
        };
        let (version, source) = (text(&self.version), text(&self.source));
        self.access.write(&Outcome {
            status: self.status,
            version: version.as_deref(),
            source: source.as_deref(),
            bytes: self.sent,
            aborted: !self.finished,
        });
    }
}

/// How a request ended.
struct Outcome<'r> {
    status: StatusCode,
    version: Option<&'r str>,
    source: Option<&'r str>,
    bytes: u64,
    aborted: bool,
}

/// The named values of a line.
struct Line<'r> {
    access: &'r Access,
    outcome: &'r Outcome<'r>,
}

impl Source for Line<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        let Self { access, outcome } = self;
        let mut pair =
            |name: &'static str, value: Value<'kvs>| visitor.visit_pair(Key::from_str(name), value);
        pair("method", access.method.as_str().into())?;
        pair("path", path(&access.uri).into())?;
        pair("status", outcome.status.as_u16().into())?;
        if let Some(version) = outcome.version {
            pair("version", version.into())?;
        }
        if let Some(source) = outcome.source {
            pair("source", source.into())?;
        }
        pair("bytes", outcome.bytes.into())?;
        pair("ms", (access.began.elapsed().as_secs_f64() * 1000.0).into())?;
        pair("id", access.id.to_str().unwrap_or_default().into())?;
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
