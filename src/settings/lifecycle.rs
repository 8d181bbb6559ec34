//! The lifecycles of the API's versions: what the operator sets overrides what the release announces.
//!
//! A flag may be repeated, and may have several versions with commas, so that its environment variable can have all of them.
//! The result is checked as a whole: no version is retired unless its callers have another stable version to move to.

use clap::{Args, builder::FalseyValueParser};
use jiff::Timestamp;

use super::values::Several;
use super::{LifecycleError, SettingsError, parse};
use crate::versioning::{self, Brownout, Catalogue, Lifecycle, State, Version, VersionNumber};

/// The lifecycle flags, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Versions")]
pub struct LifecycleSettings {
    /// Deprecate a version at a date: v1=2027-01-01 (midnight UTC) or v1=2027-01-01T09:00:00Z. Its answers announce the date
    /// from now on
    #[arg(long, env = "FLASH_DEPRECATE", value_name = "VERSION=DATE", value_parser = parse::dates)]
    pub deprecate: Vec<Several<Timestamp>>,
    /// Retire a version at a date; then it is answered with 410. Without a date of deprecation, it is deprecated at once
    #[arg(long, env = "FLASH_RETIRE", value_name = "VERSION=DATE", value_parser = parse::dates)]
    pub retire: Vec<Several<Timestamp>>,
    /// Make a version a preview, which is served only to requests that name it
    #[arg(long, env = "FLASH_PREVIEW", value_name = "VERSION", value_parser = parse::versions)]
    pub preview: Vec<Several<()>>,
    /// Make a preview stable: v2 at once, or v2=2027-01-01 at a date
    #[arg(long, env = "FLASH_PROMOTE", value_name = "VERSION[=DATE]", value_parser = parse::promotions)]
    pub promote: Vec<Several<Option<Timestamp>>>,
    /// Refuse a deprecated version for a while, so that its callers notice: start and length, such as
    /// v1=2027-05-01T09:00Z/15m,2027-05-08T09:00Z/1h
    #[arg(long, env = "FLASH_BROWNOUT", value_name = "VERSION=START/LENGTH", value_parser = parse::brownouts)]
    pub brownout: Vec<Several<Brownout>>,
    /// The version of callers that name none and have no pin [default: v1]
    #[arg(long, env = "FLASH_DEFAULT", value_name = "VERSION")]
    pub default: Option<VersionNumber>,
}

/// What a server may break of what was announced before, as written.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Versions")]
pub struct PromiseSettings {
    /// Start although a version is to be retired sooner than announced before
    #[arg(long, env = "FLASH_SOONER", value_parser = FalseyValueParser::new())]
    pub sooner: bool,
    /// Start although callers that name no version got another one than --default before
    #[arg(long, env = "FLASH_DEFAULT_ANYWAY", value_parser = FalseyValueParser::new())]
    pub default_anyway: bool,
}

impl LifecycleSettings {
    /// The catalogue with these lifecycles. A version with a retirement date and no deprecation date is deprecated at `now`.
    ///
    /// # Errors
    ///
    /// The first contradiction.
    pub fn apply(&self, catalogue: &Catalogue, now: Timestamp) -> Result<Catalogue, SettingsError> {
        let mut versions = self.over(catalogue)?;
        for version in &mut versions {
            deprecate_at_once(&mut version.lifecycle, now);
        }
        let default = self.default_of(catalogue)?;
        let catalogue = Catalogue::new(versions, default).map_err(LifecycleError::Catalogue)?;
        leaves_a_way_on(&catalogue)?;
        Ok(catalogue)
    }

    /// What these flags state otherwise than the catalogue of a server, in words. The server is called `there`.
    #[must_use]
    pub fn differences(&self, catalogue: &Catalogue, there: &str) -> Vec<String> {
        let stated = self.over(catalogue).and_then(|versions| {
            let default = self.default_of(catalogue)?;
            Catalogue::new(versions, default).map_err(LifecycleError::Catalogue)
        });
        match stated {
            Ok(stated) => stated.differences(catalogue, there),
            Err(error) => vec![error.to_string()],
        }
    }

    fn default_of(&self, catalogue: &Catalogue) -> Result<VersionNumber, LifecycleError> {
        let default = self.default.unwrap_or_else(|| catalogue.first());
        match catalogue.get(default) {
            Some(_) => Ok(default),
            None => Err(unknown(catalogue.iter(), "--default", default)),
        }
    }

