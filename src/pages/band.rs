//! The band on top of a page: the version that it shows is about to go, or has gone.

use http::header::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::times::moment;
use crate::versioning::{Catalogue, State, VersionNumber};

/// What a band says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) text: String,
    /// The version to move to, if there is one.
    pub(super) successor: Option<VersionNumber>,
}

impl Band {
    /// The band about a version, if its end is announced. `headers` are those of an answer of it: a client may have
    /// more time than others.
    pub(super) fn of(
        catalogue: &Catalogue,
        version: u32,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Self> {
        let version = catalogue.get(VersionNumber::new(version)?)?;
        let (number, lifecycle) = (version.number, &version.lifecycle);
        let retired = headers.get("sunset").and_then(date).or(lifecycle.retired);
        if lifecycle.deprecated.is_none() && retired.is_none() {
            return None;
        }
        let mut text = match version.state(now) {
            State::Retired => format!("{number} is retired: it is not served any more."),
            State::Deprecated => format!("{number} is deprecated."),
            _ => match lifecycle.deprecated {
                Some(at) => format!("{number} is going to be deprecated on {}.", moment(at)),
                None => format!("{number} is going to end."),
            },
        };
        if let Some(at) = retired.filter(|at| *at > now) {
            text += &format!(" It is served until {}.", moment(at));
        }
        if let Some(brownout) = lifecycle.brownouts.iter().find(|one| one.end > now) {
            let (start, end) = (moment(brownout.start), moment(brownout.end));
            text += &format!(" It is refused from {start} to {end}, so that its callers notice.");
        }
        Some(Self {
            text,
            successor: catalogue.successor(number, now),
        })
    }
}

/// A date of HTTP.
fn date(value: &HeaderValue) -> Option<Timestamp> {
    DateTimeParser::new()
        .parse_timestamp(value.to_str().ok()?)
        .ok()
}
