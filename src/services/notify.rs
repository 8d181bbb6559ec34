//! Tells the operator's webhook what happens to versions, in the form of Standard Webhooks (standardwebhooks.com).
//!
//! Events are noted in the store first, so they survive restarts, and several servers of one database tell each of them once. A server
//! takes the notices that are due, and sends them one after the other.

mod delivery;
mod events;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::usage::KnownName;
use super::{Services, retirement};
use crate::store::{Client, Count, Delivery, Notice, Outcome, Reason, StoreError};
use crate::versioning::VersionNumber;
use events::{Event, Who};

/// How often a server looks for events, and for notices that are due.
const PACE: Duration = Duration::from_secs(5);
/// How many notices a server takes at once.
const TAKEN: i64 = 8;
/// How long other servers leave them to it. Sending them can't take longer.
const LEASE: Duration = Duration::from_mins(5);
/// The pauses after failed attempts. After the last one, the notice is given up.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

impl Services {
    /// Notes events and sends notices, until the services are dropped. Without a webhook, it does nothing.
    pub fn keep_notifying(self: &Arc<Self>) {
        if self.settings.notify.is_none() {
            return;
        }
        let services = Arc::downgrade(self);
        tokio::spawn(async move {
            while let Some(services) = services.upgrade() {
                match services.notify().await {
                    Ok(()) => {}
                    Err(StoreError::Closed) => return,
                    Err(error) => log::debug!("the webhook is told later: {error}"),
                }
                drop(services);
                tokio::time::sleep(PACE).await;
            }
        });
    }

    /// Notes the events of versions that happened lately, and sends the notices that are due.
    pub async fn notify(&self) -> Result<(), StoreError> {
        self.note_events().await?;
        self.send_notices().await
    }

    /// Notes deprecations that have begun and retirements that are near.
    async fn note_events(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let versions = self.catalogue.iter();
        let events: Vec<Event> = versions.flat_map(|one| events::of(one, now)).collect();
        if events.is_empty() {
            return Ok(());
        }
        let fresh = events.iter().map(Event::to_string).collect();
        let fresh = self.store.not_noted(fresh).await?;
        if fresh.is_empty() {
            return Ok(());
        }
        let used = self.store.usage(None, retirement::first_day(now)).await?;
        let clients = self.store.clients().await?;
        let mut notices = Vec::new();
        for event in events {
            if !fresh.contains(&event.to_string()) {
                continue;
            }
            let version = event.version();
            let end = self.retirement_of(version).unwrap_or(now);
            let users = retirement::left_behind(&used, &clients, version, end);
            if users.is_empty() && event.needs_users() {
                continue;
            }
            let who = users.into_iter().map(|user| Who {
                contact: contact(&clients, &user.name),
                client: user.family.is_none().then_some(user.name),
                family: user.family,
                requests: user.requests,
                last_at: user.last_at,
            });
            notices.push(self.notice(&event, who.collect(), now));
        }
        self.store.note(notices).await
    }

    /// The notices about callers that a brownout refused: one for each caller and brownout.
    pub(super) fn notices_of_refusals(
        &self,
        counts: &[Count],
        clients: &HashMap<i64, KnownName>,
    ) -> Vec<Notice> {
        if self.settings.notify.is_none() {
            return Vec::new();
        }
        let refused = |count: &&Count| count.outcome == Outcome::Refused(Reason::Brownout);
        let notice = |count: &Count| {
            let at = Timestamp::from_microsecond(count.last_at).ok()?;
            let version = self.catalogue.get(VersionNumber::new(count.version)?)?;
            let brownout = version.lifecycle.brownout(at)?;
            let client = clients.get(&count.client);
            if client.is_none() && count.client != 0 {
                // It was removed meanwhile.
                return None;
            }
            let who = Who {
                family: client.is_none().then(|| count.family.to_owned()),
                client: client.map(|client| client.name.clone()),
                contact: client.and_then(|client| client.contact.clone()),
                requests: u64::try_from(count.requests).unwrap_or(0),
                last_at: at,
            };
            let event = Event::Refused {
                version: version.number,
                brownout,
                caller: who
                    .client
                    .clone()
                    .unwrap_or_else(|| super::usage::anonymous(count.family)),
            };
            Some(self.notice(&event, vec![who], at))
        };
        counts.iter().filter(refused).filter_map(notice).collect()
    }

    fn retirement_of(&self, version: VersionNumber) -> Option<Timestamp> {
        self.catalogue.get(version)?.lifecycle.retired
    }

    fn notice(&self, event: &Event, who: Vec<Who>, now: Timestamp) -> Notice {
        Notice {
            event: event.to_string(),
            body: event.body(&self.catalogue, who, now),
        }
    }

    /// Sends the notices that are due.
    async fn send_notices(&self) -> Result<(), StoreError> {
        let Some(webhook) = &self.settings.notify else {
            return Ok(());
        };
        for due in self.store.claim_notices(TAKEN, LEASE).await? {
            let event = due.notice.event;
            let id = delivery::id(self.store.cursor_key()?, &event);
            let sent = delivery::send(webhook, &id, self.clock.now(), due.notice.body).await;
            let delivery = match sent {
                Ok(()) => Delivery::Done,
                Err(failed) => after(due.attempt, &event, &failed),
            };
            self.store.settle_notice(event, delivery).await?;
        }
        Ok(())
    }
}

/// What follows from a failed attempt.
fn after(attempt: u64, event: &str, failed: &delivery::Failed) -> Delivery {
    let pause = usize::try_from(attempt.saturating_sub(1)).ok();
    match pause.and_then(|index| PAUSES.get(index)) {
        Some(pause) => {
            let shown = humantime::format_duration(*pause);
            log::warn!(
                "the webhook was not told of {event}: {failed}; the next attempt is in {shown}"
            );
            Delivery::Again(*pause)
        }
        None => {
            log::error!(
                "the webhook was never told of {event}: {failed}; this was the last attempt"
            );
            Delivery::GivenUp
        }
    }
}

/// Whom to ask about a client.
fn contact(clients: &[Client], name: &str) -> Option<String> {
    let client = clients.iter().find(|client| client.name == name)?;
    client.contact.clone()
}
