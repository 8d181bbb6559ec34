//! What writes and reads of datasets have in common, whichever version serves them.

use http::StatusCode;

use super::{Answer, Description, Parameter, RequestBody, Schema};

/// What sending a CSV may be refused with, beside what every operation may.
const TAKING: [StatusCode; 5] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::CONFLICT,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNPROCESSABLE_ENTITY,
    StatusCode::INSUFFICIENT_STORAGE,
];

impl Description {
    /// `POST /datasets`, answered in that shape.
    pub fn of_creation(created: Schema) -> Self {
        let mut parameters = Vec::from(Parameter::new_name());
        parameters.extend(Parameter::csv());
        parameters.push(Parameter::idempotency_key());
        Self {
            summary: "Store a list of CSVs, all of them or none",
            parameters,
            body: Some(RequestBody::csvs(
                "One CSV or several. `Content-Encoding` may be gzip or zstd.",
            )),
            answers: vec![
                Answer::new(StatusCode::CREATED, "All CSVs are stored.")
                    .maybe("Location", "The dataset, if the request has one CSV.")
                    .replayed()
                    .json(created),
            ],
            refusals: TAKING.to_vec(),
        }
    }

    /// `DELETE /datasets/{name}`.
    pub fn of_removal(summary: &'static str) -> Self {
        Self {
            summary,
            parameters: changing_parameters(),
            answers: vec![Answer::deleted()],
            refusals: changing_what_is_there(),
            ..Self::default()
        }
    }
}

/// What every change of a dataset takes: its name, a key, and conditions.
pub fn changing_parameters() -> Vec<Parameter> {
    let mut parameters = vec![Parameter::name(), Parameter::idempotency_key()];
    parameters.extend(Parameter::conditions());
    parameters
}

/// What a change of a dataset may be refused with.
pub fn changing() -> Vec<StatusCode> {
    let more = [StatusCode::FORBIDDEN, StatusCode::PRECONDITION_FAILED];
    [&TAKING[..], &more].concat()
}

/// What a change of a dataset that has to be there may be refused with.
pub fn changing_what_is_there() -> Vec<StatusCode> {
    let mut refusals = changing();
    refusals.push(StatusCode::NOT_FOUND);
    refusals
}

/// What a read of a dataset may be refused with.
pub fn reading() -> Vec<StatusCode> {
    vec![StatusCode::NOT_FOUND, StatusCode::PRECONDITION_FAILED]
}
