//! What each operation of version 1 takes and answers.

use http::StatusCode;

use super::representation::{Created, Datasets, Root, rows_schema};
use crate::api::description::{Answer, Content, Description, Parameter, RequestBody, Schema};
use crate::versioning::Format;

pub(super) fn get_root() -> Description {
    Description {
        summary: "What this is",
        answers: vec![Answer::new(StatusCode::OK, "This.").json(Schema::of::<Root>())],
        ..Description::default()
    }
}

pub(super) fn create_datasets() -> Description {
    let mut parameters = Vec::from(Parameter::new_name());
    parameters.extend(Parameter::csv());
    parameters.push(Parameter::idempotency_key());
    Description {
        summary: "Store a list of CSVs, all of them or none",
        parameters,
        body: Some(RequestBody::csvs(
            "One CSV or several; packed with gzip or zstd if `Content-Encoding` says so.",
        )),
        answers: vec![
            Answer::new(StatusCode::CREATED, "All of them are stored.")
                .maybe("Location", "The dataset, when it is one.")
                .replayed()
                .json(Schema::of::<Created<'_>>()),
        ],
        refusals: vec![
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::INSUFFICIENT_STORAGE,
        ],
    }
}

pub(super) fn list_datasets() -> Description {
    Description {
        summary: "List the datasets by name",
        parameters: vec![
            page(),
            Parameter::number("per_page", 1..=1000, 30, "Datasets a page."),
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
            "Rows a page; not for CSV, which has all.",
        ),
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read a page of rows, or all of them as CSV",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The rows.")
                .tagged()
                .json(rows_schema())
                .content(Content::Negotiated(Format::Csv), Schema::text()),
            Answer::not_modified(),
        ],
        refusals: vec![StatusCode::NOT_FOUND, StatusCode::PRECONDITION_FAILED],
        ..Description::default()
    }
}

pub(super) fn delete_dataset() -> Description {
    let mut parameters = vec![Parameter::name(), Parameter::idempotency_key()];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Remove a dataset",
        parameters,
        answers: vec![Answer::deleted()],
        refusals: vec![
            StatusCode::FORBIDDEN,
            StatusCode::NOT_FOUND,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNPROCESSABLE_ENTITY,
            StatusCode::INSUFFICIENT_STORAGE,
        ],
        ..Description::default()
    }
}

fn page() -> Parameter {
    let meaning = "Number of the page; one past the end is empty.";
    Parameter::number("page", 1..=super::datasets::LAST_PAGE, 1, meaning)
}
