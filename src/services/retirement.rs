//! Which clients would be left behind if a version was retired.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Services, usage};
use crate::store::{Client, StoreError, Used};
use crate::versioning::VersionNumber;

/// A client uses a version if it sent a request in so many days.
pub const DAYS: i64 = 30;

/// The first of these days.
pub fn first_day(now: Timestamp) -> i64 {
    usage::day(now) - DAYS
}

/// How many callers a warning names; it counts the rest.
const NAMED: usize = 20;

/// How long to wait before asking a store again that did not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// A caller that uses a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The version, N of vN.
    pub version: u32,
    /// A client's name, or for anonymous callers the kind of their user agent: `anonymous (curl)`.
    pub name: String,
    /// The kind of user agent of anonymous callers. `None`: a client.
    pub family: Option<String>,
    /// How many requests.
    pub requests: u64,
    /// When the last of them came.
    pub last_at: Timestamp,
}

impl std::fmt::Display for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            requests,
            last_at,
            ..
        } = self;
        let s = if *requests == 1 { "" } else { "s" };
        write!(f, "{name} ({requests} request{s}, the last at {last_at})")
    }
}

/// Who used which version, summed over operations: the newest version first, then by name.
pub fn users(used: &[Used]) -> Vec<User> {
    let mut found: BTreeMap<(std::cmp::Reverse<u32>, String), User> = BTreeMap::new();
    for one in used {
        let name = usage::caller(one);
        let key = (std::cmp::Reverse(one.version), name.clone());
        let user = found.entry(key).or_insert_with(|| User {
            version: one.version,
            name,
            family: one.client.is_none().then(|| one.family.clone()),
            requests: 0,
            last_at: one.last_at,
        });
        user.requests += one.requests;
        user.last_at = one.last_at.max(user.last_at);
    }
    found.into_values().collect()
}

/// The callers that would be left behind if a version ended. Clients with a later date of their own are not, nor are disabled
/// clients.
pub fn left_behind(
    used: &[Used],
    clients: &[Client],
    version: VersionNumber,
    end: Timestamp,
) -> Vec<User> {
    let goes_on = |client: &Client| {
        let granted = |one: &&crate::store::Extension| one.version == version.get();
        let until = client.extensions.iter().find(granted);
        client.disabled_at.is_some() || until.is_some_and(|until| until.retires_at > end)
    };
    users(used)
        .into_iter()
        .filter(|user| user.version == version.get())
        .filter(|user| {
            let client = clients.iter().find(|client| client.name == user.name);
            !client.is_some_and(goes_on)
        })
        .collect()
}

/// What callers used at `since` or later, without anonymous callers of some kinds of user agents.
pub fn of_interest(mut used: Vec<Used>, since: Timestamp, ignored: &[&str]) -> Vec<Used> {
    used.retain(|used| {
        let is_ignored = used.client.is_none() && ignored.contains(&used.family.as_str());
        used.last_at >= since && !is_ignored
    });
    used
}

/// Clients that are pinned to the version and did not use it lately.
pub fn silent<'c>(
    clients: &'c [Client],
    used: &'c [Used],
    version: VersionNumber,
) -> impl Iterator<Item = &'c Client> {
    clients
        .iter()
        .filter(move |client| client.pin == Some(version.get()) && client.disabled_at.is_none())
        .filter(move |client| {
            !used.iter().any(|used| {
                used.client.as_deref() == Some(client.name.as_str())
                    && used.version == version.get()
            })
        })
}

/// Logs a warning for each version with an end date that was used lately, once the store answers.
pub(super) async fn warn(services: &Services) {
    let ends: Vec<(VersionNumber, Timestamp)> = services
        .catalogue
        .iter()
        .filter_map(|version| Some((version.number, version.lifecycle.retired?)))
        .collect();
    if ends.is_empty() {
        return;
    }
    let (used, clients) = loop {
        match lately(services).await {
            Ok(found) => break found,
            Err(StoreError::Closed) => return,
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    for (version, end) in ends {
        let users = left_behind(&used, &clients, version, end);
        if users.is_empty() {
            continue;
        }
        let named: Vec<String> = users.iter().take(NAMED).map(User::to_string).collect();
        let more = match users.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let is = if end <= services.clock.now() {
            "was"
        } else {
            "is going to be"
        };
        log::warn!(
            "{version} {is} retired at {end}, and was used in the last {DAYS} days by {}{more}: they get 410 from then on; \
             move them first, retire it later, or grant a client more time (flash clients extend NAME {version}=DATE)",
            named.join(", ")
        );
    }
}

async fn lately(services: &Services) -> Result<(Vec<Used>, Vec<Client>), StoreError> {
    let since = first_day(services.clock.now());
    let used = services.store.usage(None, since).await?;
    Ok((used, services.store.clients().await?))
}
