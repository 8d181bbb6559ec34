//! What each operation of version 2 takes and answers.

use http::StatusCode;
use serde_json::json;

use super::representation::{Created, Dataset, List, Revision, Root, page_schema};
use super::summary;
use crate::api::description::{
    Answer, Content, Description, Parameter, RequestBody, Schema, changing, changing_parameters,
    changing_what_is_there, reading,
};
use crate::versioning::Format;

pub(super) fn get_root() -> Description {
    Description {
        summary: "What this is",
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
            Parameter::number("limit", 1..=1000, 100, "Datasets a page."),
            Parameter::cursor(),
        ],
        answers: vec![list().json(Schema::list_of::<List<Dataset<'_>>, Dataset<'_>>())],
        ..Description::default()
    }
}

pub(super) fn get_dataset() -> Description {
    let mut parameters = vec![Parameter::name(), Parameter::revision()];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Say what a dataset is, or was",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The dataset.")
                .tagged()
                .json(Schema::of::<Dataset<'_>>()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn put_dataset() -> Description {
    let mut parameters = changing_parameters();
    parameters.extend(Parameter::csv());
    Description {
        summary: "Create a dataset, or replace what is in it",
        parameters,
        body: Some(RequestBody::csv(
            "The CSV; without `Content-Type` it is taken for `text/csv`.",
        )),
        answers: vec![
            committed(StatusCode::OK, "It has a new revision."),
            committed(StatusCode::CREATED, "It is new.").header("Location", "The dataset."),
        ],
        refusals: changing(),
    }
}

pub(super) fn append_rows() -> Description {
    Description {
        summary: "Append rows",
        parameters: changing_parameters(),
        body: Some(RequestBody::csv(
            "A CSV with the dataset's header; without `Content-Type` it is taken for `text/csv`.",
        )),
        answers: vec![committed(StatusCode::OK, "It has a new revision.")],
        refusals: changing_what_is_there(),
    }
}

pub(super) fn delete_dataset() -> Description {
    Description::of_removal("Remove a dataset with all its revisions")
}

pub(super) fn list_rows() -> Description {
    let limit = Parameter::number(
        "limit",
        1..=10_000,
        100,
        "Rows a page. CSV and NDJSON have all rows without it, and no maximum.",
    );
    let mut parameters = vec![
        Parameter::name(),
        limit,
        Parameter::cursor(),
        Parameter::revision(),
    ];
    parameters.extend(Parameter::row_query());
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read rows: all of them, or those that a query asks for",
        parameters,
        answers: vec![
            list()
                .tagged()
                .json(page_schema())
                .content(Content::Negotiated(Format::Csv), Schema::text())
                .content(Content::Negotiated(Format::Ndjson), Schema::text()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn get_summary() -> Description {
    let mut parameters = vec![Parameter::name(), Parameter::revision()];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Tell what each column holds",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "What the columns hold.")
                .tagged()
                .json(summary::schema()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_revisions() -> Description {
    Description {
        summary: "List the revisions that are kept, the newest first",
        parameters: vec![
            Parameter::name(),
            Parameter::number("limit", 1..=1000, 100, "Revisions a page."),
            Parameter::cursor(),
        ],
        answers: vec![list().json(Schema::list_of::<List<Revision>, Revision>())],
        refusals: vec![StatusCode::NOT_FOUND],
        ..Description::default()
    }
}

pub(super) fn get_source() -> Description {
    let mut parameters = vec![Parameter::name(), Parameter::revision()];
    parameters.extend(Parameter::range());
    parameters.extend(Parameter::conditions());
    let range = "The bytes that are sent, of how many.";
    let mut refusals = reading();
    refusals.push(StatusCode::RANGE_NOT_SATISFIABLE);
    Description {
        summary: "Get the bytes that were uploaded, whole or in part",
        parameters,
        answers: vec![
            source(StatusCode::OK, "All of them."),
            source(StatusCode::PARTIAL_CONTENT, "Those of the range.")
                .header("Content-Range", range),
            Answer::not_modified(),
        ],
        refusals,
        ..Description::default()
    }
}

/// A page of a list.
fn list() -> Answer {
    Answer::new(StatusCode::OK, "A page of the list.")
        .maybe("Link", "The next page, `rel=\"next\"`, when there is one.")
}

/// A dataset with a revision that was just made.
fn committed(status: StatusCode, meaning: &'static str) -> Answer {
    Answer::new(status, meaning)
        .tagged()
        .replayed()
        .json(Schema::of::<Dataset<'_>>())
}

fn source(status: StatusCode, meaning: &'static str) -> Answer {
    // Bytes as they came, in whatever charset they are.
    let bytes = || Schema::written(json!({}));
    Answer::new(status, meaning)
        .tagged()
        .header("Accept-Ranges", "`bytes`.")
        .header("Content-Disposition", "A file name to save it under.")
        .content(Content::Fixed("text/csv"), bytes())
        .content(Content::Fixed("text/tab-separated-values"), bytes())
}
