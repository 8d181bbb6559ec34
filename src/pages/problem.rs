//! What a page says when the API refuses, and the page that asks for a key.

use askama::Template;
use http::StatusCode;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::inner::Answer;
use super::reader::Reader;
use super::sent::{Robots, fixed, page};
use super::text::Frame;
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::services::memory::Exhausted;

/// Why a page can't be shown.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: String,
    detail: String,
    line: Option<u64>,
    column: Option<u64>,
    /// Who read the dataset lately, if its columns may not change so.
    used_by: Box<[Reader]>,
    /// After how many seconds to try again.
    retry_after: Option<u64>,
}

/// The body of an error of the API (RFC 9457).
#[derive(Deserialize)]
struct Details {
    title: String,
    detail: String,
    line: Option<u64>,
    column: Option<u64>,
    #[serde(default)]
    used_by: Box<[Reader]>,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame<'a>,
    problem: &'a Problem,
}

#[derive(Template)]
#[template(path = "key.html")]
struct KeyPage<'a> {
    frame: Frame<'a>,
    problem: &'a Problem,
}

impl Problem {
    pub(super) fn new(status: StatusCode, title: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            detail: detail.into(),
            line: None,
            column: None,
            used_by: Box::default(),
            retry_after: None,
        }
    }

    /// What is wrong, and what to do.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// There is no such page.
    pub(super) fn nowhere(path: &str) -> Self {
        let path: String = path.chars().take(80).collect();
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such page",
            format!("{path} is no page of this server."),
        )
    }

    /// What an answer of the API says.
    pub(super) fn of(answer: &Answer) -> Self {
        let reason = answer.status.canonical_reason().unwrap_or("Error");
        let mut problem = match serde_json::from_slice::<Details>(&answer.body) {
            Ok(details) => Self {
                line: details.line,
                column: details.column,
                used_by: details.used_by,
                ..Self::new(answer.status, &details.title, details.detail)
            },
            Err(_) => Self::new(answer.status, reason, "The API answered with this status."),
        };
        let seconds = answer.headers.get(RETRY_AFTER);
        let seconds = seconds.and_then(|seconds| seconds.to_str().ok());
        problem.retry_after = seconds.and_then(|seconds| seconds.parse().ok());
        problem
    }

    /// The API has an answer that a page can't show.
    pub(super) fn unreadable() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The page can't be shown",
            "The API's answer is too long for a page. A program can read it.",
        )
    }
}

impl From<Exhausted> for Problem {
    fn from(exhausted: Exhausted) -> Self {
        let detail = format!("The server is busy: {exhausted}. Try again in a moment.");
        Self {
            retry_after: Some(1),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The server is busy",
                detail,
            )
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::new(error.status(), error.title(), error.to_string())
    }
}

impl Answer {
    /// The answer, if it is a success.
    pub(super) fn success(self) -> Result<Self, Problem> {
        match self.status.is_success() {
            true => Ok(self),
            false => Err(Problem::of(&self)),
        }
    }

    /// What a success says. It is read on a blocking thread.
    pub(super) async fn read<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Problem> {
        blocking(move || self.read_as()).await
    }

    /// What a short success says.
    pub(super) fn read_as<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        match self.is_cut {
            true => Err(Problem::unreadable()),
            false => serde_json::from_slice(&self.body).map_err(|_| Problem::unreadable()),
        }
    }
}

/// Runs work that may take longer than a millisecond.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The page can't be shown",
            "The server failed to make it; its log has the reason.",
        ))
    })
}

/// The page about a problem.
pub(super) fn refused(problem: &Problem) -> Reply {
    if problem.status == StatusCode::UNAUTHORIZED {
        let frame = Frame::titled("Key needed · Flash");
        let reply = page(problem.status, &KeyPage { frame, problem }, Robots::NoIndex);
        // Without Basic: a browser would ask for a user and a password, and keep them.
        return reply.with(WWW_AUTHENTICATE, fixed("Bearer realm=\"flash\""));
    }
    let title = format!("{} · Flash", problem.title);
    let frame = Frame::titled(&title);
    let shown = ProblemPage { frame, problem };
    let reply = page(problem.status, &shown, Robots::NoIndex);
    match problem.retry_after {
        Some(seconds) => reply.with(RETRY_AFTER, seconds),
        None => reply,
    }
}
