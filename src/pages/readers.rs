//! Who reads a dataset, for its owner.

use askama::Template;
use http::StatusCode;
use serde::Deserialize;

use super::problem::Problem;
use super::reader::Reader;
use super::sent::{Robots, page as sent};
use super::table::check_name;
use super::text::Frame;
use super::visit::Visit;
use crate::api::reply::Reply;

/// The most bytes of a list.
const LIST: usize = 1 << 20;
/// The most readers of a page.
const SHOWN: usize = 100;

/// What the API says.
#[derive(Deserialize)]
struct List {
    data: Vec<Reader>,
}

#[derive(Template)]
#[template(path = "readers.html")]
struct Readers<'a> {
    frame: Frame<'a>,
    name: &'a str,
    readers: &'a [Reader],
    /// How many are not shown.
    more: usize,
}

/// `GET /explore/{name}/readers`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    check_name(name)?;
    let target = format!("/datasets/{name}/readers");
    let answer = visit.api.get(super::DATA, &target, LIST).await;
    let List { data } = answer.success()?.read().await?;
    let title = format!("Readers of {name} · Flash");
    let readers = Readers {
        frame: Frame::titled(&title),
        name,
        readers: &data[..data.len().min(SHOWN)],
        more: data.len().saturating_sub(SHOWN),
    };
    Ok(sent(StatusCode::OK, &readers, Robots::NoIndex))
}
