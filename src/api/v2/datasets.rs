//! Datasets in version 2.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ETAG, LINK, LOCATION};

use super::representation::{Created, DATASET, DATASETS, Dataset, List, Notes, Root, RootLinks};
use super::{metadata, pages};
use crate::api::as_of::{AsOf, Wanted};
use crate::api::call::Call;
use crate::api::discovery::CATALOG_LINK;
use crate::api::error::Error;
use crate::api::intake::{self, DryRuns};
use crate::api::reply::Reply;
use crate::api::{conditional, cursor, listing, source};
use crate::dataset::DatasetName;
use crate::services::Prepared;
use crate::store::Committed;

/// The purpose of the cursors of this list.
const LIST: &str = "datasets";

/// `GET /`: a description of the API.
pub(super) async fn get_root(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let body = Root {
        name: "flash",
        description: "Put a CSV, then read typed rows, page by page or all at once.",
        version: call.release().to_owned(),
        links: RootLinks {
            this: "/",
            datasets: "/datasets",
            dataset: "/datasets/{name}",
            rows: "/datasets/{name}/rows",
            summary: "/datasets/{name}/summary",
            revisions: "/datasets/{name}/revisions",
            source: "/datasets/{name}/source",
            bad_rows: "/datasets/{name}/bad-rows",
            readers: "/datasets/{name}/readers",
            changes: "/datasets/{name}/changes",
            description: "/datasets/{name}/description",
            versions: "/versions",
            openapi: format!("/openapi.json?version={}", call.choice.version),
        },
    };
    Ok(Reply::json(StatusCode::OK, &body).with(LINK, CATALOG_LINK))
}

/// `POST /datasets`: stores a list of CSVs, all of them or none.
pub(super) async fn create_datasets(mut call: Call) -> Result<Reply, Error> {
    let mut prepared = intake::receive_list(&mut call, DryRuns::Known).await?;
    let notes: Vec<_> = prepared.iter_mut().map(Notes::take).collect();
    if prepared.iter().any(Prepared::is_dry_run) {
        let (committed, readers) = call.rehearse(prepared).await?;
        let rehearsed = committed.iter().zip(&notes).zip(&readers);
        let data = rehearsed.map(|((one, notes), readers)| Dataset::rehearsed(one, notes, readers));
        let body = Created {
            data: data.collect(),
        };
        return Ok(Reply::json(StatusCode::OK, &body));
    }
    call.commit(prepared, move |committed| created(committed, &notes))
        .await
}

fn created(committed: &[Committed], notes: &[Notes]) -> Reply {
    let data = committed
        .iter()
        .zip(notes)
        .map(|(committed, notes)| Dataset::written(committed, notes));
    let body = Created {
        data: data.collect(),
    };
    let reply = Reply::json(StatusCode::CREATED, &body);
    match committed {
        [one] => reply
            .telling_of(&one.dataset)
            .with(LOCATION, format!("/datasets/{}", one.dataset.name)),
        _ => reply,
    }
}

/// `GET /datasets?limit=&cursor=`: the list of datasets by name.
pub(super) async fn list_datasets(call: Call) -> Result<Reply, Error> {
    let key = call.services.store.cursor_key()?;
    let mut query = call.query()?;
    let limit = query.take_number("limit", 1..=1000, 100)?;
    let after = query
        .take_filled("cursor")?
        .map(|cursor| cursor::open::<String>(key, LIST, &cursor))
        .transpose()?;
    query.finish()?;
    let after = after
        .map(|name| DatasetName::new(&name))
        .transpose()
        .map_err(|_| Error::BadCursor)?;
    let store = &call.services.store;
    let mut names = store.names(after, pages::one_more(limit)).await?;
    let more = pages::split(&mut names, limit);
    let last = names.last().filter(|_| more.is_some());
    let next = last
        .map(|(last, _)| cursor::seal(key, LIST, last))
        .transpose()?;
    let list = List::<Dataset<'_>> {
        data: Vec::new(),
        next,
    };
    let (head, tail) = listing::around_items(&listing::json(&list), "data");
    let body = listing::list(&call.services, names, DATASETS, head, tail).await?;
    let reply = Reply::body(StatusCode::OK, body);
    Ok(pages::linked(
        &call,
        reply,
        "/datasets",
        limit,
        list.next.as_deref(),
    ))
}

