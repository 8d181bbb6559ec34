//! What an answer of the server means for the file that was sent.

use std::time::Duration;

use bytes::Bytes;
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::{self as cli, counted};

/// The problem of a request whose key is in flight: the server still works on the attempt before.
const IN_FLIGHT: &str = "urn:flash:problem:request-in-flight";

/// The problem of a name that another dataset has.
const TAKEN: &str = "urn:flash:problem:name-taken";

/// What an answer means.
pub(super) enum Reply {
    /// The file is stored.
    Stored(Stored),
    /// The file may be accepted later.
    Busy {
        /// What the server says.
        reason: String,
        /// How long to wait, if the server says that.
        wait: Option<Duration>,
    },
    /// There is a dataset of that name.
    Taken,
    /// The file is refused.
    Refused(String),
}

/// The dataset, as version 2 describes it after a write.
#[derive(Deserialize)]
pub(super) struct Stored {
    name: String,
    revision: i64,
    columns: Vec<IgnoredAny>,
    row_count: u64,
    byte_count: u64,
    #[serde(default)]
    hints: Vec<String>,
    bad_rows: Option<SetAside>,
}

/// Rows that were kept apart.
#[derive(Deserialize)]
struct SetAside {
    count: u64,
}

/// The body of a success: `POST /datasets` answers with a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Success {
    List { data: [Stored; 1] },
    One(Stored),
}

/// Problem details (RFC 9457).
#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
}

impl Reply {
    pub(super) fn of(answer: &Response<Bytes>) -> Self {
        let status = answer.status();
        if status.is_success() {
            return match serde_json::from_slice(answer.body()) {
                Ok(Success::One(stored) | Success::List { data: [stored] }) => Self::Stored(stored),
                Err(_) => Self::Refused(format!(
                    "the server answered {status}, but not as Flash does; check the address"
                )),
            };
        }
        let problem = serde_json::from_slice::<Problem>(answer.body()).ok();
        let is = |kind: &str| problem.as_ref().is_some_and(|problem| problem.kind == kind);
        if is(TAKEN) {
            return Self::Taken;
        }
        let in_flight = is(IN_FLIGHT);
        let reason = match (problem, answer.headers().get(LOCATION)) {
            (Some(problem), _) => problem.detail,
            (None, Some(location)) if status.is_redirection() => {
                format!(
                    "the server is at another address: {}",
                    String::from_utf8_lossy(location.as_bytes())
                )
            }
            (None, _) => format!("the server answered {status}"),
        };
        // 502 and 504 are those of proxies.
        let busy = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::GATEWAY_TIMEOUT,
        ];
        match in_flight || busy.contains(&status) {
            true => Self::Busy {
                reason,
                wait: retry_after(answer.headers()),
            },
            false => Self::Refused(reason),
        }
    }
}

/// `Retry-After`: seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value).ok()?;
            let left = date.timestamp().duration_since(Timestamp::now());
            Some(left.try_into().unwrap_or(Duration::ZERO))
        }
    }
}

impl Stored {
    /// The dataset, for a line of the result.
    pub(super) fn dataset(&self) -> cli::Stored<'_> {
        cli::Stored {
            name: &self.name,
            rows: self.row_count,
            columns: self.columns.len(),
            bytes: self.byte_count,
            revision: self.revision,
        }
    }

    /// What the server noticed in the file.
    pub(super) fn hints(&self) -> impl Iterator<Item = String> {
        let aside = self.bad_rows.as_ref();
        let aside = aside.map(|aside| {
            format!(
                "{} set aside: see /datasets/{}/bad-rows",
                counted(aside.count, "row"),
                self.name
            )
        });
        self.hints.iter().cloned().chain(aside)
    }
}
