//! What a resource has in each version, completed for the versions that lack it.
//!
//! A version that lacks the resource still takes part in the negotiation, so that its own 404 or
//! 405 can answer, in its own shape: it counts as having JSON, and CSV and NDJSON where any version
//! has them.

use jiff::{SignedDuration, Timestamp};

use super::{Catalogue, Choice, Format, Refusal, State, Unserved, Version, VersionNumber};

/// One resource, at one moment.
pub(super) struct Resource<'c, O> {
    /// The versions that the server knows.
    pub(super) catalogue: &'c Catalogue,
    /// The moment that decides their states.
    pub(super) now: Timestamp,
    /// The formats of the resource in a version, the preferred one first; none where the version
    /// lacks it.
    pub(super) offers: O,
}

impl<'c, O: Fn(VersionNumber) -> &'static [Format]> Resource<'c, O> {
    /// The formats to negotiate about in that version: never empty.
    pub(super) fn formats(&self, version: VersionNumber) -> &'static [Format] {
        match (self.offers)(version) {
            [] => self.stand_in(),
            formats => formats,
        }
    }

    /// The formats that a version without the resource can refuse in.
    fn stand_in(&self) -> &'static [Format] {
        let somewhere = |format| {
            self.catalogue
                .iter()
                .any(|version| (self.offers)(version.number).contains(&format))
        };
        match (somewhere(Format::Csv), somewhere(Format::Ndjson)) {
            (false, false) => &[Format::Json],
            (true, false) => &[Format::Json, Format::Csv],
            (false, true) => &[Format::Json, Format::Ndjson],
            (true, true) => &[Format::Json, Format::Csv, Format::Ndjson],
        }
    }

    /// Whether the version is not served now, for good or for a brownout. One that the server does
    /// not know (the pin of a client, when its version was removed from the code) counts as
    /// retired: a 410 moves nobody, any other version would.
    pub(super) fn is_unserved(&self, number: VersionNumber) -> bool {
        self.catalogue.get(number).is_none_or(|version| {
            version.state(self.now) == State::Retired
                || version.lifecycle.brownout(self.now).is_some()
        })
    }

    /// Why the version that this choice names is not served.
    pub(super) fn refusal(&self, choice: Choice) -> Refusal {
        let version = self.catalogue.get(choice.version);
        let unserved = Unserved {
            choice,
            retired: version.and_then(|version| version.lifecycle.retired),
            successor: self.catalogue.successor(choice.version, self.now),
        };
        match version.and_then(|version| version.lifecycle.brownout(self.now)) {
            Some(brownout) => Refusal::Brownout {
                version: unserved,
                until: brownout.end,
                seconds: whole_seconds(self.now.duration_until(brownout.end)),
            },
            None => Refusal::Retired(unserved),
        }
    }

    /// Each version that has the resource and is served, if not for a brownout, newest first, with its state and its
    /// formats.
    pub(super) fn served(&self) -> impl Iterator<Item = (&'c Version, State, &'static [Format])> {
        self.catalogue.iter().filter_map(|version| {
            let (state, formats) = (version.state(self.now), (self.offers)(version.number));
            (state != State::Retired && !formats.is_empty()).then_some((version, state, formats))
        })
    }
}

/// Rounded up, so that a retry after that time is not too early.
fn whole_seconds(length: SignedDuration) -> u32 {
    let more = i64::from(length.subsec_nanos() > 0);
    u32::try_from(length.as_secs() + more).unwrap_or(u32::MAX)
}
