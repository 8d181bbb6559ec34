//! Version 2: typed rows, cursors, revisions.
//!
//! Lists are `{"data": […], "next": "cursor" | null}`, and errors are problem details (RFC 9457).

mod bad_rows;
mod changelog;
mod changes;
mod datasets;
mod description;
mod error;
mod examples;
mod metadata;
mod pages;
mod patch;
mod readers;
mod reading;
mod representation;
mod revisions;
mod rows;
mod said;
mod summary;

use http::Method;

use super::contract::{Announced, ApiVersion, Operation};
use crate::versioning::Format;

const JSON: &[Format] = &[Format::Json];

/// Version 2.
pub const VERSION: ApiVersion = ApiVersion {
    number: 2,
    semantic: (4, 0),
    lifecycle: Announced::NOTHING,
    operations: OPERATIONS,
    removed: &[],
    render_error: error::render,
    describe_error: error::describe,
    changelog: changelog::RELEASES,
};

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "list_rows",
        method: Method::GET,
        path: "/datasets/{name}/rows",
        formats: &[Format::Json, Format::Csv, Format::Ndjson],
        handler: |call| Box::pin(rows::list_rows(call)),
        describe: description::list_rows,
    },
    Operation {
        name: "append_rows",
        method: Method::POST,
        path: "/datasets/{name}/rows",
        formats: JSON,
        handler: |call| Box::pin(datasets::append_rows(call)),
        describe: description::append_rows,
    },
    Operation {
        name: "list_revisions",
        method: Method::GET,
        path: "/datasets/{name}/revisions",
        formats: JSON,
        handler: |call| Box::pin(revisions::list_revisions(call)),
        describe: description::list_revisions,
    },
    Operation {
        name: "get_changes",
        method: Method::GET,
        path: "/datasets/{name}/changes",
        formats: &[Format::Json, Format::Csv, Format::Ndjson],
        handler: |call| Box::pin(changes::get_changes(call)),
        describe: changes::describe,
    },
    Operation {
        name: "get_summary",
        method: Method::GET,
        path: "/datasets/{name}/summary",
        formats: JSON,
        handler: |call| Box::pin(summary::get_summary(call)),
        describe: description::get_summary,
    },
    Operation {
        name: "get_dataset",
        method: Method::GET,
        path: "/datasets/{name}",
        formats: JSON,
        handler: |call| Box::pin(datasets::get_dataset(call)),
        describe: description::get_dataset,
    },
    Operation {
        name: "put_dataset",
        method: Method::PUT,
        path: "/datasets/{name}",
        formats: JSON,
        handler: |call| Box::pin(datasets::put_dataset(call)),
        describe: description::put_dataset,
    },
    Operation {
        name: "patch_dataset",
        method: Method::PATCH,
        path: "/datasets/{name}",
        formats: JSON,
        handler: |call| Box::pin(patch::patch_dataset(call)),
        describe: description::patch_dataset,
    },
    Operation {
        name: "delete_dataset",
        method: Method::DELETE,
        path: "/datasets/{name}",
        formats: JSON,
        handler: |call| Box::pin(datasets::delete_dataset(call)),
        describe: description::delete_dataset,
    },
    Operation {
        name: "list_datasets",
        method: Method::GET,
        path: "/datasets",
        formats: JSON,
        handler: |call| Box::pin(datasets::list_datasets(call)),
        describe: description::list_datasets,
    },
    Operation {
        name: "create_datasets",
        method: Method::POST,
        path: "/datasets",
        formats: JSON,
        handler: |call| Box::pin(datasets::create_datasets(call)),
        describe: description::create_datasets,
    },
    // The source is what it is, so asking for JSON of v2 names the version and gets the source too.
    Operation {
        name: "get_source",
        method: Method::GET,
        path: "/datasets/{name}/source",
        formats: &[Format::Csv, Format::Json],
        handler: |call| Box::pin(datasets::get_source(call)),
        describe: description::get_source,
    },
    Operation {
        name: "list_bad_rows",
        method: Method::GET,
        path: "/datasets/{name}/bad-rows",
        formats: &[Format::Json, Format::Ndjson],
        handler: |call| Box::pin(bad_rows::list_bad_rows(call)),
        describe: description::list_bad_rows,
    },
    Operation {
        name: "list_readers",
        method: Method::GET,
        path: "/datasets/{name}/readers",
        formats: JSON,
        handler: |call| Box::pin(readers::list_readers(call)),
        describe: description::list_readers,
    },
    Operation {
        name: "get_description",
        method: Method::GET,
        path: "/datasets/{name}/description",
        formats: &[Format::Json, Format::Csvm],
        handler: |call| Box::pin(metadata::get_description(call)),
        describe: metadata::describe_get,
    },
    Operation {
        name: "put_description",
        method: Method::PUT,
        path: "/datasets/{name}/description",
        formats: JSON,
        handler: |call| Box::pin(metadata::put_description(call)),
        describe: metadata::describe_put,
    },
    Operation {
        name: "get_root",
        method: Method::GET,
        path: "/",
        formats: JSON,
        handler: |call| Box::pin(datasets::get_root(call)),
        describe: description::get_root,
    },
];
