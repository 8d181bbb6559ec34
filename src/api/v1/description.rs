//! The descriptions of version 1's operations.

use http::StatusCode;

use super::examples;
use super::representation::{Created, Datasets, Root, rows_schema};
use crate::api::description::{Answer, Content, Description, Parameter, Schema, reading};
use crate::versioning::Format;

pub(super) fn get_root() -> Description {
    Description {
        summary: "Describe the API",
        details: "The name and the version of the API, with links to what it has.",
        answers: vec![
            Answer::new(StatusCode::OK, "This.")
                .json(Schema::of::<Root>().example(examples::root())),
        ],
        ..Description::default()
    }
}

pub(super) fn create_datasets() -> Description {
    Description::of_creation(Schema::of::<Created<'_>>().example(examples::created()))
}

pub(super) fn list_datasets() -> Description {
    Description {
        summary: "List the datasets by name",
        details: "The datasets in pages, in the order of their names. `total` is the number of all datasets.",
        parameters: vec![
            page(),
            Parameter::number("per_page", 1..=1000, 30, "Datasets per page."),
        ],
        answers: vec![
            Answer::new(StatusCode::OK, "A page of the list.")
                .json(Schema::of::<Datasets<'_>>().example(examples::datasets())),
        ],
        ..Description::default()
    }
}

pub(super) fn get_dataset() -> Description {
    let mut parameters = vec![
        Parameter::name(),
        page(),
        Parameter::number(
            "per_page",
            1..=1000,
            100,
            "Rows per page. Not for CSV, which has all rows.",
        ),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read a page of rows, or all of them as CSV",
        details: "The rows in the order of the file, with every field as the string that was uploaded. A dataset that changes between two pages may \
                  repeat or skip rows: send the first page's `ETag` in `If-Match` to notice that.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The rows.")
                .tagged()
                .of_dataset()
                .succeeded()
                .file_name()
                .json(rows_schema().example(examples::rows()))
                .content(
                    Content::Negotiated(Format::Csv),
                    Schema::text().example(examples::CSV),
                ),
            Answer::not_modified().of_dataset(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn delete_dataset() -> Description {
    Description::of_removal(
        "Delete a dataset",
        "Deletes the dataset with all its rows. A second request is 404; with the same `Idempotency-Key`, it gets the first answer again.",
    )
}

fn page() -> Parameter {
    let meaning = "The number of the page. A page past the end is empty.";
    Parameter::number("page", 1..=super::datasets::LAST_PAGE, 1, meaning)
}
