//! Version 1: a list of CSVs.
//!
//! Everything is a string, lists are paged by number, and an error is `{"error": "what is wrong and what to do"}`.

mod changelog;
mod datasets;
mod description;
mod error;
mod examples;
pub(in crate::api) mod representation;

use http::Method;

use super::client;
use super::contract::{Announced, ApiVersion, Operation};
use crate::versioning::Format;

const JSON: &[Format] = &[Format::Json];

/// Version 1.
pub const VERSION: ApiVersion = ApiVersion {
    number: 1,
    semantic: (3, 0),
    lifecycle: Announced::NOTHING,
    operations: OPERATIONS,
    removed: &[],
    render_error: error::render,
    describe_error: error::describe,
    changelog: changelog::RELEASES,
};

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "get_dataset",
        method: Method::GET,
        path: "/datasets/{name}",
        formats: &[Format::Json, Format::Csv],
        handler: |call| Box::pin(datasets::get_dataset(call)),
        describe: description::get_dataset,
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
    Operation {
        name: "get_client",
        method: Method::GET,
        path: "/client",
        formats: JSON,
        handler: |call| Box::pin(client::get_client(call)),
        describe: client::describe_get,
    },
    Operation {
        name: "patch_client",
        method: Method::PATCH,
        path: "/client",
        formats: JSON,
        handler: |call| Box::pin(client::patch_client(call)),
        describe: client::describe_patch,
    },
    Operation {
        name: "get_upgrade",
        method: Method::GET,
        path: "/client/upgrade",
        formats: JSON,
        handler: |call| Box::pin(client::get_upgrade(call)),
        describe: client::describe_upgrade,
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
