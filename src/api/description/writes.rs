//! Descriptions that operations on datasets share, in all versions.

use http::StatusCode;

use super::{Answer, Description, Parameter, RequestBody, Schema};

/// The errors of operations that take a CSV.
const TAKING: [StatusCode; 5] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::CONFLICT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::INSUFFICIENT_STORAGE,
];

impl Description {
    /// `POST /datasets`, with that response body.
    pub fn of_creation(created: Schema) -> Self {
        let mut parameters = Vec::from(Parameter::new_name());
        parameters.extend(Parameter::csv());
        parameters.push(Parameter::idempotency_key());
        Self {
            summary: "Store a list of CSVs, all of them or none",
            details: "The body is one CSV, whose name is in the URL or in `Content-Disposition`; a form with files; or JSON. The types of the columns follow \
                      from all rows. A name that exists is 409, and then nothing is stored. Only with an `Idempotency-Key` may the request be sent again safely: \
                      then the retry gets the first answer.",
            parameters,
            body: Some(RequestBody::csvs(
                "One CSV or several. `Content-Encoding` may be gzip or zstd.",
            )),
            answers: vec![
                Answer::new(StatusCode::CREATED, "All CSVs are stored.")
                    .maybe("Location", "The dataset, if the request has one CSV.")
                    .maybe_of_dataset()
                    .replayed()
                    .json(created),
            ],
            refusals: TAKING.to_vec(),
        }
    }

    /// `DELETE /datasets/{name}`.
    pub fn of_removal(summary: &'static str, details: &'static str) -> Self {
        Self {
            summary,
            details,
            parameters: changing_parameters(),
            answers: vec![Answer::deleted()],
            refusals: changing_what_is_there(),
            ..Self::default()
        }
    }
}

/// The parameters of every write to a dataset: its name, a key, and preconditions.
pub fn changing_parameters() -> Vec<Parameter> {
    let mut parameters = vec![Parameter::name(), Parameter::idempotency_key()];
    parameters.extend(Parameter::conditions());
    parameters
}

/// The errors of writes to a dataset.
pub fn changing() -> Vec<StatusCode> {
    let more = [StatusCode::FORBIDDEN, StatusCode::PRECONDITION_FAILED];
    [&TAKING[..], &more].concat()
}

/// The errors of writes to an existing dataset.
pub fn changing_what_is_there() -> Vec<StatusCode> {
    let mut refusals = changing();
    refusals.push(StatusCode::NOT_FOUND);
    refusals
}

/// The errors of reads of a dataset.
pub fn reading() -> Vec<StatusCode> {
    vec![StatusCode::NOT_FOUND, StatusCode::PRECONDITION_FAILED]
}
