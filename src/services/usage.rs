//! Requests counted per client, version and operation, or reason of a refusal, in memory, and handed to the store every few seconds.
//!
//! The number of keys is bounded: anonymous callers are counted by the kind of their user agent, and there are few kinds. A
//! server that is killed loses what it has not handed over: these are statistics, not data.

mod family;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use jiff::Timestamp;

pub(super) use family::family_of;

use super::Metrics;
use super::tally::Tally;
use crate::settings::CountUsage;
use crate::store::{Client, Count, Notice, Outcome, Store, StoreError, Used};

/// Keys that are counted between two hand-overs: far more than the clients, versions and operations that there are.
const MOST: usize = 1 << 16;
/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Requests that were not handed to the store yet.
#[derive(Debug)]
pub struct Usage {
    counts: bool,
    counted: Mutex<Tally<UsageKey, RequestCount>>,
    /// The names of clients, by their numbers.
    names: Mutex<HashMap<i64, KnownName>>,
    /// Whether this server gave a caller that named no version the default version.
    default_was_served: AtomicBool,
    /// Whether the store knows that.
    default_is_noted: AtomicBool,
}

/// The name of a client, and whom to ask about it.
#[derive(Debug)]
pub(super) struct KnownName {
    pub(super) name: String,
    pub(super) contact: Option<String>,
}

/// Makes notices of counts that are handed over, with the names of the clients.
pub(super) type MakeNotices<'a> =
    &'a (dyn Fn(&[Count], &HashMap<i64, KnownName>) -> Vec<Notice> + Sync);

/// Requests, and the time of the last one.
#[derive(Debug, Default, Clone, Copy)]
struct RequestCount {
    requests: i64,
    /// In microseconds since 1970.
    last_at: i64,
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
    outcome: Outcome,
    day: i64,
}

impl Usage {
    /// Counts requests, unless the setting turns it off.
    pub(super) fn new(setting: CountUsage) -> Self {
        Self {
            counts: setting == CountUsage::On,
            counted: Mutex::new(Tally::new(MOST)),
            names: Mutex::default(),
            default_was_served: AtomicBool::new(false),
            default_is_noted: AtomicBool::new(false),
        }
    }

