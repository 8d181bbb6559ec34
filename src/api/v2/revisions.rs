//! The history of a dataset.

use http::StatusCode;

use super::pages;
use super::representation::{List, Revision};
use crate::api::call::Call;
use crate::api::cursor;
use crate::api::error::Error;
use crate::api::reply::Reply;

/// The purpose of the cursors of this list.
const LIST: &str = "revisions";

/// The position in a cursor of this list: the numbers of the dataset and of the next revision.
type Position = (i64, i64);

/// `GET /datasets/{name}/revisions?limit=&cursor=`: the revisions that are kept, the newest first.
pub(super) async fn list_revisions(call: Call) -> Result<Reply, Error> {
    let key = call.services.store.cursor_key()?;
    let mut query = call.query()?;
    let limit = query.take_number("limit", 1..=1000, 100)?;
    let cursor = query.take_filled("cursor")?;
    query.finish()?;
    let dataset = call.dataset().await?;
    let id = dataset.id();
    let newest = match cursor {
        Some(cursor) => match cursor::open::<Position>(key, LIST, &cursor)? {
            (of, number) if of == id => number,
            _ => return Err(Error::BadCursor),
        },
        None => dataset.revision,
    };
    let store = &call.services.store;
    let mut found = store
        .revisions(&dataset, newest, pages::one_more(limit))
        .await?;
    let next = pages::split(&mut found, limit)
        .map(|next| {
            let position: Position = (id, next.number);
            cursor::seal(key, LIST, &position)
        })
        .transpose()?;
    let data: Vec<Revision> = found.iter().map(Into::into).collect();
    let list = List { data, next };
    let reply = Reply::json(StatusCode::OK, &list);
    let path = format!("/datasets/{}/revisions", dataset.name);
    Ok(pages::linked(
        &call,
        reply,
        &path,
        limit,
        list.next.as_deref(),
    ))
}
