//! What an answer of the server means for the file that was sent.

use std::fmt;
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
    /// Before 2.3.0, a dataset has none.
    schema: Option<String>,
    #[serde(default)]
    changes: Vec<Change>,
    #[serde(default)]
    used_by: Vec<UsedBy>,
    #[serde(default)]
    dry_run: bool,
}

/// A change of a column.
#[derive(Deserialize)]
struct Change {
    column: String,
    what: String,
    from: Option<String>,
    to: Option<String>,
    breaking: bool,
    line: Option<u64>,
}

/// A client that read the dataset lately.
#[derive(Deserialize)]
struct UsedBy {
    client: Option<String>,
    family: Option<String>,
    last_at: Timestamp,
    columns: Vec<String>,
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
    #[serde(default)]
    used_by: Vec<UsedBy>,
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
            (Some(problem), _) => match problem.used_by.is_empty() {
                true => problem.detail,
                false => format!(
                    "{}; it is used by {}",
                    problem.detail,
                    listed(&problem.used_by)
                ),
            },
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, what, .. } = self;
        write!(f, "{column} {what}")?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, ": {from} -> {to}")?,
            (Some(one), None) | (None, Some(one)) => write!(f, ": {one}")?,
            (None, None) => {}
        }
        if let Some(line) = self.line {
            write!(f, ", first in line {line}")?;
        }
        match self.breaking {
            true => f.write_str(", may break clients"),
            false => Ok(()),
        }
    }
}

impl fmt::Display for UsedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.client, &self.family) {
            (Some(client), _) => f.write_str(client)?,
            (None, family) => write!(f, "anonymous ({})", family.as_deref().unwrap_or("other"))?,
        }
        write!(f, ", last {:.0}", self.last_at)?;
        match self.columns.is_empty() {
            true => Ok(()),
            false => write!(f, ", names {}", self.columns.join(" and ")),
        }
    }
}

/// The first clients of many.
fn listed(all: &[UsedBy]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = all.iter().take(SHOWN).map(UsedBy::to_string).collect();
    let shown = shown.join("; ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
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

    /// Whether nothing was stored.
    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// What changes in the schema, and who uses it.
    pub(super) fn changes(&self) -> impl Iterator<Item = String> {
        let version = self.schema.as_deref().filter(|_| !self.changes.is_empty());
        let version = version.map(|version| format!("its schema is {version}"));
        let changes = self.changes.iter().map(Change::to_string);
        let used_by =
            (!self.used_by.is_empty()).then(|| format!("it is used by {}", listed(&self.used_by)));
        version.into_iter().chain(changes).chain(used_by)
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
