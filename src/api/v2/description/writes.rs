//! The descriptions of version 2's writes.

use http::StatusCode;
use serde_json::json;

use super::super::examples;
use super::super::representation::{Created, Dataset};
use crate::api::description::{
    Answer, Description, Parameter, RequestBody, Schema, changing, changing_parameters,
    changing_what_is_there,
};
use crate::dataset::SchemaChanges;

pub(in crate::api::v2) fn create_datasets() -> Description {
    let created = || Schema::of::<Created<'_>>().example(examples::created());
    let mut description = Description::of_creation(created());
    description.parameters.push(Parameter::dry_run());
    let rehearsed = "What would be stored (`dry_run=true`). Nothing is.";
    let rehearsed = Answer::new(StatusCode::OK, rehearsed)
        .only_with("dry_run")
        .json(created());
    description.answers.push(rehearsed);
    description
}

pub(in crate::api::v2) fn put_dataset() -> Description {
    let mut parameters = changing_parameters();
    parameters.extend(Parameter::csv());
    parameters.push(Parameter::empty());
    parameters.extend(Parameter::of_write());
    Description {
        summary: "Create a dataset, or replace its contents",
        details: "The types of the columns follow from all rows. A replacement is a new revision, and older ones stay readable. The request may be sent again: the \
                  same CSV makes a further revision with the same rows, or none with an `Idempotency-Key`. `If-None-Match: *` only creates, `If-Match` only replaces. \
                  A file without rows doesn't replace rows unless `empty=allow` is sent.",
        parameters,
        body: Some(RequestBody::csv(
            "The CSV. `Content-Type` is `text/csv` by default.",
        )),
        answers: vec![
            committed(StatusCode::OK, NEW_REVISION),
            committed(StatusCode::CREATED, "The dataset is new.")
                .header("Location", "The dataset."),
        ],
        refusals: changing(),
    }
}

pub(in crate::api::v2) fn append_rows() -> Description {
    let mut parameters = changing_parameters();
    parameters.extend(Parameter::dialect());
    parameters.extend(Parameter::csv_rows());
    parameters.extend(Parameter::of_write());
    Description {
        summary: "Append rows",
        details: "The rows come after those of the dataset, in the order of the file. The header must have the dataset's columns; a type becomes wider where the new \
                  values need it. All rows are appended or none. A request that is sent again appends the rows again, unless both have the same \
                  `Idempotency-Key`.",
        parameters,
        body: Some(RequestBody::csv(
            "A CSV with the dataset's header. `Content-Type` is `text/csv` by default.",
        )),
        answers: vec![committed(StatusCode::OK, NEW_REVISION)],
        refusals: changing_what_is_there(),
    }
}

pub(in crate::api::v2) fn patch_dataset() -> Description {
    let schema = Schema::written(json!({
        "type": "object",
        "properties": {
            "schema_changes": {
                "type": "string",
                "enum": SchemaChanges::ALL,
                "description": "How much an upload may change the schema: as much as it wants, what breaks no client that reads rows, or nothing.",
            },
        },
        "required": ["schema_changes"],
        "additionalProperties": false,
    }));
    let schema = schema.called("DatasetPatch");
    Description {
        summary: "Set how much uploads may change the schema",
        details: "The dataset gets no new revision, and its `ETag` changes. Only the owner may do this.",
        parameters: changing_parameters(),
        body: Some(RequestBody::document(
            "What the dataset shall allow.",
            schema.example(json!({ "schema_changes": "additive" })),
        )),
        answers: vec![
            Answer::new(StatusCode::OK, "The dataset.")
                .tagged()
                .of_dataset()
                .replayed()
                .json(Schema::of::<Dataset<'_>>().example(examples::dataset())),
        ],
        refusals: changing_what_is_there(),
    }
}

pub(in crate::api::v2) fn delete_dataset() -> Description {
    Description::of_removal(
        "Delete a dataset with all its revisions",
        "Reads that have begun complete. A second request is 404; with the same `Idempotency-Key`, it gets the first answer again. With `If-Match`, the dataset \
         is deleted only if it is still the one that was read.",
    )
}

const NEW_REVISION: &str =
    "The dataset has a new revision. With `dry_run=true`, what it would be: nothing is stored.";

/// A dataset with a revision that was just made.
fn committed(status: StatusCode, meaning: &'static str) -> Answer {
    Answer::new(status, meaning)
        .tagged()
        .of_dataset()
        .replayed()
        .json(Schema::of::<Dataset<'_>>().example(examples::dataset()))
}