/// `GET /datasets/{name}?revision=&schema=`: the dataset, as of the newest or another revision.
pub(super) async fn get_dataset(call: Call) -> Result<Reply, Error> {
    let as_of = as_asked(&call).await?;
    let tag = call.dataset_tag(&as_of.dataset);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(as_of.tell(&call, reply, ""));
    }
    let described = call.services.store.description(&as_of.dataset).await?;
    let said = described.description;
    let body = listing::one(&call.services, &as_of.dataset, DATASET, said).await?;
    let page = format!(
        "</explore/{}>; rel=\"alternate\"; type=\"text/html\"",
        as_of.dataset.name
    );
    let reply = Reply::body(StatusCode::OK, body)
        .with(ETAG, tag)
        .with(LINK, page);
    let reply = as_of.tell(&call, reply, "");
    Ok(metadata::linked(reply, &call, &as_of.dataset.name))
}

/// The dataset, as of the revision that is asked for, if nothing else is.
pub(super) async fn as_asked(call: &Call) -> Result<AsOf, Error> {
    let mut query = call.query()?;
    let wanted = Wanted::take(&mut query)?;
    query.finish()?;
    call.dataset_as_of(wanted).await
}

/// The name of a dataset that may be new. No name has a dot, so with a dot it is that of a file: `curl -T people.csv URL/datasets/`
/// adds it to the path.
fn new_name(text: &str) -> Result<DatasetName, Error> {
    let name = match text.contains('.') {
        true => DatasetName::from_filename(text),
        false => DatasetName::new(text),
    };
    name.map_err(|_| Error::BadNewName(text.to_owned()))
}

/// `PUT /datasets/{name}`: creates or replaces the dataset.
pub(super) async fn put_dataset(mut call: Call) -> Result<Reply, Error> {
    let name = new_name(call.raw_name())?;
    let prepared = intake::receive_one(&mut call, name).await?;
    commit(&call, prepared).await
}

/// `POST /datasets/{name}/rows`: appends rows.
pub(super) async fn append_rows(mut call: Call) -> Result<Reply, Error> {
    let name = call.dataset_name()?;
    let prepared = intake::receive_rows(&mut call, name).await?;
    commit(&call, prepared).await
}

/// Commits a new revision of one dataset.
async fn commit(call: &Call, mut prepared: Prepared) -> Result<Reply, Error> {
    let notes = Notes::take(&mut prepared);
    if prepared.is_dry_run() {
        return rehearse(call, prepared, &notes).await;
    }
    let (release, format) = (call.release().to_owned(), call.choice.format);
    let render = move |committed: &[Committed]| {
        let Some(one) = committed.first() else {
            return Reply::empty(StatusCode::NO_CONTENT);
        };
        let dataset = Dataset::written(one, &notes);
        let status = match one.created {
            true => StatusCode::CREATED,
            false => StatusCode::OK,
        };
        let tag = conditional::dataset_tag(&one.dataset, &release, format);
        let reply = Reply::json(status, &dataset).with(ETAG, tag);
        let reply = reply.telling_of(&one.dataset);
        match one.created {
            true => reply.with(LOCATION, format!("/datasets/{}", one.dataset.name)),
            false => reply,
        }
    };
    call.commit(vec![prepared], render).await
}

/// What a new revision of one dataset would be.
async fn rehearse(call: &Call, prepared: Prepared, notes: &Notes) -> Result<Reply, Error> {
    let (committed, readers) = call.rehearse(vec![prepared]).await?;
    let (Some(one), Some(readers)) = (committed.first(), readers.first()) else {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    };
    let body = Dataset::rehearsed(one, notes, readers);
    // No revision has this tag, so no condition matches it later.
    let tag = call.dataset_tag(&one.dataset);
    let reply = Reply::json(StatusCode::OK, &body).with(ETAG, tag);
    Ok(reply.telling_of(&one.dataset))
}

/// `DELETE /datasets/{name}`: deletes it with all its revisions.
pub(super) async fn delete_dataset(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    call.delete().await
}

/// `GET /datasets/{name}/source?revision=&schema=`: the bytes that were uploaded.
pub(super) async fn get_source(call: Call) -> Result<Reply, Error> {
    let as_of = as_asked(&call).await?;
    let dataset = Arc::clone(&as_of.dataset);
    let reply = source::reply(&call.services, dataset, &call.method, &call.headers)?;
    Ok(as_of.tell(&call, reply, "/source"))
}
