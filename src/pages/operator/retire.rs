//! What the operator looks at before a version is retired.

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;

use super::Counted;
use super::overview::announced;
use crate::api::reply::Reply;
use crate::pages::problem::Problem;
use crate::pages::sent::{Robots, page as sent};
use crate::pages::text::{Frame, grouped};
use crate::pages::times::moment;
use crate::services::{Services, retirement};
use crate::versioning::VersionNumber;

#[derive(Template)]
#[template(path = "retire.html")]
struct Retire<'a> {
    frame: Frame<'a>,
    version: VersionNumber,
    successor: Option<VersionNumber>,
    announced: Vec<String>,
    /// Whether it has an end.
    has_end: bool,
    end: String,
    left: Vec<Left>,
    /// Clients that are pinned to it and did not call lately.
    silent: Vec<String>,
    refused: Vec<Counted>,
    days: i64,
}

/// A caller that would be left behind.
struct Left {
    name: String,
    /// Whether it is a client, which can be given more time.
    is_client: bool,
    requests: String,
    last: String,
}

/// `GET /retire/{version}` on the admin address.
pub(super) async fn page(services: &Services, version: &str) -> Result<Reply, Problem> {
    let catalogue = &services.catalogue;
    let found = version
        .parse()
        .ok()
        .and_then(|number| catalogue.get(number));
    let Some(version) = found else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "There is no such version",
            "The first page lists the versions.",
        ));
    };
    let number = version.number;
    let now = services.clock.now();
    let since = retirement::first_day(now);
    let used = services.store.usage(None, since).await?;
    let refused = services.store.refusals(since).await?;
    let clients = services.store.clients().await?;
    let announced_end = version.lifecycle.retired;
    let end: Timestamp = announced_end.unwrap_or(now);
    let left = retirement::left_behind(&used, &clients, number, end);
    let left = left.into_iter().map(|user| Left {
        is_client: clients.iter().any(|client| client.name == user.name),
        requests: grouped(user.requests),
        last: moment(user.last_at),
        name: user.name,
    });
    let silent = retirement::silent(&clients, &used, number);
    let title = format!("Before {number} is retired · Flash");
    let shown = Retire {
        frame: Frame::of_operator(&title),
        version: number,
        successor: catalogue.successor(number, now),
        announced: announced(&version.lifecycle),
        has_end: announced_end.is_some(),
        end: moment(end),
        left: left.collect(),
        silent: silent.map(|client| client.name.clone()).collect(),
        refused: refused
            .iter()
            .filter(|one| one.version == number.get())
            .map(Counted::of)
            .collect(),
        days: retirement::DAYS,
    };
    Ok(sent(StatusCode::OK, &shown, Robots::NoIndex))
}
