//! `GET /client/upgrade?to=v2`: what a move to another version would change for the client that asks, which is those of its
//! own operations that differ there.

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::description::{Answer, Description, Parameter, Schema};
use crate::api::error::Error;
use crate::api::history::{Entry, History};
use crate::api::query::version_names;
use crate::api::reply::Reply;
use crate::services::{retirement, usage};
use crate::store::Used;
use crate::versioning::VersionNumber;

/// What a move to another version would change for one client.
#[derive(Debug, Serialize, ToSchema)]
struct Upgrade {
    /// The version to move to.
    #[schema(example = "v2")]
    to: String,
    /// The start of the period whose requests are considered. The last few seconds are not counted yet.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Whether one of the changes may break the client.
    breaking: bool,
    /// What changes in every operation.
    everywhere: Vec<Entry>,
    /// The operations that the client used and that differ, each with the version it was used in.
    operations: Vec<UsedOperation>,
    /// The operations that the client used and that don't differ.
    unchanged: Vec<String>,
}

/// An operation that a client used.
#[derive(Debug, Serialize, ToSchema)]
struct UsedOperation {
    /// Its name.
    operation: String,
    /// The version it was used in.
    #[schema(example = "v1")]
    from: String,
    /// The number of requests.
    requests: u64,
    /// The time of the last request.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// Its method and path in that version.
    #[schema(example = "GET /datasets/{name}", required = true)]
    before: Option<String>,
    /// Its method and path in the target version; null if it is removed.
    #[schema(example = "GET /datasets/{name}", required = true)]
    after: Option<String>,
    /// Whether one of the changes may break the client.
    breaking: bool,
    /// What changes, from the oldest release to the newest.
    changes: Vec<Entry>,
}

pub(in crate::api) fn describe() -> Description {
    Description {
        summary: "List what a move to another version would change for the calling client",
        details: "It compares the operations that the client used in the last 30 days, each with the version it was used in. Nothing is moved: `PATCH /client` does that.",
        parameters: vec![Parameter::version(
            "to",
            "The version to move to. It must not be older than the versions that the client uses. The default is the newest stable version.",
        )],
        answers: vec![
            Answer::new(
                StatusCode::OK,
                "The operations that the client used in the last 30 days and that differ.",
            )
            .json(Schema::of::<Upgrade>().example(example())),
        ],
        refusals: vec![StatusCode::UNAUTHORIZED],
        ..Description::default()
    }
}

fn example() -> Value {
    json!({
        "to": "v2",
        "since": "2026-10-31T00:00:00Z",
        "breaking": true,
        "everywhere": [],
        "operations": [{
            "operation": "get_dataset",
            "from": "v1",
            "requests": 12,
            "last_at": "2026-11-30T10:29:01.696679Z",
            "before": "GET /datasets/{name}",
            "after": "GET /datasets/{name}",
            "breaking": true,
            "changes": [{
                "version": "2.0.0",
                "kind": "changed",
                "operation": "get_dataset",
                "breaking": true,
                "summary": "GET /datasets/{name} describes a dataset, without its rows; GET /datasets/{name}/rows has them",
                "before": null,
                "after": null,
            }],
        }],
        "unchanged": ["get_root"],
    })
}

/// `GET /client/upgrade`.
pub(in crate::api) async fn get_upgrade(call: Call) -> Result<Reply, Error> {
    let mut query = call.query()?;
    let catalogue = &call.services.catalogue;
    let now = call.services.clock.now();
    let to = query.take_version(catalogue, "to")?;
    query.finish()?;
    let to = to.unwrap_or_else(|| catalogue.newest_stable(now));
    let client = call.known_client()?.id;
    let first = retirement::first_day(now);
    let used = call.services.store.usage(Some(client), first).await?;
    let newest = used.iter().map(|used| used.version).max();
    if let Some(newest) = newest.filter(|newest| *newest > to.get()) {
        let expected = format!(
            "v{newest}, which you use already, or a newer one; {}",
            version_names(catalogue)
        );
        return Err(Error::bad_parameter("to", to.to_string(), expected));
    }
    let upgrade = Upgrade::of(&call.history, &used, to, usage::start_of(first));
    Ok(Reply::json(StatusCode::OK, &upgrade))
}

impl Upgrade {
    fn of(history: &History, used: &[Used], to: VersionNumber, since: Timestamp) -> Self {
        let older = || used.iter().filter(|used| used.version < to.get());
        let oldest = older().map(|used| used.version).min();
        let everywhere: Vec<Entry> = oldest.map_or_else(Vec::new, |oldest| {
            history
                .changes(oldest, to)
                .filter(|entry| entry.operation.is_none())
                .collect()
        });
        let (mut operations, mut unchanged) = (Vec::new(), Vec::new());
        for used in older() {
            let operation = UsedOperation::of(history, used, to);
            if operation.changes.is_empty() && operation.before == operation.after {
                unchanged.push(operation.operation);
            } else {
                operations.push(operation);
            }
        }
        let there = used.iter().filter(|used| used.version == to.get());
        unchanged.extend(there.map(|used| used.operation.clone()));
        unchanged.sort_unstable();
        unchanged.dedup();
        Self {
            to: to.to_string(),
            since,
            breaking: everywhere.iter().any(|entry| entry.breaking)
                || operations.iter().any(|operation| operation.breaking),
            everywhere,
            operations,
            unchanged,
        }
    }
}

impl UsedOperation {
    fn of(history: &History, used: &Used, to: VersionNumber) -> Self {
        let name = used.operation.as_str();
        let place = |version| history.place(version, name).map(str::to_owned);
        let before = VersionNumber::new(used.version).and_then(place);
        let after = place(to);
        let changes: Vec<Entry> = history
            .changes(used.version, to)
            .filter(|entry| entry.operation == Some(name))
            .collect();
        Self {
            operation: name.to_owned(),
            from: format!("v{}", used.version),
            requests: used.requests,
            last_at: used.last_at,
            breaking: after.is_none() || changes.iter().any(|entry| entry.breaking),
            before,
            after,
            changes,
        }
    }
}
