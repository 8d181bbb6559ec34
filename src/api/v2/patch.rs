//! What a dataset allows.

use http::StatusCode;
use http::header::ETAG;
use serde_json::{Map, Value};

use super::representation::Dataset;
use crate::api::call::Call;
use crate::api::conditional;
use crate::api::error::{Error, shortened};
use crate::api::intake;
use crate::api::reply::Reply;
use crate::dataset::SchemaChanges;
use crate::store;

/// The only member of the body.
const SCHEMA_CHANGES: &str = "schema_changes";

/// `PATCH /datasets/{name}`: sets how much a write may change the schema.
pub(super) async fn patch_dataset(mut call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let name = call.dataset_name()?;
    let conditions = conditional::write(&call.headers)?;
    let body = intake::receive_document(&mut call).await?;
    let schema_changes = wanted(&body)?;
    let (release, format) = (call.release().to_owned(), call.choice.format);
    let render = move |dataset: &store::Dataset| {
        let tag = conditional::dataset_tag(dataset, &release, format);
        let reply = Reply::json(StatusCode::OK, &Dataset::as_it_is(dataset));
        reply.with(ETAG, tag).telling_of(dataset)
    };
    let answer = render.clone();
    let receipt = call.receipt(move |dataset: &store::Dataset| answer(dataset));
    let receipt = receipt.await?;
    let client = call.client.clone();
    let store = &call.services.store;
    let changed = store.set_schema_changes(&name, schema_changes, client, conditions, receipt);
    let dataset = changed.await?;
    call.settle();
    Ok(render(&dataset))
}

fn wanted(body: &[u8]) -> Result<SchemaChanges, Error> {
    let wrong = |reason: String| Error::BadPatch { reason };
    let wish: Map<String, Value> =
        serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    if let Some(other) = wish.keys().find(|name| *name != SCHEMA_CHANGES) {
        return Err(wrong(format!(
            "{:?} isn't a member of it",
            shortened(other)
        )));
    }
    let text = wish.get(SCHEMA_CHANGES).and_then(Value::as_str);
    let text = text.ok_or_else(|| wrong(format!("it has no text {SCHEMA_CHANGES:?}")))?;
    let parsed = shortened(text).parse::<SchemaChanges>();
    parsed.map_err(|error| wrong(error.to_string()))
}
