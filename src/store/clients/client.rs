//! The types of clients. They don't depend on the database.

use jiff::Timestamp;

/// A client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its number.
    pub id: i64,
    /// Its name, unique in the store.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was disabled. `None`: it is enabled.
    pub disabled_at: Option<Timestamp>,
    /// When it first called. `None`: never.
    pub first_contact_at: Option<Timestamp>,
    /// The version it is pinned to, N of vN; `None` until its first contact.
    pub pin: Option<u32>,
    /// Its extensions, by ascending version.
    pub extensions: Vec<Extension>,
    /// Its own rate limit. `None`: that of the server holds.
    pub rate_limit: Option<ClientLimit>,
    /// The SHA-256 of the key by which it was found. `None`: it was found by name.
    pub key: Option<[u8; 32]>,
    /// When that key expires. `None`: never, or it was found by name.
    pub key_expires_at: Option<Timestamp>,
    /// What the operator notes about it.
    pub note: Option<String>,
    /// Whom to ask about it.
    pub contact: Option<String>,
}

impl Client {
    /// Since when the key by which it was found is expired, if it is.
    #[must_use]
    pub fn key_expired(&self, now: Timestamp) -> Option<Timestamp> {
        self.key_expires_at.filter(|at| *at <= now)
    }
}

/// What is stated of a client when it is registered.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// What the operator notes about it.
    pub note: Option<String>,
    /// Whom to ask about it.
    pub contact: Option<String>,
    /// When its key expires. `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// What changes of a client. `None`: it stays as it is.
#[derive(Debug, Clone, Default)]
pub struct DetailChanges {
    /// The note; the inner `None` removes it.
    pub note: Option<Option<String>>,
    /// The contact; the inner `None` removes it.
    pub contact: Option<Option<String>>,
    /// When all of its keys expire; the inner `None`: never.
    pub expires_at: Option<Option<Timestamp>>,
}

/// A key of a client, without the key itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyDates {
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires. `None`: never.
    pub expires_at: Option<Timestamp>,
}

/// The rate limit of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientLimit {
    /// It may send any number of requests.
    Unlimited,
    /// So many requests in so many seconds; both are at least one.
    Rate {
        /// How many requests.
        requests: u32,
        /// In how many seconds.
        seconds: u32,
    },
}

/// Who moved a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovedBy {
    /// The first call of the client set it.
    FirstContact,
    /// The client.
    Client,
    /// The operator.
    Operator,
}

impl MovedBy {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstContact => "first-contact",
            Self::Client => "client",
            Self::Operator => "operator",
        }
    }
}

/// A move of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// By whom, see [`MovedBy::as_str`].
    pub by: String,
    /// From which version; `None`: there was no pin.
    pub from: Option<u32>,
    /// To which version.
    pub to: u32,
}

/// A client, with the moves of its pin.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The client.
    pub client: Client,
    /// The moves, in order.
    pub moves: Vec<Move>,
}

/// A version that is retired later for one client than for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// N of vN.
    pub version: u32,
    /// When it is retired for that client.
    pub retires_at: Timestamp,
}
