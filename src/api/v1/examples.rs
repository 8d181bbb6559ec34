//! Examples of the answers of version 1, for its OpenAPI document.

use serde_json::{Value, json};

/// The rows as CSV.
pub(super) const CSV: &str = "id,name\n1,Ada\n2,Grace\n";

/// `GET /`.
pub(super) fn root() -> Value {
    json!({
        "name": "flash",
        "description": "Post a CSV, then read it as JSON or CSV.",
        "version": "1.2.0",
        "links": { "datasets": "/datasets", "versions": "/versions", "openapi": "/openapi.json?version=v1" },
    })
}

/// `POST /datasets`.
pub(super) fn created() -> Value {
    json!({ "datasets": [dataset()] })
}

/// `GET /datasets`.
pub(super) fn datasets() -> Value {
    json!({ "datasets": [dataset()], "page": 1, "per_page": 30, "total": 1 })
}

/// `GET /datasets/{name}`.
pub(super) fn rows() -> Value {
    json!({
        "name": "people",
        "columns": ["id", "name"],
        "rows": [["1", "Ada"], ["2", "Grace"]],
        "page": 1,
        "per_page": 100,
        "total": 2,
    })
}

fn dataset() -> Value {
    json!({ "name": "people", "columns": ["id", "name"], "rows": 2, "created_at": "2026-11-30T10:29:01.220129Z" })
}
