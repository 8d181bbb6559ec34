//! Errors in version 1: one sentence, and the existing versions if the error is about the version.

use serde::Serialize;
use utoipa::ToSchema;

use super::representation::{Alternative, available};
use crate::api::description::{Content, Schema};
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::versioning::Format;

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
struct Failure<'a> {
    /// What is wrong, and what to do about it.
    error: String,
    /// The versions and formats that the resource has, if the request was refused because of its version or format.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available: Option<Vec<Alternative<'a>>>,
}

/// `{"error": "…"}`, with a list of versions and formats if negotiation failed.
pub(super) fn render(error: &Error) -> Reply {
    let available = match error {
        Error::Negotiation {
            available: all,
            path,
            ..
        } => Some(available(all, path)),
        _ => None,
    };
    Reply::json(
        error.status(),
        &Failure {
            error: error.detail(),
            available,
        },
    )
}

/// The schema of an error.
pub(super) fn describe() -> (Content, Schema) {
    (
        Content::Negotiated(Format::Json),
        Schema::of::<Failure<'_>>(),
    )
}
