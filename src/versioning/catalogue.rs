//! The versions that this server knows, newest first.
//!
//! A [`Catalogue`] is checked once, when it is built: its users can rely on its order, on
//! every number being the MAJOR of its semantic version, on lifecycles whose dates are in order, and on a default that is not a
//! preview.
//! States are computed from dates and the time passed in, so that a version is deprecated or
//! retired by time passing, with no restart.

use jiff::Timestamp;

use super::{Brownout, Lifecycle, State, VersionNumber};

/// One contract of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The N of vN.
    pub number: VersionNumber,
    /// The full semantic version, whose MAJOR is the number.
    pub semantic: semver::Version,
    /// Its announced dates, which decide its state.
    pub lifecycle: Lifecycle,
}

impl Version {
    /// The state at that moment. A date takes effect at its own instant.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        self.lifecycle.state(now)
    }
}

/// The names of versions, as in `v2 and v1`.
#[must_use]
pub fn names<'a>(versions: impl IntoIterator<Item = &'a Version>) -> String {
    let names = versions
        .into_iter()
        .map(|version| version.number.to_string());
    names.collect::<Vec<_>>().join(" and ")
}

/// Why a list of versions is not a valid catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The list is empty.
    #[error("the catalogue holds no version: list at least one")]
    Empty,
    /// Two neighbours are not in strictly descending order.
    #[error("{lower} stands below {upper}: list every version once, newest first")]
    Order {
        /// The number that stands first.
        upper: VersionNumber,
        /// The number after it, which should be less.
        lower: VersionNumber,
    },
    /// The MAJOR of the semantic version is another number.
    #[error("{number} has the semantic version {semantic}: give it one whose MAJOR is {}", number.get())]
    Major {
        /// The version in question.
        number: VersionNumber,
        /// Its semantic version.
        semantic: semver::Version,
    },
    /// The default is not in the list.
    #[error(
        "the default {first} is not in the catalogue: list it, or make a listed version the default"
    )]
    DefaultMissing {
        /// The default that was asked for.
        first: VersionNumber,
    },
    /// The default is a preview, which only requests that name it may get.
    #[error("the default {first} is a preview: release it, or make a released version the default")]
    DefaultPreview {
        /// The default that was asked for.
        first: VersionNumber,
    },
    /// A version would be retired before it is deprecated.
    #[error(
        "{number} is retired at {retired}, before it is deprecated at {deprecated}: retire it later or deprecate it sooner"
    )]
    RetiredBeforeDeprecated {
        /// The version in question.
        number: VersionNumber,
        /// When it is deprecated.
        deprecated: Timestamp,
        /// When it is retired.
        retired: Timestamp,
    },
    /// A version would be deprecated or retired before it is promoted.
    #[error("{number} ends at {ends}, before it is promoted at {promoted}: promote it sooner")]
    EndsBeforePromoted {
        /// The version in question.
        number: VersionNumber,
        /// When it is promoted.
        promoted: Timestamp,
        /// When it is deprecated or retired.
        ends: Timestamp,
    },
    /// A brownout of a version without a date of deprecation.
    #[error(
        "{number} has a brownout, but no date of deprecation: give it a date, or leave out the brownout"
    )]
    BrownoutUnannounced {
        /// The version in question.
        number: VersionNumber,
    },
    /// A brownout that is not between deprecation and retirement.
    #[error(
        "the brownout of {number} from {brownout} is not within its deprecation: let it begin after {deprecated} and end before {number} is retired"
    )]
    BrownoutOutside {
        /// The version in question.
        number: VersionNumber,
        /// Its brownout.
        brownout: Brownout,
        /// When it is deprecated.
        deprecated: Timestamp,
    },
    /// Two brownouts overlap, or are not in the order of time.
    #[error(
        "{number} has a brownout from {earlier} and one from {later}: write one longer one instead"
    )]
    BrownoutsOverlap {
        /// The version in question.
        number: VersionNumber,
        /// The first.
        earlier: Brownout,
        /// The other, which begins before that one ends.
        later: Brownout,
    },
}

/// The versions that this server knows, newest first, and the default version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// Not empty; numbers strictly descending.
    versions: Vec<Version>,
    /// In `versions`, and not a preview. It is a separate field, so that adding a version moves no caller.
    first: VersionNumber,
}

