//! The descriptions of version 1's operations.

use http::StatusCode;

use super::representation::{Created, Datasets, Root, rows_schema};
use crate::api::description::{Answer, Content, Description, Parameter, Schema, reading};
use crate::versioning::Format;

pub(super) fn get_root() -> Description {
    Description {
        summary: "Describe the API",
        answers: vec![Answer::new(StatusCode::OK, "This.").json(Schema::of::<Root>())],
        ..Description::default()
    }
}

pub(super) fn create_datasets() -> Description {
    Description::of_creation(Schema::of::<Created<'_>>())
}

pub(super) fn list_datasets() -> Description {
    Description {
        summary: "List the datasets by name",
        parameters: vec![
            page(),
            Parameter::number("per_page", 1..=1000, 30, "Datasets per page."),
        ],
        answers: vec![
            Answer::new(StatusCode::OK, "A page of the list.").json(Schema::of::<Datasets<'_>>()),
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
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read a page of rows, or all of them as CSV",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The rows.")
                .tagged()
                .file_name()
                .json(rows_schema())
                .content(Content::Negotiated(Format::Csv), Schema::text()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn delete_dataset() -> Description {
    Description::of_removal("Delete a dataset")
}

fn page() -> Parameter {
    let meaning = "The number of the page. A page past the end is empty.";
    Parameter::number("page", 1..=super::datasets::LAST_PAGE, 1, meaning)
}
