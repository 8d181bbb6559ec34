//! The handlers of version 1.

use std::sync::Arc;

use http::StatusCode;
use http::header::{ETAG, LOCATION};

use super::representation::{self, Created, DATASETS, Datasets, Root, RootLinks};
use crate::api::as_of::Wanted;
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::intake::{self, DryRuns};
use crate::api::reply::Reply;
use crate::api::rows::{self, CsvCells, Memory, Span, Values};
use crate::api::{conditional, disposition, listing};
use crate::services::PageKey;
use crate::store::Committed;
use crate::versioning::Format;

/// The number of the last page. With 1,000 rows per page, no dataset has so many.
pub(super) const LAST_PAGE: u64 = 1 << 50;

/// `GET /`: a description of the API.
pub(super) async fn get_root(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let body = Root {
        name: "flash",
        description: "Post a CSV, then read it as JSON or CSV.",
        version: call.release().to_owned(),
        links: RootLinks {
            datasets: "/datasets",
            versions: "/versions",
            openapi: format!("/openapi.json?version={}", call.choice.version),
        },
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// `POST /datasets`: stores a list of CSVs, all of them or none.
pub(super) async fn create_datasets(mut call: Call) -> Result<Reply, Error> {
    let prepared = intake::receive_list(&mut call, DryRuns::Unknown).await?;
    call.commit(prepared, created).await
}

fn created(committed: &[Committed]) -> Reply {
    let body = Created {
        datasets: committed
            .iter()
            .map(|committed| (&*committed.dataset).into())
            .collect(),
    };
    let reply = Reply::json(StatusCode::CREATED, &body);
    match committed {
        [one] => reply
            .telling_of(&one.dataset)
            .with(LOCATION, format!("/datasets/{}", one.dataset.name)),
        _ => reply,
    }
}

/// `GET /datasets?page=1&per_page=30`: the list of datasets by name.
pub(super) async fn list_datasets(call: Call) -> Result<Reply, Error> {
    let mut query = call.query()?;
    let page = query.take_number("page", 1..=LAST_PAGE, 1)?;
    let per_page = query.take_number("per_page", 1..=1000, 30)?;
    query.finish()?;
    let store = &call.services.store;
    let limit = u32::try_from(per_page).unwrap_or(u32::MAX);
    let (names, total) = store.names_from((page - 1) * per_page, limit).await?;
    let list = Datasets {
        datasets: Vec::new(),
        page,
        per_page,
        total,
    };
    let (head, tail) = listing::around_items(&listing::json(&list), "datasets");
    let body = listing::list(&call.services, names, DATASETS, head, tail).await?;
    Ok(Reply::body(StatusCode::OK, body))
}

/// `GET /datasets/{name}?page=1&per_page=100&schema=`: a page of rows; as CSV, all of them.
pub(super) async fn get_dataset(call: Call) -> Result<Reply, Error> {
    let mut query = call.query()?;
    let csv = call.choice.format == Format::Csv;
    let (page, per_page) = if csv {
        (1, 1)
    } else {
        (
            query.take_number("page", 1..=LAST_PAGE, 1)?,
            query.take_number("per_page", 1..=1000, 100)?,
        )
    };
    let wanted = Wanted::take_schema(&mut query)?;
    query.finish()?;
    let as_of = call.dataset_as_of(wanted).await?;
    let dataset = Arc::clone(&as_of.dataset);
    let tag = call.tag(&dataset);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(as_of.tell(&call, reply, ""));
    }
    let services = &call.services;
    let (body, memory) = if csv {
        let form = rows::csv(&dataset, None, CsvCells::AsTheyAre, Values::AsTheyCame);
        let span = Span {
            dataset: Arc::clone(&dataset),
            first: 0,
            limit: u64::MAX,
        };
        (rows::all(services, span, form).await?, Memory::New)
    } else {
        let span = Span {
            dataset: Arc::clone(&dataset),
            first: (page - 1) * per_page,
            limit: per_page,
        };
        let key = PageKey {
            made_by: dataset.made_by,
            query: None,
            first: Some(span.first),
            limit: u32::try_from(per_page).unwrap_or(u32::MAX),
            is_counted: false,
            version: super::VERSION.number,
        };
        let form = || representation::rows(&dataset, page, per_page);
        rows::page(services, span, key, form).await?
    };
    let reply = Reply::body(StatusCode::OK, body).with(ETAG, tag);
    let reply = as_of.tell(&call, reply, "");
    let reply = disposition::of_rows(reply, &dataset.name, call.choice.format);
    Ok(memory.of(reply, dataset))
}

/// `DELETE /datasets/{name}`: deletes it.
pub(super) async fn delete_dataset(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    call.delete().await
}
