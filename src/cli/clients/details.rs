//! The note and the contact of a client, and when its keys expire, as they are written on the command line.

use std::str::FromStr;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::limit::{self, Own};
use crate::cli::Failure;
use crate::store::{DetailChanges, Details};
use crate::versioning;

/// The most characters of a note.
const NOTE: usize = 1000;
/// The most characters of a contact.
const CONTACT: usize = 200;

/// The details of a new client.
#[derive(Args, Clone, Debug)]
pub(super) struct NewDetails {
    /// What to remember about the client
    #[arg(long, value_name = "TEXT", value_parser = note)]
    note: Option<String>,
    /// Whom to ask about the client, such as an e-mail address
    #[arg(long, value_name = "TEXT", value_parser = contact)]
    contact: Option<String>,
}

impl NewDetails {
    pub(super) fn with_key(&self, expires_at: Option<Timestamp>) -> Details {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Details {
            note: filled(&self.note),
            contact: filled(&self.contact),
            expires_at,
        }
    }
}

/// When a new key expires.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct KeySettings {
    /// When the key expires: a date such as 2027-06-30 (midnight UTC), or a time from now such as 90d [default: never]
    #[arg(long, value_name = "DATE")]
    expires: Option<Expiry>,
}

impl KeySettings {
    pub(super) fn expires_at(self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        match self.expires {
            None => Ok(None),
            Some(expiry) => expiry.at(now),
        }
    }
}

/// What is to change of a client.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(super) struct SetSettings {
    /// What to remember about the client; an empty text removes the note
    #[arg(long, value_name = "TEXT", value_parser = note)]
    note: Option<String>,
    /// Whom to ask about the client; an empty text removes the contact
    #[arg(long, value_name = "TEXT", value_parser = contact)]
    contact: Option<String>,
    /// When all keys of the client expire: a date, a time from now such as 90d, or never
    #[arg(long, value_name = "DATE")]
    expires: Option<Expiry>,
    /// Its own rate limit, such as 1000/s, on servers with --rate-limit. unlimited: it has no limit. default: that of the server
    #[arg(long, value_name = "LIMIT", value_parser = limit::read)]
    rate_limit: Option<Own>,
}

impl SetSettings {
    /// The client's own rate limit, if it is to change.
    pub(super) fn rate_limit(&self) -> Option<Own> {
        self.rate_limit
    }

    /// What else is to change, if anything.
    pub(super) fn changes(&self, now: Timestamp) -> Result<Option<DetailChanges>, Failure> {
        if self.note.is_none() && self.contact.is_none() && self.expires.is_none() {
            return Ok(None);
        }
        let changed = |text: &Option<String>| {
            text.as_ref()
                .map(|text| (!text.is_empty()).then(|| text.clone()))
        };
        Ok(Some(DetailChanges {
            note: changed(&self.note),
            contact: changed(&self.contact),
            expires_at: self.expires.map(|expiry| expiry.at(now)).transpose()?,
        }))
    }
}

/// When a key expires.
#[derive(Clone, Copy, Debug)]
enum Expiry {
    At(Timestamp),
    In(SignedDuration),
    Never,
}

impl Expiry {
    /// The time. `None`: never.
    fn at(self, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let at = match self {
            Self::Never => return Ok(None),
            Self::At(at) => Some(at),
            // To the second, because that is how it is shown.
            Self::In(time) => now
                .checked_add(time)
                .ok()
                .and_then(|at| Timestamp::from_second(at.as_second()).ok()),
        };
        match at.filter(|at| *at > now) {
            Some(at) => Ok(Some(at)),
            None => Err(Failure::Usage(
                "--expires is in the past: write a future date, or never".to_owned(),
            )),
        }
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let time = humantime::parse_duration(text).ok();
        if let Some(time) = time.and_then(|time| SignedDuration::try_from(time).ok()) {
            return Ok(Self::In(time));
        }
        versioning::date(text)
            .map(Self::At)
            .map_err(|error| format!("{error}; or a time from now such as 90d, or never"))
    }
}

fn note(text: &str) -> Result<String, String> {
    short(text, NOTE)
}

fn contact(text: &str) -> Result<String, String> {
    short(text, CONTACT)
}

/// A text of one line with so many characters at most.
fn short(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        _ if text.chars().any(char::is_control) => {
            Err("the text has a line end or another control character: write one line".to_owned())
        }
        length if length > most => Err(format!(
            "the text has {length} characters: write at most {most}"
        )),
        _ => Ok(text.to_owned()),
    }
}
