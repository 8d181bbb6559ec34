//! Examples of the answers of version 2, for its OpenAPI document. They are about one dataset.

use serde_json::{Value, json};

/// The rows as CSV.
pub(super) const CSV: &str = "id,zip\n1,00501\n2,10001\n";
/// The rows as lines of JSON.
pub(super) const NDJSON: &str = "{\"id\":1,\"zip\":\"00501\"}\n{\"id\":2,\"zip\":\"10001\"}\n";
/// How a Parquet file begins and ends.
pub(super) const PARQUET: &str = "PAR1…PAR1";
/// The rows separated by tabs.
pub(super) const TSV: &str = "id\tzip\n1\t00501\n2\t10001\n";
/// Bad rows as lines of JSON.
pub(super) const BAD_ROWS: &str =
    "{\"line\":4,\"reason\":\"the record has 1 field where 2 are expected\",\"text\":\"3\"}\n";

/// Changed rows as CSV.
pub(super) const CHANGES_CSV: &str =
    "change,id,zip\nremoved,3,94105\nbefore,2,10001\nafter,2,10002\n";
/// Changed rows as lines of JSON.
pub(super) const CHANGES_NDJSON: &str = "{\"change\":\"removed\",\"row\":{\"id\":3,\"zip\":\"94105\"}}\n{\"change\":\"changed\",\"before\":{\"id\":2,\"zip\":\"10001\"},\"after\":{\"id\":2,\"zip\":\"10002\"}}\n";

const SHA256: &str = "82320c280154c57da904f84fa7484a2b51bdc3be9e8b178a360264f49c7349aa";
const AT: &str = "2026-11-30T10:29:01.220129Z";

/// `GET /`.
pub(super) fn root() -> Value {
    json!({
        "name": "flash",
        "description": "Put a CSV, then read typed rows, page by page or all at once.",
        "version": "2.4.0",
        "links": {
            "self": "/",
            "datasets": "/datasets",
            "dataset": "/datasets/{name}",
            "rows": "/datasets/{name}/rows",
            "summary": "/datasets/{name}/summary",
            "revisions": "/datasets/{name}/revisions",
            "source": "/datasets/{name}/source",
            "bad_rows": "/datasets/{name}/bad-rows",
            "readers": "/datasets/{name}/readers",
            "changes": "/datasets/{name}/changes",
            "description": "/datasets/{name}/description",
            "versions": "/versions",
            "openapi": "/openapi.json?version=v2",
        },
    })
}

/// A dataset.
pub(super) fn dataset() -> Value {
    let mut dataset = listed();
    dataset["reading"] = json!({ "source": { "charset": "utf-8", "delimiter": ",", "header": "present" }, "csv": {} });
    dataset
}

/// `POST /datasets`.
pub(super) fn created() -> Value {
    json!({ "data": [dataset()] })
}

/// `GET /datasets`.
pub(super) fn datasets() -> Value {
    json!({ "data": [listed()], "next": null })
}

/// `GET /datasets/{name}/rows`.
pub(super) fn rows() -> Value {
    json!({
        "data": [{ "id": 1, "zip": "00501" }, { "id": 2, "zip": "10001" }],
        "next": "hvr2iZXktdoKBAIAr36VeseFFvIj6g",
    })
}

/// `GET /datasets/{name}/summary`.
pub(super) fn summary() -> Value {
    json!({
        "name": "people",
        "revision": 1,
        "row_count": 2,
        "columns": [
            {
                "name": "id",
                "type": "integer",
                "count": 2,
                "nulls": 0,
                "distinct": { "estimate": 2, "error": 0.0 },
                "least": 1,
                "greatest": 2,
                "mean": 1.5,
                "histogram": { "edges": [1, 2, 3], "counts": [1, 1], "error": 0.0 },
                "frequent": { "values": [{ "value": 1, "count": 1 }, { "value": 2, "count": 1 }], "error": 0 },
            },
            {
                "name": "zip",
                "type": "string",
                "count": 2,
                "nulls": 0,
                "distinct": { "estimate": 2, "error": 0.0 },
                "least": "00501",
                "greatest": "10001",
                "mean": null,
                "histogram": null,
                "frequent": { "values": [{ "value": "00501", "count": 1 }, { "value": "10001", "count": 1 }], "error": 0 },
            },
        ],
    })
}

/// `GET /datasets/{name}/description`.
pub(super) fn description() -> Value {
    json!({
        "title": "People of the club",
        "description": null,
        "licence": "CC-BY-4.0",
        "source": null,
        "columns": { "zip": { "description": "Where they live", "unit": null } },
    })
}

/// The same for tools.
pub(super) fn csvw() -> Value {
    json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": "/datasets/people/rows?version=v2&format=csv",
        "dc:title": "People of the club",
        "dc:license": "CC-BY-4.0",
        "tableSchema": {
            "columns": [
                { "name": "id", "titles": "id", "datatype": "long", "required": true },
                { "name": "zip", "titles": "zip", "datatype": "string", "required": true, "dc:description": "Where they live" },
            ],
        },
    })
}

/// `GET /datasets/{name}/changes`.
pub(super) fn changes() -> Value {
    json!({
        "name": "people",
        "from": 3,
        "to": 4,
        "schema": { "from": "1.0", "to": "1.0", "changes": [] },
        "key": ["id"],
        "rows": { "removed": 1, "added": 0, "changed": 1, "unchanged": 1 },
    })
}

/// `GET /datasets/{name}/bad-rows`.
pub(super) fn bad_rows() -> Value {
    json!({ "data": [{ "line": 4, "reason": "the record has 1 field where 2 are expected", "text": "3" }] })
}

/// `GET /datasets/{name}/readers`.
pub(super) fn readers() -> Value {
    json!({
        "data": [
            { "client": "shop", "family": null, "requests": 1204, "last_at": AT, "columns": ["zip"], "more_columns": false },
            { "client": null, "family": "curl", "requests": 3, "last_at": AT, "columns": [], "more_columns": false },
        ],
    })
}

/// `GET /datasets/{name}/revisions`.
pub(super) fn revisions() -> Value {
    json!({
        "data": [{ "revision": 1, "schema": "1.0", "created_at": AT, "author": null, "row_count": 2, "byte_count": 23, "sha256": SHA256 }],
        "next": null,
    })
}

/// A dataset in a list.
fn listed() -> Value {
    json!({
        "name": "people",
        "revision": 1,
        "schema": "1.0",
        "columns": [
            { "name": "id", "type": "integer", "nullable": false },
            { "name": "zip", "type": "string", "nullable": false },
        ],
        "row_count": 2,
        "byte_count": 23,
        "sha256": SHA256,
        "nulls": [],
        "schema_changes": "any",
        "created_at": AT,
        "updated_at": AT,
        "links": {
            "self": "/datasets/people",
            "rows": "/datasets/people/rows",
            "summary": "/datasets/people/summary",
            "revisions": "/datasets/people/revisions",
            "source": "/datasets/people/source",
            "bad_rows": "/datasets/people/bad-rows",
            "description": "/datasets/people/description",
        },
    })
}
