//! The ranking of RFC 9110 §12.5.1, over versions and formats at once.
//!
//! What a resource has is a set of candidates, each under a name. A candidate takes its quality
//! from the most specific range that matches it; between equally specific ones, the first written
//! counts. The highest quality wins; then the candidate whose range is more specific; then the
//! order of the ranges; then the server's preference.
//!
//! A version other than the default is a candidate under its vendor names alone, and only a range
//! that spells such a name matches it; the wildcards reach the default version only. So a caller
//! gets another version only by naming it.

use std::cmp::Reverse;

use super::accept::Range;
use super::media_type::Name;
use super::quality::Quality;
use super::resource::Resource;
use super::{Format, InUrl, Naming, VersionNumber};

/// A name under which something could be served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) version: VersionNumber,
    pub(super) format: Format,
    pub(super) naming: Naming,
    /// The form of a range that names exactly this.
    name: Name,
    /// Whether wildcards match it.
    of_default: bool,
}

/// How exactly a range names a candidate. More exact is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    Anything,
    Type,
    Exact,
}

/// The criteria that rank a match, the most important first.
type Rank = (Quality, Specificity, Reverse<usize>);

/// A candidate that a range accepts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub(super) candidate: Candidate,
    /// Whether the range that decided names the version.
    pub(super) names_version: bool,
    /// Whether that range is a wildcard.
    pub(super) is_wildcard: bool,
    rank: Rank,
}

/// The best match, among what is served and, apart from it, among what is not.
///
/// A version that is retired or in a brownout counts only when nothing that is served is
/// acceptable.
#[derive(Debug)]
pub(super) struct Contest<'r> {
    pub(super) served: Option<Match>,
    pub(super) unserved: Option<Match>,
    ranges: &'r [Range],
    in_url: InUrl,
}

impl Candidate {
    /// A format of a version under its vendor name.
    const fn vendor(version: VersionNumber, format: Format, of_default: bool) -> Self {
        Self {
            version,
            format,
            naming: Naming::Vendor,
            name: Name::Vendor(version, format),
            of_default,
        }
    }

    /// A format of the default version under its plain name.
    const fn plain(version: VersionNumber, format: Format) -> Self {
        Self {
            version,
            format,
            naming: Naming::Plain,
            name: Name::Plain(format),
            of_default: true,
        }
    }

    /// A format of a version under its plain name with the parameter `version`.
    const fn versioned(version: VersionNumber, format: Format) -> Self {
        Self {
            version,
            format,
            naming: Naming::Plain,
            name: Name::Versioned(version, format),
            of_default: false,
        }
    }

    /// The JSON of the default version under the vendor name that leaves the version open.
    const fn unversioned(version: VersionNumber) -> Self {
        let name = Name::Unversioned;
        Self {
            version,
            format: Format::Json,
            naming: Naming::Vendor,
            name,
            of_default: true,
        }
    }

    /// How exactly the range names this candidate, if it matches it.
    ///
    /// `*/*` matches each representation under one name only, the vendor name where there is one,
    /// so that this is the name it is answered with.
    fn specificity(&self, range: Name) -> Option<Specificity> {
        let vendor = matches!(self.name, Name::Vendor(..));
        let page = self.name == Name::Plain(Format::Html);
        match range {
            Name::Foreign => None,
            Name::Anything => {
                (self.of_default && (vendor || page)).then_some(Specificity::Anything)
            }
            Name::AnyApplication => (self.of_default && vendor).then_some(Specificity::Type),
            Name::AnyText => {
                (page || self.name == Name::Plain(Format::Csv)).then_some(Specificity::Type)
            }
            exact => (exact == self.name).then_some(Specificity::Exact),
        }
    }

    /// What the ranges make of this candidate: nothing if none matches, or if the most specific one
    /// excludes it.
    fn judge(self, ranges: &[Range]) -> Option<Match> {
        let mut best: Option<(Specificity, usize)> = None;
        for (index, range) in ranges.iter().enumerate() {
            if let Some(specificity) = self.specificity(range.name)
                && best.is_none_or(|(most, _)| specificity > most)
            {
                best = Some((specificity, index));
            }
        }
        let (specificity, index) = best?;
        let Range { name, quality } = ranges[index];
        let names_version = name.version().is_some();
        (quality > 0).then_some(Match {
            candidate: self,
            names_version,
            is_wildcard: specificity != Specificity::Exact,
            rank: (quality, specificity, Reverse(index)),
        })
    }
}

impl<'r> Contest<'r> {
    /// Lets every candidate compete that has what the URL names, in the server's order of preference.
    pub(super) fn hold<O>(
        resource: &Resource<'_, O>,
        default: VersionNumber,
        ranges: &'r [Range],
        in_url: InUrl,
    ) -> Self
    where
        O: Fn(VersionNumber) -> &'static [Format],
    {
        let mut contest = Self {
            served: None,
            unserved: None,
            ranges,
            in_url,
        };
        // One range that names a version and a format, as clients of one version send it, matches nothing else.
        if let [
            Range {
                name: Name::Vendor(version, format),
                ..
            },
        ] = *ranges
        {
            let known = version == default || resource.catalogue.get(version).is_some();
            if known && resource.formats(version).contains(&format) {
                let candidate = Candidate::vendor(version, format, version == default);
                contest.enter(candidate, resource.is_unserved(version));
            }
            return contest;
        }
        contest.enter_default(resource, default);
        for version in resource.catalogue {
            let number = version.number;
            let named = |range: &Range| range.name.version() == Some(number);
            if !ranges.iter().any(named) {
                continue;
            }
            let unserved = resource.is_unserved(number);
            for &format in resource.formats(number) {
                if number != default {
                    contest.enter(Candidate::vendor(number, format, false), unserved);
                }
                contest.enter(Candidate::versioned(number, format), unserved);
            }
        }
        contest
    }

    /// Enters the default version under all its names; the page comes last, whatever its place in
    /// the offer.
    fn enter_default<O>(&mut self, resource: &Resource<'_, O>, version: VersionNumber)
    where
        O: Fn(VersionNumber) -> &'static [Format],
    {
        let (unserved, formats) = (resource.is_unserved(version), resource.formats(version));
        for &format in formats.iter().filter(|&&format| format != Format::Html) {
            self.enter(Candidate::vendor(version, format, true), unserved);
            self.enter(Candidate::plain(version, format), unserved);
        }
        if formats.contains(&Format::Json) {
            self.enter(Candidate::unversioned(version), unserved);
        }
        if formats.contains(&Format::Html) {
            self.enter(Candidate::plain(version, Format::Html), unserved);
        }
    }

    /// Keeps the candidate if it beats those before it; between equals, the earlier stays.
    fn enter(&mut self, candidate: Candidate, unserved: bool) {
        if !self.in_url.admits(candidate.version, candidate.format) {
            return;
        }
        let place = if unserved {
            &mut self.unserved
        } else {
            &mut self.served
        };
        if let Some(found) = candidate.judge(self.ranges)
            && place.is_none_or(|best| found.rank > best.rank)
        {
            *place = Some(found);
        }
    }
}
