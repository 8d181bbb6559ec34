//! What is served, and why.

use super::{Format, MediaType, Naming, VersionNumber};

/// Why a version was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// `Accept` names it.
    Accept,
    /// The URL names it, and `Accept` none.
    Query,
    /// `Content-Type` names it, and neither `Accept` nor the URL names one.
    ContentType,
    /// The caller is pinned to it, and the request names none.
    Pin,
    /// The request names no version, and the caller has no pin.
    Default,
}

impl Source {
    /// The word that `API-Version-Source` carries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Query => "query",
            Self::ContentType => "content-type",
            Self::Pin => "pin",
            Self::Default => "default",
        }
    }
}

/// The version of a caller that doesn't name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultVersion {
    /// The version.
    pub version: VersionNumber,
    /// Why that one: [`Source::Default`] or [`Source::Pin`].
    pub source: Source,
}

/// What is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The version.
    pub version: VersionNumber,
    /// Why that one.
    pub source: Source,
    /// The format.
    pub format: Format,
    /// Which name the format is sent under.
    pub naming: Naming,
}

impl Choice {
    /// The media type for `Content-Type`.
    #[must_use]
    pub const fn media_type(&self) -> MediaType {
        MediaType {
            version: self.version,
            format: self.format,
            naming: self.naming,
        }
    }
}