    /// The versions of the release, overridden by the flags.
    fn over(&self, catalogue: &Catalogue) -> Result<Vec<Version>, LifecycleError> {
        let mut versions: Vec<Version> = catalogue.iter().cloned().collect();
        let previews = once("--preview", &self.preview)?;
        for &(number, ()) in &previews {
            let lifecycle = lifecycle(&mut versions, "--preview", number)?;
            (lifecycle.preview, lifecycle.promoted) = (true, None);
        }
        for (number, date) in once("--promote", &self.promote)? {
            if date.is_none() && previews.contains(&(number, ())) {
                return Err(LifecycleError::PreviewAndPromote(number));
            }
            let lifecycle = lifecycle(&mut versions, "--promote", number)?;
            (lifecycle.preview, lifecycle.promoted) = (date.is_some(), date);
        }
        for (number, date) in once("--deprecate", &self.deprecate)? {
            lifecycle(&mut versions, "--deprecate", number)?.deprecated = Some(date);
        }
        for (number, date) in once("--retire", &self.retire)? {
            lifecycle(&mut versions, "--retire", number)?.retired = Some(date);
        }
        let mut named = Vec::new();
        for (number, brownout) in all(&self.brownout) {
            let lifecycle = lifecycle(&mut versions, "--brownout", number)?;
            if !named.contains(&number) {
                named.push(number);
                lifecycle.brownouts.clear();
            }
            lifecycle.brownouts.push(brownout);
            lifecycle.brownouts.sort_unstable();
        }
        Ok(versions)
    }
}

fn all<T: Copy>(flags: &[Several<T>]) -> impl Iterator<Item = (VersionNumber, T)> {
    flags.iter().flat_map(|Several(pairs)| pairs).copied()
}

/// The values of all occurrences of a flag. Each version may occur once.
fn once<T: Copy>(
    flag: &'static str,
    flags: &[Several<T>],
) -> Result<Vec<(VersionNumber, T)>, LifecycleError> {
    let mut found: Vec<(VersionNumber, T)> = Vec::new();
    for (version, value) in all(flags) {
        if found.iter().any(|(earlier, _)| *earlier == version) {
            return Err(LifecycleError::Repeated { flag, version });
        }
        found.push((version, value));
    }
    Ok(found)
}

fn lifecycle<'v>(
    versions: &'v mut [Version],
    flag: &'static str,
    number: VersionNumber,
) -> Result<&'v mut Lifecycle, LifecycleError> {
    let refused = unknown(versions.iter(), flag, number);
    let found = versions.iter_mut().find(|version| version.number == number);
    found.map(|version| &mut version.lifecycle).ok_or(refused)
}

fn unknown<'v>(
    versions: impl Iterator<Item = &'v Version>,
    flag: &'static str,
    version: VersionNumber,
) -> LifecycleError {
    LifecycleError::Unknown {
        flag,
        version,
        known: versioning::names(versions),
    }
}

/// Deprecates a version that has only a retirement date: now, or when it is promoted. The moment is no later than its first
/// brownout, because that may have been before a restart.
fn deprecate_at_once(lifecycle: &mut Lifecycle, now: Timestamp) {
    let withdrawn = lifecycle.preview && lifecycle.promoted.is_none();
    if let (Some(retired), None, false) = (lifecycle.retired, lifecycle.deprecated, withdrawn) {
        let first = lifecycle.brownouts.first().map_or(now, |first| first.start);
        let since = Timestamp::from_second(now.min(first).as_second()).unwrap_or(now);
        let since = lifecycle
            .promoted
            .map_or(since, |promoted| since.max(promoted));
        lifecycle.deprecated = Some(since.min(retired));
    }
}

/// Checks that every version that ends leaves a stable version to move to.
fn leaves_a_way_on(catalogue: &Catalogue) -> Result<(), LifecycleError> {
    let others = |number| {
        catalogue
            .iter()
            .filter(move |version| version.number != number)
    };
    for Version {
        number, lifecycle, ..
    } in catalogue
    {
        let stable_at = |moment| others(*number).any(|other| other.state(moment) == State::Stable);
        if let Some(at) = lifecycle.retired.filter(|at| !stable_at(*at)) {
            return Err(LifecycleError::LastRetired {
                version: *number,
                at,
            });
        }
        let stays = |other: &Version| other.state(Timestamp::MAX) == State::Stable;
        if lifecycle.preview && lifecycle.promoted.is_none() && !others(*number).any(stays) {
            return Err(LifecycleError::LastPreview(*number));
        }
    }
    Ok(())
}
