//! The descriptions of version 2's operations.

mod writes;

pub(super) use writes::{append_rows, create_datasets, delete_dataset, patch_dataset, put_dataset};

use http::StatusCode;
use serde_json::json;

use super::bad_rows::BadRows;
use super::examples;
use super::readers::{Reader, Readers};
use super::representation::{Dataset, List, Revision, Root};
use super::row_objects::page_schema;
use super::summary;
use crate::api::description::{
    Answer, Content, Description, Parameter, RequestBody, Schema, reading,
};
use crate::api::request::FORM;
use crate::versioning::Format;

pub(super) fn get_root() -> Description {
    Description {
        summary: "Describe the API",
        details: "The name and the version of the API, with links to what it has. `{name}` stands for the name of a dataset.",
        answers: vec![
            Answer::new(StatusCode::OK, "This.")
                .header(
                    "Link",
                    "The versions for tools that look for APIs, with `rel=\"api-catalog\"`.",
                )
                .json(Schema::of::<Root>().example(examples::root())),
        ],
        ..Description::default()
    }
}

pub(super) fn list_datasets() -> Description {
    Description {
        summary: "List the datasets by name",
        details: "The datasets in pages, in the order of their names. A dataset that is created or deleted between two pages moves no other one.",
        parameters: vec![
            Parameter::number("limit", 1..=1000, 100, "Datasets per page."),
            Parameter::cursor(),
        ],
        answers: vec![list().json(dataset_page())],
        ..Description::default()
    }
}

