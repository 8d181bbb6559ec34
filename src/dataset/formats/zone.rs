//! Time zones, by the rules that are compiled in: no answer depends on the host.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use super::UnknownFormat;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone: one of the IANA database, or an offset from UTC.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// What may be stated.
    pub const CHOICES: &str = "a zone of the IANA database, such as Europe/Rome, or an offset, such as +02:00 (in a URL, + is written %2B)";

    /// Seconds that the zone is ahead of UTC when its clocks show this. A time that a change of clocks skips, or that
    /// comes twice, has the offset from before the change: RFC 5545 §3.3.5, and what jiff calls compatible.
    pub(super) fn offset_at(&self, clock: DateTime) -> Option<i32> {
        let offset = match self.rules.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        Some(offset.seconds())
    }

    /// Whether its rules may change.
    pub(super) fn may_change(&self) -> bool {
        self.rules.to_fixed_offset().is_err()
    }
}

/// `+02:00` or `-03:30`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let two = |part: &str| match part.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
        }
        _ => None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let right = hours <= 23 && minutes <= 59;
    let seconds = sign * (hours * 3600 + minutes * 60);
    Offset::from_seconds(seconds).ok().filter(|_| right)
}

impl FromStr for Zone {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(offset) = offset(text) {
            return Ok(Self {
                name: text.to_owned(),
                rules: TimeZone::fixed(offset),
            });
        }
        let rules = ZONES.get(text).map_err(|_| UnknownFormat {
            found: text.to_owned(),
            what: "a time zone",
            choices: Self::CHOICES,
        })?;
        let name = rules.iana_name().unwrap_or(text).to_owned();
        Ok(Self { name, rules })
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownFormat;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}
