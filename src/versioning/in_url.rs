//! What the URL of a request names, for clients that can't send `Accept`.
//!
//! It decides where the headers leave the version or the format open. A header that names something else contradicts it.

use std::fmt;

use super::accept::Range;
use super::media_type::Name;
use super::{Format, VersionNumber};

/// What the parameters `version` and `format` of a URL name; [`fmt::Display`] writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InUrl {
    /// The version.
    pub version: Option<VersionNumber>,
    /// The format.
    pub format: Option<Format>,
}

impl InUrl {
    /// Whether the URL names neither.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.version.is_none() && self.format.is_none()
    }

    /// Whether a candidate has what the URL names.
    pub(super) fn admits(&self, version: VersionNumber, format: Format) -> bool {
        self.version.is_none_or(|named| named == version)
            && self.format.is_none_or(|named| named == format)
    }

    /// Whether a `Content-Type` that names this version contradicts the URL.
    pub(super) fn contradicts_version(&self, version: VersionNumber) -> bool {
        self.version.is_some_and(|named| named != version)
    }

    /// Whether ranges contradict the URL: they name other versions only, or none of them takes what the URL names. Ranges that
    /// Flash has nothing for don't count, nor do those that exclude something.
    pub(super) fn contradicts(&self, ranges: &[Range]) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut names = wanted(ranges).peekable();
        let versions = || wanted(ranges).filter_map(Name::version);
        let is_other = |named| versions().next().is_some() && !versions().any(|one| one == named);
        self.version.is_some_and(is_other)
            || names.peek().is_some() && !names.any(|name| self.is_taken_by(name))
    }

    /// Whether the ranges leave everything to the URL.
    pub(super) fn decides_alone(&self, ranges: &[Range]) -> bool {
        self.format.is_some() || self.version.is_some() && wanted(ranges).next().is_none()
    }

    fn is_taken_by(&self, name: Name) -> bool {
        let format = match name {
            Name::Anything | Name::AnyApplication | Name::AnyText => return true,
            Name::Vendor(_, format) | Name::Versioned(_, format) | Name::Plain(format) => format,
            Name::Unversioned => Format::Json,
            Name::Foreign => return false,
        };
        let other = |named| name.version().is_some_and(|version| version != named);
        !self.version.is_some_and(other) && self.format.is_none_or(|named| named == format)
    }
}

/// What ranges ask for, other than pages: browsers send `text/html` with each request.
fn wanted(ranges: &[Range]) -> impl Iterator<Item = Name> {
    let wanted = ranges.iter().filter(|range| range.quality > 0);
    let names = wanted.map(|range| range.name);
    names.filter(|name| !matches!(name, Name::Foreign | Name::Plain(Format::Html)))
}

impl fmt::Display for InUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.version {
            write!(f, "version={version}")?;
        }
        if let Some(format) = self.format {
            let separator = if self.version.is_some() { "&" } else { "" };
            write!(f, "{separator}format={format}")?;
        }
        Ok(())
    }
}
