//! Datasets in version 3.

use flash::api::call::Call;
use flash::api::conditional;
use flash::api::description::{self, Answer, Description, Parameter, Schema};
use flash::api::error::Error;
use flash::api::reply::Reply;
use http::StatusCode;
use http::header::ETAG;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// A dataset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatasetWithSize)]
struct Dataset<'a> {
    name: &'a str,
    revision: i64,
    size: Size,
}

/// How much there is of it.
#[derive(Debug, Serialize, ToSchema)]
struct Size {
    rows: u64,
    bytes: u64,
}

pub(super) fn describe_get_dataset() -> Description {
    let mut parameters = vec![Parameter::name()];
    parameters.extend(Parameter::conditions());
    Description {
        summary: "Say what a dataset is",
        details: "Its name, its newest revision, and its size.",
        parameters,
        answers: vec![
            Answer::new(StatusCode::OK, "The dataset.").tagged().json(
                Schema::of::<Dataset<'_>>().example(json!({
                    "name": "people", "revision": 1, "size": { "rows": 2, "bytes": 23 },
                })),
            ),
            Answer::not_modified(),
        ],
        refusals: description::reading(),
        ..Description::default()
    }
}

/// `GET /datasets/{name}`: what a dataset is.
pub(super) async fn get_dataset(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let dataset = call.dataset().await?;
    let tag = call.tag(&dataset);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(reply);
    }
    let body = Dataset {
        name: dataset.name.as_str(),
        revision: dataset.revision,
        size: Size {
            rows: dataset.rows,
            bytes: dataset.bytes,
        },
    };
    Ok(Reply::json(StatusCode::OK, &body).with(ETAG, tag))
}
