//! An error as version 2 says it: problem details (RFC 9457).

use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::v1::representation::{Alternative, available};

/// A problem.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    /// Where in a CSV the mistake is, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    /// What may be asked for instead, where no version could be agreed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<Vec<Alternative<'a>>>,
}

/// `application/problem+json`.
pub(super) fn render(error: &Error) -> Reply {
    let (line, column) = error.place();
    let available = match error {
        Error::Negotiation {
            available: all,
            path,
            ..
        } => Some(available(all, path)),
        _ => None,
    };
    let problem = Problem {
        kind: format!(
            "urn:flash:problem:{}",
            error.title().to_ascii_lowercase().replace(' ', "-")
        ),
        title: error.title(),
        status: error.status().as_u16(),
        detail: error.detail(),
        line,
        column,
        available,
    };
    Reply::json(error.status(), &problem).with(CONTENT_TYPE, "application/problem+json")
}
