//! Registered clients, and the keys that identify them.
//!
//! The result of a key's lookup is cached for two seconds, so most requests don't wait for the store. A revoked key is therefore
//! refused on every server at most that much later. If the store can't be asked, a lookup that is older does not count.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::usage;
use crate::store::{self, Client, Store, StoreError};

/// How long a lookup counts. This has to be well below 5 seconds, after which a revoked key is refused.
const FRESH: Duration = Duration::from_secs(2);
/// How long before a key expires the log warns of it.
const SOON: Duration = Duration::from_hours(14 * 24);
/// How many keys are cached.
const KEYS: usize = 10_000;
/// What every key begins with, so that people and secret scanners recognise it.
pub const PREFIX: &str = "flash_";
/// Characters after the prefix: 32 random bytes in base64url.
const LENGTH: usize = 43;

/// A new key. It is shown once and stored nowhere.
pub fn new_key() -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(store::random_key()))
}

/// The SHA-256 of a key, which is stored in its place. It needs no salt, because a key is as hard to guess as its digest.
pub fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn looks_right(key: &str) -> bool {
    let random = key.strip_prefix(PREFIX).unwrap_or_default();
    random.len() == LENGTH
        && random
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whose key it is.
#[derive(Debug)]
pub enum Identified {
    /// A client's.
    Client(Arc<Client>),
    /// A client's, but it expired at that time.
    Expired(Timestamp),
    /// It is unknown or was revoked.
    Nobody,
}

impl Identified {
    fn of(client: Option<Arc<Client>>, now: Timestamp) -> Self {
        match client {
            None => Self::Nobody,
            Some(client) => match client.key_expired(now) {
                None => Self::Client(client),
                Some(at) => Self::Expired(at),
            },
        }
    }
}

/// The clients whose keys were looked up lately.
#[derive(Debug)]
pub struct Clients {
    store: Store,
    keys: Keys,
    expiring: Expiring,
}

/// Clients with a key in use that expires soon, each with the day of the last warning.
#[derive(Debug, Default)]
struct Expiring(Mutex<HashMap<i64, i64>>);

impl Expiring {
    /// Logs a warning if the key by which a client was found expires soon, once a day.
    fn warn(&self, client: &Client, now: Timestamp) {
        let Some(at) = client
            .key_expires_at
            .filter(|at| now < *at && *at < now + SOON)
        else {
            return;
        };
        let today = usage::day(now);
        let mut warned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.insert(client.id, today) != Some(today) {
            let name = client.name.as_str();
            log::warn!(
                "the key that {name} uses expires at {at}: give it a new one (flash clients rotate-key {name})"
            );
        }
    }
}

/// Lookups by the key's digest. Each depends on the client in the store: a change made by another server counts once [`FRESH`] is
/// over, a change made by this one at once.
#[derive(Debug)]
struct Keys {
    known: Cache<[u8; 32], KeyLookup>,
    /// How many changes this server made. A lookup that began before the last of them does not count, even if it ends later.
    changes: AtomicU64,
}

#[derive(Debug, Clone)]
struct KeyLookup {
    client: Option<Arc<Client>>,
    since: Instant,
    changes: u64,
}

impl Keys {
    fn new() -> Self {
        Self {
            known: Cache::new(KEYS),
            changes: AtomicU64::new(0),
        }
    }

    fn fresh(&self, digest: &[u8; 32]) -> Option<Option<Arc<Client>>> {
        let known = self.known.get(digest)?;
        let counts = known.since.elapsed() < FRESH && known.changes == self.changes();
        counts.then_some(known.client)
    }

    /// Whether the key was a client's when it was last looked up here, however long ago that is.
    fn was_valid(&self, digest: &[u8; 32]) -> bool {
        self.known
            .get(digest)
            .is_some_and(|known| known.client.is_some())
    }

    fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn forget(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.known.clear();
    }
}

impl Clients {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            keys: Keys::new(),
            expiring: Expiring::default(),
        }
    }

    /// The client of the key, if that was looked up just now and is valid. `None`: it has to be looked up.
    pub fn recall(&self, key: &str, now: Timestamp) -> Option<Arc<Client>> {
        let known = looks_right(key).then(|| self.keys.fresh(&digest(key)))?;
        known?.filter(|client| client.key_expired(now).is_none())
    }

    /// Whether the key was a client's when this server last looked it up.
    pub fn was_valid(&self, key: &str) -> bool {
        looks_right(key) && self.keys.was_valid(&digest(key))
    }

    /// Whose key it is. At its first call, a client is pinned to `newest`.
    pub async fn identify(
        &self,
        key: &str,
        newest: u32,
        now: Timestamp,
    ) -> Result<Identified, StoreError> {
        if !looks_right(key) {
            return Ok(Identified::Nobody);
        }
        let client = self.find(key, newest, now).await?;
        if let Some(client) = &client {
            self.expiring.warn(client, now);
        }
        Ok(Identified::of(client, now))
    }

    async fn find(
        &self,
        key: &str,
        newest: u32,
        now: Timestamp,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        // The store compares digests, not keys, so the time that this takes reveals nothing about a key.
        let digest = digest(key);
        if let Some(client) = self.keys.fresh(&digest) {
            return Ok(client);
        }
        let (since, changes) = (Instant::now(), self.keys.changes());
        let client = Box::pin(self.look_up(digest, newest, now))
            .await?
            .map(Arc::new);
        let known = KeyLookup {
            client: client.clone(),
            since,
            changes,
        };
        self.keys.known.insert(digest, known);
        Ok(client)
    }

    async fn look_up(
        &self,
        digest: [u8; 32],
        newest: u32,
        now: Timestamp,
    ) -> Result<Option<Client>, StoreError> {
        let Some(client) = self.store.client_by_key(digest).await? else {
            return Ok(None);
        };
        if client.disabled_at.is_some() {
            return Ok(None);
        }
        let is_pinned = client.pin.is_some() && client.first_contact_at.is_some();
        if is_pinned || client.key_expired(now).is_some() {
            return Ok(Some(client));
        }
        self.store.pin_first(client.id, newest).await?;
        self.store.client_by_key(digest).await
    }

    /// Whose key it is: this doesn't count as the client's first call, so it isn't pinned.
    pub async fn look_at(&self, key: &str, now: Timestamp) -> Result<Identified, StoreError> {
        if let Some(client) = self.recall(key, now) {
            return Ok(Identified::Client(client));
        }
        if !looks_right(key) {
            return Ok(Identified::Nobody);
        }
        // The lookup isn't cached: the first call of the client has to find that it has no pin.
        let client = self.store.client_by_key(digest(key)).await?;
        let client = client.filter(|client| client.disabled_at.is_none());
        Ok(Identified::of(client.map(Arc::new), now))
    }

    /// Forgets all lookups, after this server changed a client.
    pub fn forget(&self) {
        self.keys.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_alike_and_all_look_right() {
        let (one, other) = (new_key(), new_key());
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + LENGTH);
        assert_ne!(digest(&one), digest(&other));
    }

    #[test]
    fn what_was_looked_up_before_a_change_does_not_count_if_it_comes_in_after_it() {
        let (keys, digest) = (Keys::new(), [7; 32]);
        let known = |changes| KeyLookup {
            client: None,
            since: Instant::now(),
            changes,
        };
        let before = keys.changes();
        keys.forget();
        keys.known.insert(digest, known(before));
        assert!(keys.fresh(&digest).is_none());
        keys.known.insert(digest, known(keys.changes()));
        assert!(keys.fresh(&digest).is_some());
    }
}
