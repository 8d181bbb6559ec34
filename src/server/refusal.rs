//! Answers without the service: to requests that must not reach it, and to panics. They are plain JSON, because no version is
//! negotiated.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;

use super::cors::Grant;
use crate::api::request::REQUEST_ID;

/// Why a request doesn't reach the service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// `Host` is missing, repeated or not valid (RFC 9112 section 3.2).
    BadHost(&'static str),
    /// The server doesn't answer to that name.
    OtherHost(String),
    /// A web page of another origin may not write.
    ForeignPage {
        /// The origin, if the browser names it.
        origin: Option<String>,
        /// Whether it may with a key.
        may_with_key: bool,
    },
    /// A transfer coding other than `chunked`.
    TransferCoding(String),
    /// An expectation other than `100-continue`.
    Expectation,
    /// `CONNECT`.
    Proxying,
    /// The target is not a path.
    Target,
    /// The head of the request is unreadable.
    Unreadable(StatusCode, String),
    /// The address has as many connections as it may have.
    TooManyConnections,
    /// The address has as many concurrent requests as it may have.
    TooManyRequests,
    /// The clock of this machine shows a time before 1970, which HTTP dates can't express.
    NoClock,
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::BadHost(_) | Self::Target => StatusCode::BAD_REQUEST,
            Self::OtherHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignPage { .. } => StatusCode::FORBIDDEN,
            Self::TransferCoding(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::Proxying => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unreadable(status, _) => *status,
            Self::TooManyConnections | Self::TooManyRequests | Self::NoClock => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Seconds after which the same request may succeed.
    fn retry_after(&self) -> Option<&'static str> {
        (self.status() == StatusCode::SERVICE_UNAVAILABLE).then_some("1")
    }

    /// The body of the answer.
    fn body(&self) -> String {
        json!({ "error": self.to_string() }).to_string()
    }

    /// The whole answer in HTTP/1.1, for a connection that ends with it. `date` is a line of its head, and `grant` says who may read it. An answer to `HEAD` has no
    /// body.
    pub(super) fn whole(&self, id: &str, date: Option<&str>, is_head: bool, grant: Grant) -> Bytes {
        let (status, body) = (self.status(), self.body());
        let date = date.map(|line| format!("{line}\r\n")).unwrap_or_default();
        let retry = self.retry_after();
        let retry = retry.map(|seconds| format!("retry-after: {seconds}\r\n"));
        let retry = retry.unwrap_or_default();
        let (length, grant) = (body.len(), grant.lines());
        let body = if is_head { "" } else { &body };
        format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
             {REQUEST_ID}: {id}\r\n{retry}{grant}content-length: {length}\r\n{date}\r\n{body}"
        )
        .into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadHost(what) => f.write_str(what),
            Self::OtherHost(name) => write!(
                f,
                "this server doesn't answer to the name {name:?}: call it as localhost or 127.0.0.1, or start it with --host and \
                 the name"
            ),
            Self::ForeignPage {
                origin,
                may_with_key,
            } => {
                match origin {
                    None => f.write_str("a web page of another site may not write here")?,
                    Some(origin) => {
                        write!(f, "a web page of the origin {origin:?} may not write here")?;
                    }
                }
                if *may_with_key {
                    f.write_str(" without a key: send one as Authorization: Bearer flash_…, or")?;
                } else {
                    f.write_str(":")?;
                }
                f.write_str(
                    " start the server with --cors-origin and that origin to let it read and write, or with --allow-origin to let \
                     it write",
                )
            }
            Self::TransferCoding(found) => write!(
                f,
                "the transfer coding {found:?} is not supported: send the body with Transfer-Encoding: chunked or with \
                 Content-Length, and say how it is packed in Content-Encoding"
            ),
            Self::Expectation => {
                f.write_str("the server supports no other expectation than Expect: 100-continue")
            }
            Self::Proxying => f.write_str("this server isn't a proxy: it doesn't support CONNECT"),
            Self::Target => {
                f.write_str("the request target isn't a path: send one that begins with a slash")
            }
            Self::Unreadable(_, what) => f.write_str(what),
            Self::TooManyConnections => f.write_str(
                "this address has most of the connections that the server allows (--max-connections): close some of them, or \
                 try again in a moment",
            ),
            Self::TooManyRequests => f.write_str(
                "this address has most of the concurrent requests that the server allows (--max-connections): send the request again \
                 when others are answered",
            ),
            Self::NoClock => f.write_str(
                "the server's clock shows a time before 1970: the server works again once the clock is set",
            ),
        }
    }
}

/// The refusal of these transfer codings.
pub(super) fn transfer_coding(values: &[impl AsRef<[u8]>]) -> Refusal {
    /// Longest part that is repeated, in bytes.
    const SHOWN: usize = 100;
    let all: Vec<_> = values
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_ref()))
        .collect();
    let mut all = all.join(", ");
    all.truncate(all.floor_char_boundary(SHOWN));
    Refusal::TransferCoding(all)
}

/// The answer that says why.
pub(super) fn answer(refusal: &Refusal) -> Response<Full<Bytes>> {
    let mut answer = json_answer(refusal.status(), refusal.body().into());
    if let Some(seconds) = refusal.retry_after() {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    if *refusal == Refusal::Proxying {
        // RFC 9110 section 10.2.1: empty when the target, here another host, has no methods.
        answer
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(""));
    }
    answer
}

/// The answer to a request whose handler panicked.
pub(super) fn of_panic() -> Response<Full<Bytes>> {
    let body = r#"{"error":"the server failed; its log has the reason, under the X-Request-Id of this response"}"#;
    json_answer(
        StatusCode::INTERNAL_SERVER_ERROR,
        Bytes::from_static(body.as_bytes()),
    )
}

fn json_answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    answer
}
