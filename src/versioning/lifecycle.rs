//! The lifecycle of a version: the dates that are announced for it, and its state at a given time.
//!
//! A lifecycle holds only dates, so a state needs no timer: it is computed from the time that is passed in. A
//! date counts from its own instant on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a version is in its lifecycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Served only to requests that name it. It is never a default or a pin.
    Preview,
    /// Served, its contract frozen.
    Stable,
    /// Served, with an announced end.
    Deprecated,
    /// No longer served, not even to callers whose default it is.
    Retired,
}

impl State {
    /// The lower-case name, as documents and errors write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Stable => "stable",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The announced dates of a version. Without any, the version is stable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lifecycle {
    /// Whether it is a preview, until `promoted` if that is set. A preview is served only to requests that name it.
    pub preview: bool,
    /// The moment from which a preview is stable.
    pub promoted: Option<Timestamp>,
    /// The moment from which the version is deprecated, past or future (`Deprecation`, RFC 9745).
    pub deprecated: Option<Timestamp>,
    /// The moment from which the version is no longer served (`Sunset`, RFC 8594).
    pub retired: Option<Timestamp>,
    /// The brownouts before its retirement, in the order of time, without overlaps.
    pub brownouts: Vec<Brownout>,
}

impl Lifecycle {
    /// The state at that moment.
    ///
    /// Retired outweighs preview (a preview may be withdrawn), and preview outweighs deprecated (a
    /// version that was never released must not become anybody's default by a date).
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        if reached(self.retired, now) {
            State::Retired
        } else if !self.is_released(now) {
            State::Preview
        } else if reached(self.deprecated, now) {
            State::Deprecated
        } else {
            State::Stable
        }
    }

    /// Whether the version was ever more than a preview by then.
    #[must_use]
    pub fn is_released(&self, now: Timestamp) -> bool {
        !self.preview || reached(self.promoted, now)
    }

    /// The announcements in words: first the dates, then the brownouts.
    pub fn announced(&self) -> impl Iterator<Item = String> {
        let dates = [
            ("promoted", self.promoted),
            ("deprecated", self.deprecated),
            ("retired", self.retired),
        ];
        let dates = dates
            .into_iter()
            .filter_map(|(what, date)| Some(format!("{what} at {}", date?)));
        let brownouts = self.brownouts.iter();
        dates.chain(brownouts.map(|brownout| format!("brownout from {brownout}")))
    }

    /// The next moment after `now` at which a date takes effect.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let dates = [self.promoted, self.deprecated, self.retired];
        let brownouts = self.brownouts.iter().flat_map(|one| [one.start, one.end]);
        let all = dates.into_iter().flatten().chain(brownouts);
        all.filter(|date| *date > now).min()
    }

    /// The brownout of that moment. Only a deprecated version has one.
    #[must_use]
    pub fn brownout(&self, now: Timestamp) -> Option<Brownout> {
        let found = self.brownouts.iter().find(|window| window.holds(now));
        found
            .copied()
            .filter(|_| self.state(now) == State::Deprecated)
    }
}

fn reached(date: Option<Timestamp>, now: Timestamp) -> bool {
    date.is_some_and(|date| date <= now)
}

/// A time in which a deprecated version is refused, so that its callers notice before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Brownout {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

impl Brownout {
    /// The longest brownout.
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

    /// Whether that moment is in it.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        (self.start..self.end).contains(&now)
    }
}

impl fmt::Display for Brownout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.start, self.end)
    }
}

/// A text that is not a brownout such as `2027-05-01T09:00Z/15m`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotABrownout {
    /// It doesn't have two parts.
    #[error(
        "{0:?} isn't a brownout; write its start, a slash and its length, such as 2027-05-01T09:00Z/15m"
    )]
    Form(String),
    /// Its start is not a time.
    #[error(transparent)]
    Start(#[from] NotADate),
    /// Its length is missing, zero or too long.
    #[error(
        "{0:?} isn't the length of a brownout; write one from 1s to 24h, such as 15m or 1h, in whole seconds"
    )]
    Length(String),
}

/// The start, a slash and the length.
impl FromStr for Brownout {
    type Err = NotABrownout;

    fn from_str(text: &str) -> Result<Self, NotABrownout> {
        let (start, length) = text
            .split_once('/')
            .ok_or_else(|| NotABrownout::Form(text.to_owned()))?;
        let start = date(start)?;
        humantime::parse_duration(length)
            .ok()
            .filter(|length| !length.is_zero() && *length <= Self::LONGEST)
            .filter(|length| length.subsec_nanos() == 0)
            .and_then(|length| SignedDuration::try_from(length).ok())
            .and_then(|length| start.checked_add(length).ok())
            .map(|end| Self { start, end })
            .ok_or_else(|| NotABrownout::Length(length.to_owned()))
    }
}

/// A text that is not a date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} isn't a date; write one such as 2027-01-01, which means midnight UTC, or a time with its zone such as 2027-01-01T09:00:00Z, in whole seconds"
)]
pub struct NotADate(String);

/// Parses a date (midnight UTC), or a time with its zone (RFC 3339; the seconds may be missing).
///
/// # Errors
///
/// Any other text, fractions of a second (headers can't express them), and times before 1970.
pub fn date(text: &str) -> Result<Timestamp, NotADate> {
    /// Length of a date. A longer text is not parsed as a date, because its time would be dropped.
    const DATE: usize = "2027-01-01".len();
    let moment = if text.len() == DATE {
        text.parse()
            .ok()
            .and_then(|date: Date| date.to_zoned(TimeZone::UTC).ok())
            .map(|midnight| midnight.timestamp())
    } else {
        text.parse().ok()
    };
    moment
        .filter(|moment: &Timestamp| {
            *moment >= Timestamp::UNIX_EPOCH && moment.subsec_nanosecond() == 0
        })
        .ok_or_else(|| NotADate(text.to_owned()))
}
