//! An error as version 1 says it: one sentence, and for a refused version what there is instead.

use serde_json::json;

use crate::api::error::Error;
use crate::api::reply::Reply;

/// `{"error": "…"}`; where no version could be agreed on, with the list of those there are.
pub(super) fn render(error: &Error) -> Reply {
    let body = match error {
        Error::Negotiation { available, path, .. } => {
            json!({ "error": error.detail(), "available": super::representation::available(available, path) })
        }
        _ => json!({ "error": error.detail() }),
    };
    Reply::json(error.status(), &body)
}
