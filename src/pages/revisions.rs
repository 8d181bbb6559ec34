//! The revisions of a dataset.

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::table::check_name;
use super::text::{Frame, ago, difference, grouped, query, size, with_query};
use super::times::minute;
use super::visit::Visit;
use crate::api::reply::Reply;

/// The most bytes of a list.
const LIST: usize = 1 << 20;
/// The revisions of a page.
const SHOWN: &str = "100";

/// A list of the API.
#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    revision: i64,
    created_at: Timestamp,
    author: Option<String>,
    row_count: u64,
    byte_count: u64,
    sha256: String,
}

/// A revision, as it is shown.
struct Item {
    number: i64,
    created_at: Timestamp,
    age: String,
    minute: String,
    author: Option<String>,
    rows: String,
    /// How many rows more or less than in the revision before.
    more: Option<String>,
    size: String,
    digest: String,
    /// The revision before, if it is kept.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "revisions.html")]
struct Revisions<'a> {
    frame: Frame<'a>,
    name: &'a str,
    items: Vec<Item>,
    next: Option<String>,
    first: bool,
}

/// `GET /explore/{name}/revisions`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    check_name(name)?;
    let cursor = visit.parameter("cursor");
    let pairs = [("limit", SHOWN)].into_iter();
    let pairs = pairs.chain(cursor.as_deref().map(|cursor| ("cursor", cursor)));
    let target = with_query(&format!("/datasets/{name}/revisions"), &query(pairs));
    let answer = visit.api.get(super::DATA, &target, LIST).await;
    let list: List = answer.success()?.read().await?;
    let now = visit.services.clock.now();
    let before = list.data.iter().skip(1).map(Some).chain([None]);
    let items = list.data.iter().zip(before).map(|(one, before)| Item {
        number: one.revision,
        created_at: one.created_at,
        age: ago(one.created_at, now),
        minute: minute(one.created_at),
        author: one.author.clone(),
        rows: grouped(one.row_count),
        more: before.map(|before| difference(before.row_count, one.row_count)),
        size: size(one.byte_count),
        digest: one.sha256.chars().take(12).collect(),
        before: before.map(|before| before.revision),
    });
    let title = format!("Revisions of {name} · Flash");
    let revisions = Revisions {
        frame: Frame::titled(&title),
        name,
        items: items.collect(),
        first: cursor.is_none(),
        next: list.next.map(|cursor| {
            let pairs = [("cursor", &*cursor)].into_iter();
            with_query(&format!("/explore/{name}/revisions"), &query(pairs))
        }),
    };
    Ok(sent(StatusCode::OK, &revisions, Robots::NoIndex))
}
