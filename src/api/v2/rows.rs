//! Rows in version 2.

use std::sync::Arc;

use http::StatusCode;
use http::header::ETAG;

use super::{pages, representation};
use crate::api::call::Call;
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::rows::{self, Span};
use crate::api::{conditional, cursor};
use crate::store::Dataset;
use crate::versioning::Format;

/// What the cursors of this list are signed for.
const LIST: &str = "rows";

/// Where a cursor of this list goes on: number of the dataset and of its revision, and of the next row.
type Position = (i64, i64, u64);

/// `GET /datasets/{name}/rows?limit=&cursor=&revision=`: rows in the order of the file. As CSV or NDJSON, without a limit, all.
pub(super) async fn list_rows(call: Call) -> Result<Reply, Error> {
    let mut query = call.query();
    let paged = call.choice.format == Format::Json;
    let limit = match paged {
        true => query.take_number("limit", 1..=10_000, 100)?,
        false => query.take_number("limit", 1..=u64::MAX, u64::MAX)?,
    };
    let cursor = query.take("cursor")?;
    let revision = super::datasets::revision(&mut query)?;
    query.finish()?;
    let (dataset, first) = start(&call, cursor.as_deref(), revision).await?;
    let tag = call.tag(&dataset);
    if let Some(reply) = conditional::read(&call.headers, &tag)? {
        return Ok(reply);
    }
    let services = &call.services;
    let next = next(&call, &dataset, first, limit)?;
    let span = Span {
        dataset: Arc::clone(&dataset),
        first,
        limit,
    };
    let body = match call.choice.format {
        Format::Csv => rows::all(services, span, rows::csv(&dataset)).await?,
        Format::Ndjson => rows::all(services, span, representation::ndjson(&dataset)).await?,
        Format::Json | Format::Html => {
            let form = || representation::page(&dataset, next.as_deref());
            rows::page(services, span, super::VERSION.number, form).await?
        }
    };
    let reply = Reply::body(StatusCode::OK, body).with(ETAG, tag);
    let path = format!("/datasets/{}/rows", dataset.name);
    Ok(pages::linked(reply, &path, limit, next.as_deref()))
}

/// The revision to read and its first row: as the cursor says, else the one asked for from its beginning.
async fn start(
    call: &Call,
    cursor: Option<&str>,
    revision: Option<i64>,
) -> Result<(Arc<Dataset>, u64), Error> {
    let Some(cursor) = cursor else {
        return Ok((call.dataset_as_of(revision).await?, 0));
    };
    let (id, of, row): Position = cursor::open(call.services.store.cursor_key()?, LIST, cursor)?;
    if let Some(revision) = revision.filter(|revision| *revision != of) {
        return Err(Error::bad_parameter(
            "revision",
            revision.to_string(),
            format_args!("{of}, to which the cursor belongs, or leave one of them out"),
        ));
    }
    let newest = call.dataset().await?;
    if id != newest.run.dataset {
        return Err(Error::RevisionGone {
            name: newest.name.to_string(),
            revision: of,
        });
    }
    Ok((call.dataset_as_of(Some(of)).await?, row))
}

/// A cursor for what follows the page, if something does.
fn next(call: &Call, dataset: &Dataset, first: u64, limit: u64) -> Result<Option<String>, Error> {
    let row = first.saturating_add(limit);
    if row >= dataset.rows {
        return Ok(None);
    }
    let position: Position = (dataset.run.dataset, dataset.revision, row);
    cursor::seal(call.services.store.cursor_key()?, LIST, &position).map(Some)
}
