//! The history of a dataset.

use http::StatusCode;
use http::header::LINK;

use super::representation::{List, Revision};
use crate::api::call::Call;
use crate::api::cursor;
use crate::api::error::Error;
use crate::api::reply::Reply;

/// What the cursors of this list are signed for.
const LIST: &str = "revisions";

/// Where a cursor of this list goes on: number of the dataset, and of the next revision.
type Position = (i64, i64);

/// `GET /datasets/{name}/revisions?limit=&cursor=`: the revisions that are kept, the newest first.
pub(super) async fn list_revisions(call: Call) -> Result<Reply, Error> {
    let key = call.services.store.cursor_key()?;
    let mut query = call.query();
    let limit = query.take_number("limit", 1..=1000, 100)?;
    let cursor = query.take("cursor")?;
    query.finish()?;
    let dataset = call.dataset().await?;
    let id = dataset.run.dataset;
    let newest = match cursor {
        Some(cursor) => match cursor::open::<Position>(key, LIST, &cursor)? {
            (of, number) if of == id => number,
            _ => return Err(Error::BadCursor),
        },
        None => dataset.revision,
    };
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than is shown tells whether there are more.
    let limit_and_one = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let store = &call.services.store;
    let mut found = store.revisions(&dataset, newest, limit_and_one).await?;
    let more = (found.len() > count).then(|| found.split_off(count));
    let next = more
        .and_then(|more| Some((id, more.first()?.number)))
        .map(|position: Position| cursor::seal(key, LIST, &position))
        .transpose()?;
    let link = next.as_ref().map(|next| {
        let name = &dataset.name;
        format!("</datasets/{name}/revisions?limit={limit}&cursor={next}>; rel=\"next\"")
    });
    let data: Vec<Revision> = found.iter().map(Into::into).collect();
    let reply = Reply::json(StatusCode::OK, &List { data, next });
    Ok(match link {
        Some(link) => reply.with(LINK, link),
        None => reply,
    })
}
