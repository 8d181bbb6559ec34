//! The operations of a client about itself. They are the same in all versions.

mod upgrade;

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

pub(super) use upgrade::{describe as describe_upgrade, get_upgrade};

use super::access;
use super::call::Call;
use super::description::{Answer, Description, Parameter, RequestBody, Schema};
use super::error::Error;
use super::intake;
use super::reply::Reply;
use crate::services::retirement;
use crate::store::{Extension, Move, Pinned, Used};
use crate::versioning::{State, VersionNumber};

/// A client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
struct ClientView {
    /// Its name.
    name: String,
    /// The version that it gets when a request names none.
    #[schema(required = true, example = "v2")]
    pin: Option<String>,
    /// Who set the pin: `first-contact`, `client` or `operator`.
    #[schema(required = true)]
    pinned_by: Option<String>,
    /// When the pin was set.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pinned_at: Option<Timestamp>,
    /// When it first called.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    first_contact_at: Option<Timestamp>,
    /// The last counted request. Requests are counted a few seconds after they arrive.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    last_contact_at: Option<Timestamp>,
    /// The moves of the pin, the newest first.
    history: Vec<MoveView>,
    /// The versions that it used in the last 30 days.
    versions: Vec<VersionView>,
    /// The versions that are retired later for this client than for others.
    extensions: Vec<ExtensionView>,
}

/// A move of a pin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Move)]
struct MoveView {
    /// The time of the move.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who moved it: `first-contact`, `client` or `operator`.
    by: String,
    /// The version before the move; null if there was no pin.
    #[schema(required = true)]
    from: Option<String>,
    /// The version after the move.
    to: String,
}

/// The use of a version.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsedVersion)]
struct VersionView {
    /// The version.
    version: String,
    /// The number of requests.
    requests: u64,
    /// The time of the last request.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// A version that is retired later for this client than for others.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Extension)]
struct ExtensionView {
    /// The version.
    version: String,
    /// When it is retired for this client.
    #[schema(value_type = String, format = DateTime)]
    retires_at: Timestamp,
}

/// A move of the pin, as it is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    version: Option<Wanted>,
    #[serde(default)]
    undo: bool,
}

/// A version as a number or by its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Wanted {
    Number(u32),
    Name(String),
}

/// The schema of a client, with an example.
fn view() -> Schema {
    let at = "2026-11-30T10:29:01.696679Z";
    Schema::of::<ClientView>().example(json!({
        "name": "billing",
        "pin": "v2",
        "pinned_by": "client",
        "pinned_at": at,
        "first_contact_at": "2026-03-01T08:00:00Z",
        "last_contact_at": at,
        "history": [
            { "at": at, "by": "client", "from": "v1", "to": "v2" },
            { "at": "2026-03-01T08:00:00Z", "by": "first-contact", "from": null, "to": "v1" },
        ],
        "versions": [{ "version": "v1", "requests": 12, "last_at": at }],
        "extensions": [],
    }))
}

pub(super) fn describe_get() -> Description {
    Description {
        summary: "Show the calling client: its name, its pin and the history of the pin",
        details: "The client is the one whose key the request has; without a key it is 401. The first call of a client pins it to the version that is the newest stable one then.",
        answers: vec![Answer::new(StatusCode::OK, "The calling client.").json(view())],
        refusals: vec![StatusCode::UNAUTHORIZED],
        ..Description::default()
    }
}

pub(super) fn describe_patch() -> Description {
    // They have names, because openapi-python-client reads no others in a body with two media types.
    let to = Schema::written(json!({
        "type": "object",
        "properties": { "version": { "type": ["integer", "string"], "examples": [2, "v2"] } },
        "required": ["version"],
    }));
    let undo = Schema::written(json!({
        "type": "object",
        "properties": { "undo": { "const": true } },
        "required": ["undo"],
    }));
    let (mut to, undo) = (to.called("MoveTo"), undo.called("UndoMove"));
    to.named.extend(undo.named);
    to.value = json!({ "oneOf": [to.value, undo.value] });
    Description {
        summary: "Move the calling client's pin to another version, or undo the last move",
        details: "Requests that name no version get the version of the pin from then on. A version that is retired, or a preview, can't be the pin. \
                  With an `Idempotency-Key`, a retry of an undo undoes only once.",
        parameters: vec![Parameter::idempotency_key()],
        body: Some(RequestBody::document(
            "The version to pin the client to, or `undo` for the last move.",
            to,
        )),
        answers: vec![
            Answer::new(StatusCode::OK, "The client, after the move.")
                .replayed()
                .json(view()),
        ],
        refusals: vec![
            StatusCode::UNAUTHORIZED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::CONFLICT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ],
    }
}