    /// Remembers that a caller that named no version got the default version. It is remembered even if nothing is counted.
    pub fn default_served(&self) {
        // Mostly it is known already, and then nothing is written, so that cores don't take turns at it.
        if !self.default_was_served.load(Ordering::Relaxed) {
            self.default_was_served.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the store is to be told that the default version was served.
    pub(super) fn default_is_to_note(&self) -> bool {
        self.default_was_served.load(Ordering::Relaxed)
            && !self.default_is_noted.load(Ordering::Relaxed)
    }

    /// The store knows that the default version was served.
    pub(super) fn default_is_noted(&self) {
        self.default_is_noted.store(true, Ordering::Relaxed);
    }

    /// Counts a request. An anonymous caller has no `client`; its `user_agent` is used instead.
    pub fn count(
        &self,
        client: Option<i64>,
        user_agent: Option<&str>,
        version: u32,
        outcome: Outcome,
        now: Timestamp,
    ) {
        if !self.counts {
            return;
        }
        let now = now.as_microsecond();
        let (client, family) = who(client, user_agent);
        let key = UsageKey {
            client,
            version,
            family,
            outcome,
            day: now.div_euclid(DAY),
        };
        let one = RequestCount {
            requests: 1,
            last_at: now,
        };
        self.add(key, one);
    }

    fn add(&self, key: UsageKey, more: RequestCount) {
        if let Some(figures) = self.counted().figures(key) {
            figures.add(more);
        }
    }

    fn counted(&self) -> MutexGuard<'_, Tally<UsageKey, RequestCount>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands the counts to the store. What the store does not take is kept for the next time; what it takes is added to the
    /// metrics.
    pub(super) async fn hand_over(
        &self,
        store: &Store,
        metrics: &Metrics,
        notices: MakeNotices<'_>,
    ) -> Result<(), StoreError> {
        let counts = self.take();
        if counts.is_empty() {
            return Ok(());
        }
        let outcome = match self.learn_names(store, &counts).await {
            Ok(()) => {
                let notices = notices(&counts, &self.names());
                store.count_usage(counts.clone(), notices).await
            }
            Err(error) => Err(error),
        };
        match &outcome {
            Ok(()) => self.tell(metrics, &counts),
            Err(_) => self.put_back(&counts),
        }
        outcome
    }

    /// Reads the clients' names if one is missing, or if a client was refused: a notice has its contact of now.
    async fn learn_names(&self, store: &Store, counts: &[Count]) -> Result<(), StoreError> {
        let all_known = {
            let names = self.names();
            counts.iter().all(|count| {
                let is_known = names.contains_key(&count.client);
                count.client == 0 || is_known && matches!(count.outcome, Outcome::Called(_))
            })
        };
        if !all_known {
            let found = store.clients().await?;
            let found = found.into_iter().map(|client| {
                let Client {
                    id, name, contact, ..
                } = client;
                (id, KnownName { name, contact })
            });
            self.names().extend(found);
        }
        Ok(())
    }

    fn names(&self) -> MutexGuard<'_, HashMap<i64, KnownName>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, metrics: &Metrics, counts: &[Count]) {
        let names = self.names();
        for count in counts {
            let requests = u64::try_from(count.requests).unwrap_or(0);
            let caller = match names.get(&count.client) {
                Some(known) => known.name.as_str().into(),
                None => Cow::Owned(anonymous(count.family)),
            };
            match count.outcome {
                Outcome::Called(_) => metrics.used(count.version, &caller, requests),
                Outcome::Refused(reason) => {
                    metrics.refused(count.version, &caller, reason, requests);
                }
            }
        }
    }

    fn take(&self) -> Vec<Count> {
        let all = self.counted().take();
        all.into_iter()
            .map(|(key, RequestCount { requests, last_at })| Count {
                client: key.client,
                version: key.version,
                family: key.family,
                outcome: key.outcome,
                day: key.day,
                requests,
                last_at,
            })
            .collect()
    }

    fn put_back(&self, counts: &[Count]) {
        for count in counts {
            let key = UsageKey {
                client: count.client,
                version: count.version,
                family: count.family,
                outcome: count.outcome,
                day: count.day,
            };
            let figures = RequestCount {
                requests: count.requests,
                last_at: count.last_at,
            };
            self.add(key, figures);
        }
    }
}

/// The kinds of user agents by which anonymous callers are counted.
pub fn families() -> impl Iterator<Item = &'static str> {
    family::all()
}

/// The client that sent a request, in the extensions of its response: its name is logged.
#[derive(Clone, Debug)]
pub struct KnownClient(pub Arc<Client>);

/// The kind of a user agent, by the header.
pub fn family(user_agent: Option<&HeaderValue>) -> &'static str {
    family_of(user_agent.and_then(|value| value.to_str().ok()))
}

/// The name for anonymous callers of a kind of user agent.
pub fn anonymous(family: &str) -> String {
    format!("anonymous ({family})")
}

/// The name of whoever sent counted requests: a client's, or that of a kind of anonymous callers.
pub fn caller(used: &Used) -> String {
    match &used.client {
        Some(name) => name.clone(),
        None => anonymous(&used.family),
    }
}

/// The day of a time, as it is stored.
pub fn day(time: Timestamp) -> i64 {
    time.as_microsecond().div_euclid(DAY)
}

/// When a day begins.
pub fn start_of(day: i64) -> Timestamp {
    Timestamp::from_microsecond(day.saturating_mul(DAY)).unwrap_or(Timestamp::MIN)
}

/// The client, and for anonymous callers the kind of their user agent.
pub(super) fn who(client: Option<i64>, user_agent: Option<&str>) -> (i64, &'static str) {
    match client {
        Some(client) => (client, ""),
        None => (0, family_of(user_agent)),
    }
}
