//! Registered clients, and the keys that identify them.
//!
//! The result of a key's lookup is cached for two seconds, so most requests don't wait for the store. A revoked key is therefore
//! refused on every server at most that much later. If the store can't be asked, a lookup that is older does not count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::store::{self, Client, Store, StoreError};

/// How long a lookup counts. This has to be well below 5 seconds, after which a revoked key is refused.
const FRESH: Duration = Duration::from_secs(2);
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

/// The clients whose keys were looked up lately.
#[derive(Debug)]
pub struct Clients {
    store: Store,
    keys: Keys,
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
        }
    }

    /// The client of the key, if that was looked up just now; the outer `None`: it has to be looked up.
    pub fn recall(&self, key: &str) -> Option<Option<Arc<Client>>> {
        looks_right(key).then(|| self.keys.fresh(&digest(key)))?
    }

    /// Whether the key was a client's when this server last looked it up.
    pub fn was_valid(&self, key: &str) -> bool {
        looks_right(key) && self.keys.was_valid(&digest(key))
    }

    /// The client of the key, pinned; `None` if the key is unknown or revoked. At its first call, a client is pinned to `newest`.
    pub async fn identify(
        &self,
        key: &str,
        newest: u32,
    ) -> Result<Option<Arc<Client>>, StoreError> {
        if !looks_right(key) {
            return Ok(None);
        }
        // The store compares digests, not keys, so the time that this takes reveals nothing about a key.
        let digest = digest(key);
        if let Some(client) = self.keys.fresh(&digest) {
            return Ok(client);
        }
        let (since, changes) = (Instant::now(), self.keys.changes());
        let client = Box::pin(self.look_up(digest, newest)).await?.map(Arc::new);
        let known = KeyLookup {
            client: client.clone(),
            since,
            changes,
        };
        self.keys.known.insert(digest, known);
        Ok(client)
    }

    async fn look_up(&self, digest: [u8; 32], newest: u32) -> Result<Option<Client>, StoreError> {
        let Some(client) = self.store.client_by_key(digest).await? else {
            return Ok(None);
        };
        if client.disabled_at.is_some() {
            return Ok(None);
        }
        if client.pin.is_some() && client.first_contact_at.is_some() {
            return Ok(Some(client));
        }
        self.store.pin_first(client.id, newest).await?;
        self.store.client_by_key(digest).await
    }

    /// The client of the key, as it is: this doesn't count as its first call, so it isn't pinned. `None` if the key is unknown or revoked.
    pub async fn look_at(&self, key: &str) -> Result<Option<Arc<Client>>, StoreError> {
        if let Some(client) = self.recall(key) {
            return Ok(client);
        }
        if !looks_right(key) {
            return Ok(None);
        }
        // The lookup isn't cached: the first call of the client has to find that it has no pin.
        let client = self.store.client_by_key(digest(key)).await?;
        Ok(client
            .filter(|client| client.disabled_at.is_none())
            .map(Arc::new))
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