pub(super) fn get_dataset() -> Description {
    let mut parameters = vec![
        Parameter::name(),
        Parameter::revision(),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Describe a dataset, or an older revision of it",
        details: "The columns with their types, the number of rows, and how the source is read. `ETag` changes with each write: send it in `If-Match` to \
                  write only if nobody else has written since.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The dataset.")
                .tagged()
                .header("Link", "The page for people (`rel=\"alternate\"`).")
                .of_dataset()
                .header(
                    "Link",
                    "The metadata of the CSV (`rel=\"describedby\"`), and the newest schema (`rel=\"successor-version\"`), if its MAJOR is another one.",
                )
                .json(Schema::of::<Dataset<'_>>().example(examples::dataset())),
            Answer::not_modified().of_dataset(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_rows() -> Description {
    let limit = Parameter::number(
        "limit",
        1..=10_000,
        100,
        "Rows per page. Without it, CSV and NDJSON have all rows; with it, they have no maximum. Not with Parquet.",
    );
    let mut parameters = vec![
        Parameter::name(),
        limit,
        Parameter::cursor(),
        Parameter::revision(),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::row_query());
    parameters.extend(Parameter::range());
    parameters.extend(Parameter::conditions());
    let mut refusals = reading();
    refusals.push(StatusCode::RANGE_NOT_SATISFIABLE);
    refusals.push(StatusCode::UNPROCESSABLE_ENTITY);
    refusals.push(StatusCode::INSUFFICIENT_STORAGE);
    Description {
        summary: "Read rows, or only those that a query selects",
        details: "The rows in the order of the file, unless `order` is sent. All pages of a list are of one revision, also if the dataset changes meanwhile: \
                  the cursor knows it. CSV and NDJSON have all rows in one answer, or a `Range` of its bytes. Parquet has all rows of a revision, with the columns \
                  of `select`; other parameters of rows are 400 with it. The first request for a file makes it, which may take some seconds.",
        parameters,
        answers: rows_as(as_all_files),
        refusals,
        ..Description::default()
    }
}

/// The answers with rows, each with its files.
fn rows_as(files: fn(Answer) -> Answer) -> Vec<Answer> {
    let range = "The range that is sent, and the length of the whole.";
    vec![
        files(list())
            .maybe(
                "Link",
                "The next page (`rel=\"next\"`), if there is one; with all rows as CSV or NDJSON, the metadata of the CSV (`rel=\"describedby\"`).",
            )
            .maybe("Accept-Ranges", "`bytes`, for files.")
            .maybe(
                "Accept-Query",
                "`application/x-www-form-urlencoded`: the method `QUERY` takes the parameters as a body (`x-query`).",
            )
            .json(page_schema().example(examples::rows())),
        files(Answer::new(
            StatusCode::PARTIAL_CONTENT,
            "A range of the file.",
        ))
        .header("Accept-Ranges", "`bytes`.")
        .header("Content-Range", range),
        Answer::not_modified().of_dataset(),
    ]
}

pub(super) fn query_rows() -> Description {
    let mut parameters = vec![Parameter::name()];
    parameters.extend(Parameter::range());
    parameters.extend(Parameter::conditions());
    let query = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let mut refusals = reading();
    refusals.push(StatusCode::RANGE_NOT_SATISFIABLE);
    refusals.push(StatusCode::UNPROCESSABLE_ENTITY);
    refusals.push(StatusCode::PAYLOAD_TOO_LARGE);
    Description {
        summary: "Read rows by a query in the body",
        details: "The answer of `GET` with the same parameters, for those that are too long for a URL. `version` and `format` stay in the URL. The next page is \
                  the same body with `cursor`. It changes nothing, so it may be repeated and cached. `ETag` also tells queries apart.",
        parameters,
        body: Some(RequestBody {
            meaning: "The parameters of `GET`, written as behind the `?` of a URL.",
            content: vec![(
                Content::Fixed(FORM),
                Schema::written(query).example("select=dest,n:count()&dep_delay=gte.60"),
            )],
        }),
        answers: rows_as(as_files)
            .into_iter()
            .map(|answer| {
                answer.maybe(
                    "Content-Location",
                    "The URL that `GET` gets the same answer from, if it is not too long.",
                )
            })
            .collect(),
        refusals,
    }
}

/// Rows as CSV and NDJSON.
fn as_files(answer: Answer) -> Answer {
    answer
        .tagged()
        .of_dataset()
        .file_name()
        .content(
            Content::Negotiated(Format::Csv),
            Schema::text().example(examples::CSV),
        )
        .content(
            Content::Negotiated(Format::Ndjson),
            Schema::text().example(examples::NDJSON),
        )
}

/// Rows as CSV, NDJSON and Parquet.
fn as_all_files(answer: Answer) -> Answer {
    // Bytes, which a schema says nothing about.
    as_files(answer).content(
        Content::Negotiated(Format::Parquet),
        Schema::written(json!({})).example(examples::PARQUET),
    )
}

pub(super) fn get_summary() -> Description {
    let mut parameters = vec![
        Parameter::name(),
        Parameter::revision(),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Summarise each column",
        details: "The number of values, nulls and distinct values, the least and the greatest value, the mean, and a histogram or the most frequent values. It \
                  reads no rows. Each estimate has its error.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The summaries of the columns.")
                .tagged()
                .of_dataset()
                .succeeded()
                .json(summary::schema().example(examples::summary())),
            Answer::not_modified().of_dataset(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_bad_rows() -> Description {
    let mut parameters = vec![
        Parameter::name(),
        Parameter::revision(),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Read the rows that were set aside because they didn't fit (`bad_rows=set-aside`)",
        details: "The rows of all uploads of the revision, each with its line and what is wrong with it. The list is empty if every row fitted.",
        parameters,
        answers: vec![
            Answer::new(
                StatusCode::OK,
                "The rows, in the order of the uploads and of their lines.",
            )
            .tagged()
            .of_dataset()
            .succeeded()
            .json(Schema::of::<BadRows>().example(examples::bad_rows()))
            .content(
                Content::Negotiated(Format::Ndjson),
                Schema::text().example(examples::BAD_ROWS),
            ),
            Answer::not_modified().of_dataset(),
        ],
        refusals: reading(),
        ..Description::default()
    }
}

pub(super) fn list_readers() -> Description {
    Description {
        summary: "List who read the dataset in the last 30 days, for its owner",
        details: "Clients by their names, and anonymous callers by their kind of user agent, with the columns that they named in `select`, `order` and filters. \
                  Requests are counted a few seconds after they arrive. If an anonymous caller created the dataset, every caller may see its readers.",
        parameters: vec![Parameter::name()],
        answers: vec![
            Answer::new(StatusCode::OK, "The readers, the last one first.")
                .json(Schema::list_of::<Readers, Reader>("Readers").example(examples::readers())),
        ],
        refusals: vec![StatusCode::NOT_FOUND, StatusCode::FORBIDDEN],
        ..Description::default()
    }
}

pub(super) fn list_revisions() -> Description {
    Description {
        summary: "List the kept revisions, the newest first",
        details: "Each write makes a revision. Its number reads it in other operations, with `?revision=`. The server keeps as many as its operator has set.",
        parameters: vec![
            Parameter::name(),
            Parameter::number("limit", 1..=1000, 100, "Revisions per page."),
            Parameter::cursor(),
        ],
        answers: vec![list().json(revision_page())],
        refusals: vec![StatusCode::NOT_FOUND],
        ..Description::default()
    }
}

pub(super) fn get_source() -> Description {
    let mut parameters = vec![
        Parameter::name(),
        Parameter::revision(),
        Parameter::schema(),
    ];
    parameters.extend(Parameter::range());
    parameters.extend(Parameter::conditions());
    let range = "The range that is sent, and the length of the source.";
    let mut refusals = reading();
    refusals.push(StatusCode::RANGE_NOT_SATISFIABLE);
    Description {
        summary: "Read the uploaded bytes, all or a range",
        details: "The bytes as they were uploaded. After an append, they are UTF-8, with the new rows at the end. `Range` resumes a download; send the `ETag` in `If-Range` so \
                  that both parts are of the same revision.",
        parameters,
        answers: vec![
            source(StatusCode::OK, "The whole source."),
            source(StatusCode::PARTIAL_CONTENT, "The range.").header("Content-Range", range),
            Answer::not_modified().of_dataset(),
        ],
        refusals,
        ..Description::default()
    }
}

fn dataset_page() -> Schema {
    Schema::list_of::<List<Dataset<'_>>, Dataset<'_>>("DatasetPage").example(examples::datasets())
}

fn revision_page() -> Schema {
    Schema::list_of::<List<Revision>, Revision>("RevisionPage").example(examples::revisions())
}

/// A page of a list.
fn list() -> Answer {
    Answer::new(StatusCode::OK, "A page of the list.")
        .maybe("Link", "The next page (`rel=\"next\"`), if there is one.")
}

fn source(status: StatusCode, meaning: &'static str) -> Answer {
    // The uploaded bytes, in any charset.
    let bytes = || Schema::written(json!({})).example(examples::CSV);
    Answer::new(status, meaning)
        .tagged()
        .of_dataset()
        .succeeded()
        .header("Accept-Ranges", "`bytes`.")
        .header("Content-Disposition", "A file name for the source.")
        .content(Content::Fixed("text/csv"), bytes())
        .content(
            Content::Fixed("text/tab-separated-values"),
            bytes().example(examples::TSV),
        )
}
