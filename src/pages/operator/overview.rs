//! The first page for the operator.

use askama::Template;
use http::StatusCode;

use super::Counted;
use crate::api::reply::Reply;
use crate::pages::problem::Problem;
use crate::pages::sent::{Robots, page as sent};
use crate::pages::text::{Frame, grouped, size};
use crate::pages::times::moment;
use crate::services::{NotReady, Services, retirement, usage};
use crate::store::{Load, Read};
use crate::versioning::{Lifecycle, State};

/// The lines of a table that are shown, so that the page stays small.
const LINES: usize = 200;

#[derive(Template)]
#[template(path = "operator.html")]
struct Overview {
    frame: Frame<'static>,
    health: Vec<(&'static str, String)>,
    versions: Vec<ShownVersion>,
    used: Vec<Counted>,
    /// The lines that are not shown.
    hidden: usize,
    refused: Vec<Counted>,
    reads: Vec<ShownRead>,
    days: i64,
}

/// A version with its users.
struct ShownVersion {
    number: String,
    state: &'static str,
    announced: Vec<String>,
    is_default: bool,
    callers: usize,
    requests: String,
    /// Whether there is a newer one to move to, so that it could be retired.
    may_go: bool,
}

/// `GET /` on the admin address.
pub(super) async fn page(services: &Services) -> Result<Reply, Problem> {
    let now = services.clock.now();
    let since = retirement::first_day(now);
    let mut used = services.store.usage(None, since).await?;
    let refused = services.store.refusals(since).await?;
    let reads = services.store.frequent_reads(since).await?;
    let users = retirement::users(&used);
    let catalogue = &services.catalogue;
    let versions = catalogue.iter().map(|version| {
        let number = version.number;
        let own = || users.iter().filter(|user| user.version == number.get());
        ShownVersion {
            number: number.to_string(),
            state: version.state(now).as_str(),
            announced: announced(&version.lifecycle),
            is_default: number == catalogue.first(),
            callers: own().count(),
            requests: grouped(own().map(|user| user.requests).sum()),
            may_go: catalogue.successor(number, now).is_some()
                && version.state(now) != State::Retired,
        }
    });
    let versions = versions.collect();
    // The oldest versions and the busiest callers first: they are what the operator looks for.
    used.sort_by(|one, other| {
        let key = |used: &crate::store::Used| (used.version, std::cmp::Reverse(used.requests));
        key(one).cmp(&key(other))
    });
    let overview = Overview {
        frame: Frame::of_operator("Operator · Flash"),
        health: health(services).await,
        versions,
        hidden: used.len().saturating_sub(LINES),
        used: used.iter().take(LINES).map(Counted::of).collect(),
        refused: refused.iter().take(LINES).map(Counted::of).collect(),
        reads: reads.iter().take(LINES).map(ShownRead::of).collect(),
        days: retirement::DAYS,
    };
    Ok(sent(StatusCode::OK, &overview, Robots::NoIndex))
}

/// The dates of a version, in words.
pub(super) fn announced(lifecycle: &Lifecycle) -> Vec<String> {
    let dates = [
        ("promoted", lifecycle.promoted),
        ("deprecated", lifecycle.deprecated),
        ("retired", lifecycle.retired),
    ];
    let dates = dates
        .into_iter()
        .filter_map(|(what, date)| Some(format!("{what} {}", moment(date?))));
    let brownouts = lifecycle.brownouts.iter();
    let brownouts =
        brownouts.map(|one| format!("brownout {} to {}", moment(one.start), moment(one.end)));
    dates.chain(brownouts).collect()
}

/// A caller of a dataset, as it is shown.
struct ShownRead {
    dataset: String,
    caller: String,
    requests: String,
    last: String,
}

impl ShownRead {
    fn of(read: &Read) -> Self {
        Self {
            dataset: read.dataset.clone(),
            caller: match &read.client {
                Some(name) => name.clone(),
                None => usage::anonymous(&read.family),
            },
            requests: grouped(read.requests),
            last: moment(read.last_at),
        }
    }
}

async fn health(services: &Services) -> Vec<(&'static str, String)> {
    let ready = match services.ready().await {
        Ok(()) => "ready for requests".to_owned(),
        Err(NotReady::Draining) => "stopping: it finishes the requests in flight".to_owned(),
        Err(NotReady::Store(error)) => format!("not ready: {error}"),
    };
    let Load {
        busy,
        idle,
        waiting,
        queued,
        ..
    } = services.store.load();
    let (mut held, mut budget) = (0, 0);
    for share in services.memory.load() {
        held += share.held;
        budget += share.bytes;
    }
    vec![
        ("Server", ready),
        ("Release", env!("CARGO_PKG_VERSION").to_owned()),
        (
            "Database",
            format!(
                "{busy} connections busy, {idle} idle, {waiting} requests and {queued} writes wait"
            ),
        ),
        (
            "Memory",
            format!(
                "{} of {} held for clients",
                size(held as u64),
                size(budget as u64)
            ),
        ),
    ]
}
