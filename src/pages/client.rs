//! `/explore/-/client`: a client's own page. It shows the pin, what the client used, and what an upgrade would change for it. The pin is
//! moved by `PATCH /client`, which the module `client.js` sends: only JavaScript has the key.

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::compare::notes::Change;
use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::text::{Frame, counted};
use super::times;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::versioning::{State, VersionNumber};

/// The most bytes of an answer that are read.
const ANSWER: usize = 1 << 20;

/// What the API says of a client.
#[derive(Deserialize)]
struct Client {
    name: String,
    pin: Option<String>,
    pinned_by: Option<String>,
    pinned_at: Option<Timestamp>,
    last_contact_at: Option<Timestamp>,
    history: Vec<Move>,
    versions: Vec<Used>,
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Move {
    at: Timestamp,
    by: String,
    from: Option<String>,
    to: String,
}

#[derive(Deserialize)]
struct Used {
    version: String,
    requests: u64,
    last_at: Timestamp,
}

#[derive(Deserialize)]
struct Extension {
    version: String,
    retires_at: Timestamp,
}

/// What an upgrade would change.
#[derive(Deserialize)]
struct Upgrade {
    to: String,
    breaking: bool,
    everywhere: Vec<Change>,
    operations: Vec<UsedOperation>,
    unchanged: Vec<String>,
}

#[derive(Deserialize)]
struct UsedOperation {
    operation: String,
    from: String,
    requests: u64,
    before: Option<String>,
    after: Option<String>,
    breaking: bool,
    changes: Vec<Change>,
}

/// What can be asked of the upgrade.
enum Report {
    Known(Upgrade),
    /// Why it can't be told.
    Refused(String),
}

#[derive(Template)]
#[template(path = "client.html")]
struct ClientPage<'a> {
    frame: Frame<'a>,
    client: Option<Known>,
}

struct Known {
    client: Client,
    /// The versions that the client can be pinned to, and isn't.
    targets: Vec<String>,
    /// The version that the last move came from.
    undo: Option<String>,
    report: Report,
}

/// The page.
pub(super) async fn page(visit: &Visit) -> Result<Reply, Problem> {
    let client = match visit.has_key() {
        true => Some(known(visit).await?),
        false => None,
    };
    let shown = ClientPage {
        frame: Frame::titled("Your client · Flash"),
        client,
    };
    Ok(sent(StatusCode::OK, &shown, Robots::NoIndex))
}

async fn known(visit: &Visit) -> Result<Known, Problem> {
    let _held = visit.memory().await?;
    let answer = visit
        .api
        .get(super::DATA, "/client", ANSWER)
        .await
        .success()?;
    let client: Client = answer.read_as()?;
    let target = match visit
        .parameter("to")
        .and_then(|to| to.parse::<VersionNumber>().ok())
    {
        Some(to) => format!("/client/upgrade?to={to}"),
        None => "/client/upgrade".to_owned(),
    };
    let answer = visit.api.get(super::DATA, &target, ANSWER).await;
    let report = match answer.status.is_success() {
        true => Report::Known(answer.read_as()?),
        false => Report::Refused(Problem::of(&answer).detail().to_owned()),
    };
    let now = visit.services.clock.now();
    let catalogue = visit.services.catalogue.iter();
    let targets = catalogue
        .filter(|version| matches!(version.state(now), State::Stable | State::Deprecated))
        .map(|version| version.number.to_string())
        .filter(|version| client.pin.as_ref() != Some(version));
    Ok(Known {
        targets: targets.collect(),
        undo: client.history.first().and_then(|last| last.from.clone()),
        client,
        report,
    })
}

/// A time, as the template has it.
fn moment(time: &Timestamp) -> String {
    times::moment(*time)
}