/// `GET /client`: the client, with the moves of its pin.
pub(super) async fn get_client(call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let name = call.known_client()?.name.clone();
    let store = &call.services.store;
    let client = store.client(&name).await?.ok_or(Error::Worker)?;
    let moves = store.moves(client.id).await?;
    let used = usage(&call, client.id).await?;
    Ok(show(&Pinned { client, moves }, &used))
}

/// `PATCH /client`: moves the pin.
pub(super) async fn patch_client(mut call: Call) -> Result<Reply, Error> {
    call.query()?.finish()?;
    let client = call.known_client()?;
    let id = client.id;
    let client = Arc::clone(client);
    let bad = |reason: String| Error::BadMove { reason };
    let body = intake::receive_document(&mut call).await?;
    let wish: Wish = serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))?;
    let to = match wish {
        Wish {
            version: Some(wanted),
            undo: false,
        } => wanted.number(&call)?,
        Wish {
            version: None,
            undo: true,
        } => {
            let moves = call.services.store.moves(id).await?;
            let last = moves.last().and_then(|last| last.from);
            let last = last.ok_or_else(|| bad("there is no move to undo".to_owned()))?;
            Wanted::Number(last).number(&call)?
        }
        _ => return Err(bad("it must have either version or undo".to_owned())),
    };
    let store = &call.services.store;
    // A move doesn't change the usage, so it can be read before the transaction.
    let used = Arc::new(usage(&call, id).await?);
    let shown = Arc::clone(&used);
    let receipt = call.receipt(move |pinned| show(pinned, &shown)).await?;
    let pinned = store.move_pin(client, to.get(), receipt).await?;
    call.settle();
    call.services.clients.forget();
    Ok(show(&pinned, &used))
}

impl Wanted {
    /// The version, if a client can be pinned to it.
    fn number(&self, call: &Call) -> Result<VersionNumber, Error> {
        let catalogue = access::catalogue_of(&call.services, call.client.as_deref());
        let now = call.services.clock.now();
        let may = |state: State| matches!(state, State::Stable | State::Deprecated);
        let number = match self {
            Self::Number(number) => VersionNumber::new(*number),
            Self::Name(name) => name.parse().ok(),
        };
        let found = number.and_then(|number| catalogue.get(number));
        match found.filter(|version| may(version.state(now))) {
            Some(version) => Ok(version.number),
            None => Err(Error::NoSuchPin {
                wanted: match self {
                    Self::Number(number) => format!("v{number}"),
                    Self::Name(name) => name.chars().take(40).collect(),
                },
                available: catalogue
                    .iter()
                    .filter(|version| may(version.state(now)))
                    .map(|version| version.number)
                    .collect(),
            }),
        }
    }
}

async fn usage(call: &Call, client: i64) -> Result<Vec<Used>, Error> {
    let since = retirement::first_day(call.services.clock.now());
    Ok(call.services.store.usage(Some(client), since).await?)
}

fn show(Pinned { client, moves }: &Pinned, used: &[Used]) -> Reply {
    let last = moves.last();
    let view = ClientView {
        pin: client.pin.map(|pin| format!("v{pin}")),
        pinned_by: last.map(|last| last.by.clone()),
        pinned_at: last.map(|last| last.at),
        first_contact_at: client.first_contact_at,
        last_contact_at: used.iter().map(|used| used.last_at).max(),
        history: moves.iter().rev().map(MoveView::from).collect(),
        versions: versions(used),
        extensions: client.extensions.iter().map(ExtensionView::from).collect(),
        name: client.name.clone(),
    };
    Reply::json(StatusCode::OK, &view)
}

/// The usage of each version, the newest version first.
fn versions(used: &[Used]) -> Vec<VersionView> {
    let mut numbers: Vec<u32> = used.iter().map(|used| used.version).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let of = |number: u32| used.iter().filter(move |used| used.version == number);
    let view = |number: u32| {
        Some(VersionView {
            version: format!("v{number}"),
            requests: of(number).map(|used| used.requests).sum(),
            last_at: of(number).map(|used| used.last_at).max()?,
        })
    };
    numbers.into_iter().rev().filter_map(view).collect()
}

impl From<&Extension> for ExtensionView {
    fn from(one: &Extension) -> Self {
        Self {
            version: format!("v{}", one.version),
            retires_at: one.retires_at,
        }
    }
}

impl From<&Move> for MoveView {
    fn from(one: &Move) -> Self {
        Self {
            at: one.at,
            by: one.by.clone(),
            from: one.from.map(|from| format!("v{from}")),
            to: format!("v{}", one.to),
        }
    }
}
