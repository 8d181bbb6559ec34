//! The results of commands as JSON (`--json`), for programs. docs/operations.md documents the members; they are only added to.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::services::usage;
use crate::store::Used;
use crate::versioning::{Catalogue, Format, media_type};

/// The flag.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct JsonSetting {
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Prints a result.
pub(super) fn print(result: &Value) {
    super::say(&format!("{result:#}"));
}

/// The versions, the newest first, with the members that they have in `GET /versions`.
pub(super) fn versions(catalogue: &Catalogue, now: Timestamp) -> Value {
    let one = |version: &crate::versioning::Version| {
        let lifecycle = &version.lifecycle;
        json!({
            "version": version.number.to_string(),
            "media_type": media_type(version.number, Format::Json).to_string(),
            "semantic_version": version.semantic.to_string(),
            "state": version.state(now),
            "promoted_at": lifecycle.promoted,
            "deprecated_at": lifecycle.deprecated,
            "retired_at": lifecycle.retired,
            "brownouts": lifecycle.brownouts,
            "default": version.number == catalogue.first(),
        })
    };
    catalogue.iter().map(one).collect()
}

/// A caller: `client` is the name of a client, `family` the kind of user agent of anonymous callers, and the other one is null.
pub(super) fn caller(client: Option<&str>, family: &str) -> (Value, Value) {
    match client {
        Some(name) => (name.into(), Value::Null),
        None => (Value::Null, family.into()),
    }
}

/// Counted requests. `what` is the name of the member that has the operation, or the reason of a refusal.
pub(super) fn used(all: &[Used], what: &'static str) -> Value {
    let one = |used: &Used| {
        let (client, family) = caller(used.client.as_deref(), &used.family);
        json!({
            "version": format!("v{}", used.version),
            "client": client,
            "family": family,
            what: used.operation,
            "requests": used.requests,
            "last_at": used.last_at,
        })
    };
    all.iter().map(one).collect()
}

/// A day, as a date.
pub(super) fn date(day: i64) -> Value {
    let start = usage::start_of(day);
    start.strftime("%Y-%m-%d").to_string().into()
}
