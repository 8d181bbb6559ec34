//! The events that the webhook is told of, and their bodies. docs/operations.md documents them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::services::retirement;
use crate::versioning::{Brownout, Catalogue, State, Version, VersionNumber};

/// How long before a retirement it is told of.
const NEAR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// An event that is older is not told of any more: the webhook is newer than it.
const OLD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many callers a body names.
const NAMED: usize = 1000;

/// An event. Its `Display` tells it from all other events.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A version is deprecated from now on.
    Deprecated {
        version: VersionNumber,
        at: Timestamp,
    },
    /// A version is retired in a week or less.
    RetiresSoon {
        version: VersionNumber,
        at: Timestamp,
    },
    /// A brownout refused a caller.
    Refused {
        version: VersionNumber,
        brownout: Brownout,
        /// The client's name, or that of a kind of anonymous callers.
        caller: String,
    },
}

/// A caller in a body.
#[derive(Debug, Serialize)]
pub(super) struct Who {
    /// The name of a client.
    pub(super) client: Option<String>,
    /// The kind of user agent of anonymous callers.
    pub(super) family: Option<String>,
    /// Whom to ask about the client.
    pub(super) contact: Option<String>,
    pub(super) requests: u64,
    pub(super) last_at: Timestamp,
}

/// The events of a version that happened lately.
pub(super) fn of(version: &Version, now: Timestamp) -> impl Iterator<Item = Event> {
    let (number, lifecycle) = (version.number, &version.lifecycle);
    let is_served = version.state(now) == State::Deprecated;
    let begun = |at: &Timestamp| *at <= now && now.duration_since(*at) < OLD;
    let deprecated = lifecycle.deprecated.filter(begun);
    let deprecated = deprecated.map(|at| Event::Deprecated {
        version: number,
        at,
    });
    let near = |at: &Timestamp| at.duration_since(now) <= NEAR;
    let near = lifecycle.retired.filter(near);
    let near = near.map(|at| Event::RetiresSoon {
        version: number,
        at,
    });
    let all = [deprecated, near].into_iter().flatten();
    all.filter(move |_| is_served)
}

impl Event {
    pub(super) fn version(&self) -> VersionNumber {
        match self {
            Self::Deprecated { version, .. }
            | Self::RetiresSoon { version, .. }
            | Self::Refused { version, .. } => *version,
        }
    }

    /// Whether it is only told if somebody uses the version.
    pub(super) fn needs_users(&self) -> bool {
        matches!(self, Self::RetiresSoon { .. })
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Deprecated { .. } => "version.deprecated",
            Self::RetiresSoon { .. } => "version.retires_soon",
            Self::Refused { .. } => "version.brownout_refused",
        }
    }

    /// The body of the notice.
    pub(super) fn body(&self, catalogue: &Catalogue, mut who: Vec<Who>, now: Timestamp) -> String {
        let version = self.version();
        let lifecycle = catalogue.get(version).map(|version| &version.lifecycle);
        let successor = catalogue.successor(version, now);
        let more = who.len().saturating_sub(NAMED);
        who.truncate(NAMED);
        let brownout = match self {
            Self::Refused { brownout, .. } => Some(brownout),
            Self::Deprecated { .. } | Self::RetiresSoon { .. } => None,
        };
        let body = json!({
            "type": self.kind(),
            "timestamp": now,
            "data": {
                "version": version.to_string(),
                "successor": successor.map(|version| version.to_string()),
                "deprecated_at": lifecycle.and_then(|lifecycle| lifecycle.deprecated),
                "retired_at": lifecycle.and_then(|lifecycle| lifecycle.retired),
                "brownout": brownout,
                "days": retirement::DAYS,
                "callers": who,
                "more_callers": more,
            },
        });
        body.to_string()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, version) = (self.kind(), self.version());
        match self {
            Self::Deprecated { at, .. } | Self::RetiresSoon { at, .. } => {
                write!(f, "{kind} {version} {at}")
            }
            Self::Refused {
                brownout, caller, ..
            } => write!(f, "{kind} {version} {} {caller}", brownout.start),
        }
    }
}
