//! Errors in version 2: problem details (RFC 9457).

use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::readers::{self, UsedBy};
use crate::api::description::{Content, Schema};
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::request::{ACCEPT_QUERY, FORM};
use crate::api::v1::representation::{Alternative, available};
use crate::dataset::ColumnChange;

const MEDIA_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
struct Problem<'a> {
    /// The kind of problem, `urn:flash:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The name of the kind of problem.
    title: &'static str,
    /// The status of the response.
    status: u16,
    /// What is wrong, and what to do about it.
    detail: String,
    /// The line of the mistake in the CSV, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    column: Option<u64>,
    /// The versions and formats that the resource has, if the request was refused because of its version or format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available: Option<Vec<Alternative<'a>>>,
    /// What the write would have changed in the schema, if it was refused because of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changes: Option<&'a [ColumnChange]>,
    /// Who read the dataset lately, in the same case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    used_by: Option<Vec<UsedBy>>,
    /// Two rows that have the same key, with long texts cut, if the request was refused because its key is not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    rows: Option<&'a [Box<RawValue>]>,
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
    let (changes, used_by) = match error {
        Error::SchemaChange { refusal, used_by } => {
            let changes = refusal.changes.as_slice();
            (Some(changes), Some(readers::used_by(used_by, changes)))
        }
        _ => (None, None),
    };
    let rows = match error {
        Error::KeyNotUnique { rows, .. } => Some(rows.as_slice()),
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
        changes,
        used_by,
        rows,
    };
    let reply = Reply::json(error.status(), &problem).with(CONTENT_TYPE, MEDIA_TYPE);
    match error {
        Error::UnsupportedMediaType { accepted, .. } if accepted.contains(&FORM) => {
            reply.with(ACCEPT_QUERY, FORM)
        }
        _ => reply,
    }
}

/// The schema of an error.
pub(super) fn describe() -> (Content, Schema) {
    (Content::Fixed(MEDIA_TYPE), Schema::of::<Problem<'_>>())
}
