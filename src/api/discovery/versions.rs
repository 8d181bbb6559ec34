//! `GET /versions`: the versions of the API, and where each is in its life.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::versioning::{Catalogue, Format, State, VersionNumber, media_type};

/// The versions of the API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Versions {
    /// The versions, the newest first.
    versions: Vec<Version>,
}

/// A version of the API.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    #[schema(example = "v2")]
    version: String,
    /// The media type that names it in `Accept`.
    #[schema(example = "application/vnd.flash.v2+json")]
    media_type: String,
    #[schema(example = "2.0.0")]
    semantic_version: String,
    state: State,
    /// When it is or was deprecated; null if no date is set.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    deprecated_at: Option<Timestamp>,
    /// When it is or was retired; null if no date is set.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    retired_at: Option<Timestamp>,
    /// The times when it is refused on purpose, before it is retired, so that forgotten clients are noticed.
    brownouts: Vec<Window>,
    /// Whether callers that don't name a version and have no pin get it.
    default: bool,
    links: VersionLinks,
}

/// A time when a version is refused on purpose.
#[derive(Debug, Serialize, ToSchema)]
struct Window {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
}

/// Links to the pages about a version.
#[derive(Debug, Serialize, ToSchema)]
struct VersionLinks {
    /// Its OpenAPI document.
    openapi: String,
    /// The changes of the next newer version; null for the newest.
    #[schema(required = true)]
    changelog: Option<String>,
}

/// What there is now, as it is for who asks.
pub(super) fn list(catalogue: &Catalogue, now: Timestamp) -> Versions {
    let mut newer: Option<VersionNumber> = None;
    let mut versions = Vec::new();
    for version in catalogue {
        let number = version.number;
        versions.push(Version {
            version: number.to_string(),
            media_type: media_type(number, Format::Json).to_string(),
            semantic_version: version.semantic.to_string(),
            state: version.state(now),
            deprecated_at: version.lifecycle.deprecated,
            retired_at: version.lifecycle.retired,
            brownouts: version
                .lifecycle
                .brownouts
                .iter()
                .map(|brownout| Window {
                    start: brownout.start,
                    end: brownout.end,
                })
                .collect(),
            default: number == catalogue.first(),
            links: VersionLinks {
                openapi: format!("/openapi.json?version={number}"),
                changelog: newer.map(|newer| format!("/changelog?from={number}&to={newer}")),
            },
        });
        newer = Some(number);
    }
    Versions { versions }
}

/// An example of the page.
pub(super) fn example() -> Value {
    json!({
        "versions": [
            {
                "version": "v2",
                "media_type": "application/vnd.flash.v2+json",
                "semantic_version": "2.4.0",
                "state": "stable",
                "deprecated_at": null,
                "retired_at": null,
                "brownouts": [],
                "default": false,
                "links": { "openapi": "/openapi.json?version=v2", "changelog": null },
            },
            {
                "version": "v1",
                "media_type": "application/vnd.flash.v1+json",
                "semantic_version": "1.2.0",
                "state": "deprecated",
                "deprecated_at": "2027-01-01T00:00:00Z",
                "retired_at": "2027-07-01T00:00:00Z",
                "brownouts": [{ "start": "2027-05-01T09:00:00Z", "end": "2027-05-01T09:15:00Z" }],
                "default": true,
                "links": { "openapi": "/openapi.json?version=v1", "changelog": "/changelog?from=v1&to=v2" },
            },
        ],
    })
}