impl Catalogue {
    /// A catalogue of these versions, newest first. `first` is the default of callers without a pin.
    ///
    /// # Errors
    ///
    /// Each [`CatalogueError`] says which rule is broken and what to do about it.
    pub fn new(versions: Vec<Version>, first: VersionNumber) -> Result<Self, CatalogueError> {
        if versions.is_empty() {
            return Err(CatalogueError::Empty);
        }
        for pair in versions.windows(2) {
            let (upper, lower) = (pair[0].number, pair[1].number);
            if upper <= lower {
                return Err(CatalogueError::Order { upper, lower });
            }
        }
        versions.iter().try_for_each(check)?;
        match versions.iter().find(|version| version.number == first) {
            None => Err(CatalogueError::DefaultMissing { first }),
            Some(version) if version.lifecycle.preview => {
                Err(CatalogueError::DefaultPreview { first })
            }
            Some(_) => Ok(Self { versions, first }),
        }
    }

    /// Every version, newest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Version> {
        self.versions.iter()
    }

    /// The version of that number, if this server knows it.
    #[must_use]
    pub fn get(&self, number: VersionNumber) -> Option<&Version> {
        self.iter().find(|version| version.number == number)
    }

    /// The default of callers without a pin.
    #[must_use]
    pub const fn first(&self) -> VersionNumber {
        self.first
    }

    /// The catalogue for a caller with extensions. An extension before the general retirement date has no effect.
    #[must_use]
    pub fn extended(&self, grants: impl IntoIterator<Item = (VersionNumber, Timestamp)>) -> Self {
        let mut extended = self.clone();
        for (number, until) in grants {
            let version = extended
                .versions
                .iter_mut()
                .find(|one| one.number == number);
            if let Some(retired) = version.and_then(|version| version.lifecycle.retired.as_mut()) {
                *retired = until.max(*retired);
            }
        }
        extended
    }

    /// The version that a client is pinned to at its first contact.
    ///
    /// That is the newest stable one. If there is none, it is the newest one that is still served, else the newest one that was
    /// ever released (its 410 names the version to use). It is never a preview.
    #[must_use]
    pub fn newest_stable(&self, now: Timestamp) -> VersionNumber {
        [State::Stable, State::Deprecated, State::Retired]
            .into_iter()
            .find_map(|state| {
                self.iter().find(|version| {
                    version.lifecycle.is_released(now) && version.state(now) == state
                })
            })
            .map_or(self.first, |version| version.number)
    }

    /// The next moment after `now` at which the state of a version changes.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let changes = self.iter().filter_map(|one| one.lifecycle.next_change(now));
        changes.min()
    }

    /// The version that callers of `number` should move to: the next newer one that is stable, if there is any.
    #[must_use]
    pub fn successor(&self, number: VersionNumber, now: Timestamp) -> Option<VersionNumber> {
        self.iter()
            .rev()
            .find(|version| version.number > number && version.state(now) == State::Stable)
            .map(|version| version.number)
    }
}

impl<'a> IntoIterator for &'a Catalogue {
    type Item = &'a Version;
    type IntoIter = std::slice::Iter<'a, Version>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The rules for a single version.
fn check(version: &Version) -> Result<(), CatalogueError> {
    let Version {
        number,
        semantic,
        lifecycle,
    } = version;
    if semantic.major != u64::from(number.get()) {
        return Err(CatalogueError::Major {
            number: *number,
            semantic: semantic.clone(),
        });
    }
    check_order(*number, lifecycle)?;
    check_brownouts(*number, lifecycle)
}

/// A version is promoted, deprecated and retired in that order.
fn check_order(number: VersionNumber, lifecycle: &Lifecycle) -> Result<(), CatalogueError> {
    let ends = lifecycle.deprecated.or(lifecycle.retired);
    if let (Some(promoted), Some(ends)) = (lifecycle.promoted, ends)
        && ends < promoted
    {
        return Err(CatalogueError::EndsBeforePromoted {
            number,
            promoted,
            ends,
        });
    }
    match (lifecycle.deprecated, lifecycle.retired) {
        (Some(deprecated), Some(retired)) if retired < deprecated => {
            Err(CatalogueError::RetiredBeforeDeprecated {
                number,
                deprecated,
                retired,
            })
        }
        _ => Ok(()),
    }
}

/// Brownouts come after the deprecation, don't overlap, and end before the retirement.
fn check_brownouts(number: VersionNumber, lifecycle: &Lifecycle) -> Result<(), CatalogueError> {
    for pair in lifecycle.brownouts.windows(2) {
        let (earlier, later) = (pair[0], pair[1]);
        if later.start < earlier.end {
            return Err(CatalogueError::BrownoutsOverlap {
                number,
                earlier,
                later,
            });
        }
    }
    for &brownout in &lifecycle.brownouts {
        let Some(deprecated) = lifecycle.deprecated else {
            return Err(CatalogueError::BrownoutUnannounced { number });
        };
        if brownout.start < deprecated || lifecycle.retired.is_some_and(|end| end < brownout.end) {
            return Err(CatalogueError::BrownoutOutside {
                number,
                brownout,
                deprecated,
            });
        }
    }
    Ok(())
}
