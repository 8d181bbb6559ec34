//! Datasets in version 2.

use http::StatusCode;
use http::header::{ETAG, LINK, LOCATION};
use serde_json::json;

use super::representation::{Created, Dataset, List};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::registry::semantic;
use crate::api::reply::Reply;
use crate::api::{conditional, cursor, intake, source};
use crate::dataset::DatasetName;

/// What the cursors of this list are signed for.
const LIST: &str = "datasets";

/// `GET /`: what this is.
pub(super) async fn get_root(call: Call) -> Result<Reply, Error> {
    call.query().finish()?;
    let body = json!({
        "name": "flash",
        "description": "Put a CSV, read typed rows, page by page or all at once.",
        "version": semantic(&super::VERSION).to_string(),
        "links": {
            "self": "/",
            "datasets": "/datasets",
            "dataset": "/datasets/{name}",
            "rows": "/datasets/{name}/rows",
            "source": "/datasets/{name}/source",
        },
    });
    Ok(Reply::json(StatusCode::OK, &body))
}

/// `POST /datasets`: stores a list of CSVs, all of them or none.
pub(super) async fn create_datasets(mut call: Call) -> Result<Reply, Error> {
    let mut prepared = intake::receive_list(&mut call).await?;
    let hints: Vec<_> = prepared
        .iter_mut()
        .map(|prepared| std::mem::take(&mut prepared.hints))
        .collect();
    let committed = call.services.commit(prepared).await?;
    let data = committed
        .iter()
        .zip(hints)
        .map(|(committed, hints)| Dataset::new(&committed.dataset, hints));
    let reply = Reply::json(
        StatusCode::CREATED,
        &Created {
            data: data.collect(),
        },
    );
    Ok(match committed.as_slice() {
        [one] => reply.with(LOCATION, format!("/datasets/{}", one.dataset.name)),
        _ => reply,
    })
}

/// `GET /datasets?limit=&cursor=`: the list of datasets by name.
pub(super) async fn list_datasets(call: Call) -> Result<Reply, Error> {
    let key = call.services.store.cursor_key();
    let mut query = call.query();
    let limit = query.take_number("limit", 1..=1000, 100)?;
    let after = query
        .take("cursor")?
        .map(|cursor| cursor::open::<String>(key, LIST, &cursor))
        .transpose()?;
    query.finish()?;
    let after = after
        .map(|name| DatasetName::new(&name))
        .transpose()
        .map_err(|_| Error::BadCursor)?;
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than is shown tells whether there are more.
    let mut found = call
        .services
        .store
        .list(after, 0, u32::try_from(limit + 1).unwrap_or(u32::MAX))
        .await?;
    let more = found.len() > count;
    found.truncate(count);
    let last = found.last().filter(|_| more);
    let next = last
        .map(|last| cursor::seal(key, LIST, &last.name.as_str()))
        .transpose()?;
    let link = next
        .as_ref()
        .map(|next| format!("</datasets?limit={limit}&cursor={next}>; rel=\"next\""));
    let data = found
        .iter()
        .map(|dataset| Dataset::new(dataset, Vec::new()))
        .collect();
    let reply = Reply::json(StatusCode::OK, &List { data, next });
    Ok(match link {
        Some(link) => reply.with(LINK, link),
        None => reply,
    })
}

/// `GET /datasets/{name}`: what the dataset is.
pub(super) async fn get_dataset(call: Call) -> Result<Reply, Error> {
    call.query().finish()?;
    let dataset = call.dataset().await?;
    let tag = call.tag(&dataset);
    if let Some(reply) = conditional::not_modified(&call.headers, &tag) {
        return Ok(reply);
    }
    Ok(Reply::json(StatusCode::OK, &Dataset::new(&dataset, Vec::new())).with(ETAG, tag))
}

/// `PUT /datasets/{name}`: creates the dataset, or replaces what is in it.
pub(super) async fn put_dataset(mut call: Call) -> Result<Reply, Error> {
    let name = call
        .dataset_name()
        .map_err(|_| Error::BadNewName(call.raw_name().to_owned()))?;
    let mut prepared = intake::receive_one(&mut call, name).await?;
    let hints = std::mem::take(&mut prepared.hints);
    let committed = call.services.commit(vec![prepared]).await?;
    let [one] = committed.as_slice() else {
        return Err(Error::Worker);
    };
    let dataset = Dataset::new(&one.dataset, hints);
    let tag = call.tag(&one.dataset);
    Ok(if one.created {
        let location = format!("/datasets/{}", one.dataset.name);
        Reply::json(StatusCode::CREATED, &dataset)
            .with(LOCATION, location)
            .with(ETAG, tag)
    } else {
        Reply::json(StatusCode::OK, &dataset).with(ETAG, tag)
    })
}

/// `DELETE /datasets/{name}`: removes it with all its revisions.
pub(super) async fn delete_dataset(call: Call) -> Result<Reply, Error> {
    call.query().finish()?;
    call.services.store.delete(&call.dataset_name()?).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// `GET /datasets/{name}/source`: the bytes that were uploaded.
pub(super) async fn get_source(call: Call) -> Result<Reply, Error> {
    call.query().finish()?;
    let dataset = call.dataset().await?;
    source::reply(&call.services, dataset, &call.method, &call.headers)
}
