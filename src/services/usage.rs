//! Requests counted per client, version and operation, in memory, and handed to the store every few seconds.
//!
//! The number of keys is bounded: anonymous callers are counted by the kind of their user agent, and there are few kinds. A
//! server that is killed loses what it has not handed over: these are statistics, not data.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::Metrics;
use crate::settings::CountUsage;
use crate::store::{Count, Store, StoreError};

/// Kinds of user agents. A user agent is of a kind if the header begins with its name.
const FAMILIES: &[&str] = &[
    "flash",
    "curl",
    "wget",
    "httpie",
    "python-requests",
    "python-httpx",
    "python-urllib",
    "aiohttp",
    "go-http-client",
    "java",
    "okhttp",
    "apache-httpclient",
    "axios",
    "node",
    "undici",
    "ruby",
    "faraday",
    "guzzlehttp",
    "reqwest",
    "ureq",
    "hyper",
    "dart",
    "postmanruntime",
    "insomnia",
    "mozilla",
];
/// All other user agents.
const OTHER: &str = "other";
/// Callers without the header.
const NONE: &str = "none";
/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Requests that were not handed to the store yet.
#[derive(Debug)]
pub struct Usage {
    counts: bool,
    counted: Mutex<PendingCounts>,
    /// The names of clients, by their numbers.
    names: Mutex<HashMap<i64, String>>,
}

/// Counts of requests, with the time of the last one.
#[derive(Debug, Default)]
struct PendingCounts {
    /// The key that was counted last. Most requests have the same key as the one before, and so need no lookup.
    last: Option<(UsageKey, RequestCount)>,
    /// All other counts. A key may be in both; its counts add up.
    rest: HashMap<UsageKey, RequestCount>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RequestCount {
    requests: i64,
    /// In microseconds since 1970.
    last_at: i64,
}

impl PendingCounts {
    fn add(&mut self, key: UsageKey, more: RequestCount) {
        match &mut self.last {
            Some((last, figures)) if *last == key => figures.add(more),
            last => {
                let before = last.replace((key, more));
                self.put_aside(before);
            }
        }
    }

    fn put_aside(&mut self, counted: Option<(UsageKey, RequestCount)>) {
        if let Some((key, figures)) = counted {
            let entry = self.rest.entry(key).or_insert(RequestCount {
                requests: 0,
                ..figures
            });
            entry.add(figures);
        }
    }

    fn take(&mut self) -> Vec<(UsageKey, RequestCount)> {
        let last = self.last.take();
        self.put_aside(last);
        self.rest.drain().collect()
    }
}

impl RequestCount {
    fn add(&mut self, more: Self) {
        self.requests += more.requests;
        self.last_at = self.last_at.max(more.last_at);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct UsageKey {
    client: i64,
    version: u32,
    family: &'static str,
    operation: &'static str,
    day: i64,
}

impl Usage {
    /// Counts requests, unless the setting turns it off.
    pub(super) fn new(setting: CountUsage) -> Self {
        Self {
            counts: setting == CountUsage::On,
            counted: Mutex::default(),
            names: Mutex::default(),
        }
    }

    /// Counts a request. An anonymous caller has no `client`; its `user_agent` is used instead.
    pub fn count(
        &self,
        client: Option<i64>,
        user_agent: Option<&str>,
        version: u32,
        operation: &'static str,
        now: Timestamp,
    ) {
        if !self.counts {
            return;
        }
        let now = now.as_microsecond();
        let key = UsageKey {
            client: client.unwrap_or(0),
            version,
            family: match client {
                Some(_) => "",
                None => family(user_agent),
            },
            operation,
            day: now.div_euclid(DAY),
        };
        let one = RequestCount {
            requests: 1,
            last_at: now,
        };
        self.counted().add(key, one);
    }

    fn counted(&self) -> MutexGuard<'_, PendingCounts> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the counts to the store. What the store does not take is kept for the next time; what it takes is added to the
    /// metrics.
    pub(super) async fn hand_over(
        &self,
        store: &Store,
        metrics: &Metrics,
    ) -> Result<(), StoreError> {
        let counts = self.take();
        if counts.is_empty() {
            return Ok(());
        }
        let outcome = match self.learn_names(store, &counts).await {
            Ok(()) => store.count_usage(counts.clone()).await,
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(()) => self.tell(metrics, &counts),
            Err(_) => self.put_back(&counts),
        }
        outcome
    }

    /// Reads the clients' names if one is missing.
    async fn learn_names(&self, store: &Store, counts: &[Count]) -> Result<(), StoreError> {
        let all_known = {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            let mut clients = counts.iter().map(|count| count.client);
            clients.all(|client| client == 0 || names.contains_key(&client))
        };
        if !all_known {
            let found = store.clients().await?;
            let found = found.into_iter().map(|client| (client.id, client.name));
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.extend(found);
        }
        Ok(())
    }

    fn tell(&self, metrics: &Metrics, counts: &[Count]) {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for count in counts {
            let requests = u64::try_from(count.requests).unwrap_or(0);
            match names.get(&count.client) {
                Some(name) => metrics.used(count.version, name, requests),
                None => metrics.used(count.version, &anonymous(count.family), requests),
            }
        }
    }

    fn take(&self) -> Vec<Count> {
        let mut all = self.counted().take();
        all.sort_unstable();
        all.into_iter()
            .map(|(key, RequestCount { requests, last_at })| Count {
                client: key.client,
                version: key.version,
                family: key.family,
                operation: key.operation,
                day: key.day,
                requests,
                last_at,
            })
            .collect()
    }

    fn put_back(&self, counts: &[Count]) {
        let mut counted = self.counted();
        for count in counts {
            let key = UsageKey {
                client: count.client,
                version: count.version,
                family: count.family,
                operation: count.operation,
                day: count.day,
            };
            let figures = RequestCount {
                requests: count.requests,
                last_at: count.last_at,
            };
            counted.add(key, figures);
        }
    }
}

/// The name for anonymous callers of a kind of user agent.
pub fn anonymous(family: &str) -> String {
    format!("anonymous ({family})")
}

/// The day of a time, as it is stored.
pub fn day(time: Timestamp) -> i64 {
    time.as_microsecond().div_euclid(DAY)
}

/// When a day begins.
pub fn start_of(day: i64) -> Timestamp {
    Timestamp::from_microsecond(day.saturating_mul(DAY)).unwrap_or(Timestamp::MIN)
}

pub(super) fn family(user_agent: Option<&str>) -> &'static str {
    let Some(user_agent) = user_agent else {
        return NONE;
    };
    let begins = |family: &&&'static str| {
        user_agent
            .get(..family.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(family))
    };
    FAMILIES.iter().find(begins).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_without_a_key_are_told_apart_by_few_kinds_of_user_agents() {
        assert_eq!(family(Some("curl/8.5.0")), "curl");
        assert_eq!(family(Some("Mozilla/5.0 (X11)")), "mozilla");
        assert_eq!(family(Some("Go-http-client/2.0")), "go-http-client");
        assert_eq!(family(Some("something of one's own")), OTHER);
        assert_eq!(family(Some("ü")), OTHER);
        assert_eq!(family(None), NONE);
    }
}
