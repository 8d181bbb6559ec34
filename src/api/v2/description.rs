//! The descriptions of version 2's operations.

use http::StatusCode;
use serde_json::json;

use super::bad_rows::BadRows;
use super::representation::{Created, Dataset, List, Revision, Root, page_schema};
use super::summary;
use crate::api::description::{
    Answer, Content, Description, Parameter, RequestBody, Schema, changing, changing_parameters,
    changing_what_is_there, reading,
};
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
            Parameter::number("limit", 1..=1000, 100, "Datasets per page."),
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
        summary: "Describe a dataset, or an older revision of it",
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
    parameters.push(Parameter::empty());
    Description {
        summary: "Create a dataset, or replace its contents",
        parameters,
        body: Some(RequestBody::csv(
            "The CSV. `Content-Type` is `text/csv` by default.",
        )),
        answers: vec![
            committed(StatusCode::OK, "The dataset has a new revision."),
            committed(StatusCode::CREATED, "The dataset is new.")
                .header("Location", "The dataset."),
        ],
        refusals: changing(),
    }
}

pub(super) fn append_rows() -> Description {
    let mut parameters = changing_parameters();
    parameters.extend(Parameter::dialect());
    parameters.extend(Parameter::csv_rows());
    Description {
        summary: "Append rows",
        parameters,
        body: Some(RequestBody::csv(
            "A CSV with the dataset's header. `Content-Type` is `text/csv` by default.",
        )),
        answers: vec![committed(StatusCode::OK, "The dataset has a new revision.")],
        refusals: changing_what_is_there(),
    }
}

pub(super) fn delete_dataset() -> Description {
    Description::of_removal("Delete a dataset with all its revisions")
}

pub(super) fn list_rows() -> Description {
    let limit = Parameter::number(
        "limit",
        1..=10_000,
        100,
        "Rows per page. Without it, CSV and NDJSON have all rows; with it, they have no maximum.",
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
        summary: "Read rows, or only those that a query selects",
        parameters,
        answers: vec![
            list()
                .tagged()
                .file_name()
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
        summary: "Summarise each column",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The summaries of the columns.")
                .tagged()
                .json(summary::schema()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_bad_rows() -> Description {
    let mut parameters = vec![Parameter::name(), Parameter::revision()];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read the rows that were set aside because they didn't fit (`bad_rows=set-aside`)",
        parameters,
        answers: vec![
            Answer::new(
                StatusCode::OK,
                "The rows, in the order of the uploads and of their lines.",
            )
            .tagged()
            .json(Schema::of::<BadRows>())
            .content(Content::Negotiated(Format::Ndjson), Schema::text()),
            Answer::not_modified(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_revisions() -> Description {
    Description {
        summary: "List the kept revisions, the newest first",
        parameters: vec![
            Parameter::name(),
            Parameter::number("limit", 1..=1000, 100, "Revisions per page."),
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
    let range = "The range that is sent, and the length of the source.";
    let mut refusals = reading();
    refusals.push(StatusCode::RANGE_NOT_SATISFIABLE);
    Description {
        summary: "Read the uploaded bytes, all or a range",
        parameters,
        answers: vec![
            source(StatusCode::OK, "The whole source."),
            source(StatusCode::PARTIAL_CONTENT, "The range.").header("Content-Range", range),
            Answer::not_modified(),
        ],
        refusals,
        ..Description::default()
    }
}

/// A page of a list.
fn list() -> Answer {
    Answer::new(StatusCode::OK, "A page of the list.")
        .maybe("Link", "The next page (`rel=\"next\"`), if there is one.")
}

/// A dataset with a revision that was just made.
fn committed(status: StatusCode, meaning: &'static str) -> Answer {
    Answer::new(status, meaning)
        .tagged()
        .replayed()
        .json(Schema::of::<Dataset<'_>>())
}

fn source(status: StatusCode, meaning: &'static str) -> Answer {
    // The uploaded bytes, in any charset.
    let bytes = || Schema::written(json!({}));
    Answer::new(status, meaning)
        .tagged()
        .header("Accept-Ranges", "`bytes`.")
        .header("Content-Disposition", "A file name for the source.")
        .content(Content::Fixed("text/csv"), bytes())
        .content(Content::Fixed("text/tab-separated-values"), bytes())
}
