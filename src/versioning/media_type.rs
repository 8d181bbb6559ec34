//! How a version and a format are written as a media type, and how a name is read back.
//!
//! The vendor names are `application/vnd.flash.vN+json`, `+csv`, `+ndjson`, `+csvm` and `+parquet`;
//! `application/vnd.flash+json` leaves the version open; the plain names (`application/json`,
//! `text/csv`, `application/x-ndjson`, `application/csvm+json`, `application/vnd.apache.parquet`, `text/html`) carry none. To both, the parameter `version` adds one, as in
//! `application/json; version=2`.
//!
//! [`MediaType`] writes these names into `Content-Type`. A name that is read is compared with the constants of the `mime` crate.
//! [`super::syntax`] reads headers, and explains why `mime` doesn't.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::VersionNumber;

/// A representation that a resource can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON document.
    Json,
    /// RFC 4180.
    Csv,
    /// One JSON value a line.
    Ndjson,
    /// Metadata of a CSV (CSV on the Web). It is JSON, and is called so where formats are listed: clients know no other names there.
    #[serde(skip)]
    Csvm,
    /// Apache Parquet. No list has this name: clients know no other names there.
    #[serde(skip)]
    Parquet,
    /// A page for people, which has no vendor name.
    Html,
}

impl Format {
    /// The lower-case name, which is the suffix of the vendor type of all but [`Format::Html`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Csvm => "csvm",
            Self::Parquet => "parquet",
            Self::Html => "html",
        }
    }

    /// The name without a version.
    const fn plain_name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Csvm => "application/csvm+json",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Html => "text/html",
        }
    }

    /// The formats that a client may name by their short names, as a suffix or in a URL.
    pub const NAMED: [Self; 5] = [
        Self::Json,
        Self::Csv,
        Self::Ndjson,
        Self::Csvm,
        Self::Parquet,
    ];

    /// The format of that short name, in any case.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let mut formats = Self::NAMED.into_iter();
        formats.find(|format| name.eq_ignore_ascii_case(format.as_str().as_bytes()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which of its names a representation is sent under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Naming {
    /// `application/vnd.flash.vN+…`, which says the version.
    Vendor,
    /// The plain name. Only for a client that knows no other: it wrote exactly this name or `text/*`, or its URL names the
    /// format. A page ([`Format::Html`]) has only this one.
    Plain,
}

/// A representation's media type, as `Content-Type` carries it; [`fmt::Display`] writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    /// The version that the representation belongs to.
    pub version: VersionNumber,
    /// Its format.
    pub format: Format,
    /// Which of its names is written.
    pub naming: Naming,
}

/// The media type that names this version and this format; for [`Format::Html`], which has no such
/// name, `text/html`.
#[must_use]
pub const fn media_type(version: VersionNumber, format: Format) -> MediaType {
    let naming = match format {
        Format::Html => Naming::Plain,
        Format::Json | Format::Csv | Format::Ndjson | Format::Csvm | Format::Parquet => {
            Naming::Vendor
        }
    };
    MediaType {
        version,
        format,
        naming,
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.naming, self.format) {
            (Naming::Plain, format) | (Naming::Vendor, format @ Format::Html) => {
                f.write_str(format.plain_name())
            }
            (Naming::Vendor, format) => {
                write!(f, "application/vnd.flash.{}+{format}", self.version)
            }
        }
    }
}

/// What the name in a media range or in `Content-Type` means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `*/*`
    Anything,
    /// `application/*`
    AnyApplication,
    /// `text/*`
    AnyText,
    /// `application/vnd.flash.vN+…`
    Vendor(VersionNumber, Format),
    /// `application/vnd.flash+json`: ours, the version left open.
    Unversioned,
    /// A plain name.
    Plain(Format),
    /// A plain name with the parameter `version`, such as `application/json; version=2`.
    Versioned(VersionNumber, Format),
    /// Any other: nothing here has it.
    Foreign,
}

impl Name {
    /// The same with a parameter `version`. It counts if the name itself leaves the version open; wildcards have no version.
    pub(super) fn of_version(self, text: &[u8]) -> Self {
        let quoted = text
            .strip_prefix(b"\"")
            .and_then(|text| text.strip_suffix(b"\""));
        let version = VersionNumber::named(quoted.unwrap_or(text));
        match (self, version) {
            (Self::Unversioned, Some(version)) => Self::Vendor(version, Format::Json),
            (Self::Plain(format), Some(version)) => Self::Versioned(version, format),
            (Self::Unversioned | Self::Plain(_), None) => Self::Foreign,
            (name, _) => name,
        }
    }

    /// The version that is named.
    pub(super) const fn version(self) -> Option<VersionNumber> {
        match self {
            Self::Vendor(version, _) | Self::Versioned(version, _) => Some(version),
            _ => None,
        }
    }

    /// What `kind/subtype` means; both are case-insensitive (RFC 9110 §8.3.1).
    pub(super) fn read(kind: &[u8], subtype: &[u8]) -> Self {
        if is(kind, mime::APPLICATION) {
            match Vendor::read(subtype) {
                Some(vendor) => vendor.name(),
                None if is(subtype, mime::JSON) => Self::Plain(Format::Json),
                None if subtype.eq_ignore_ascii_case(b"x-ndjson") => Self::Plain(Format::Ndjson),
                None if subtype.eq_ignore_ascii_case(b"csvm+json") => Self::Plain(Format::Csvm),
                None if subtype.eq_ignore_ascii_case(b"vnd.apache.parquet") => {
                    Self::Plain(Format::Parquet)
                }
                None if subtype == b"*" => Self::AnyApplication,
                None => Self::Foreign,
            }
        } else if is(kind, mime::TEXT) {
            match subtype {
                b"*" => Self::AnyText,
                _ if is(subtype, mime::CSV) => Self::Plain(Format::Csv),
                _ if is(subtype, mime::HTML) => Self::Plain(Format::Html),
                _ => Self::Foreign,
            }
        } else if (kind, subtype) == (b"*", b"*") {
            Self::Anything
        } else {
            Self::Foreign
        }
    }
}

/// A subtype in the family of ours, `vnd.flash…`, whether or not it names something that exists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vendor<'t> {
    /// What stands between `vnd.flash` and the suffix: empty, or `.vN`, or anything at all.
    middle: &'t [u8],
    /// What follows the first `+`.
    suffix: Option<&'t [u8]>,
}

impl<'t> Vendor<'t> {
    /// Recognises the family.
    pub(super) fn read(subtype: &'t [u8]) -> Option<Self> {
        const FAMILY: &[u8] = b"vnd.flash";
        let (family, rest) = subtype.split_at_checked(FAMILY.len())?;
        if !family.eq_ignore_ascii_case(FAMILY) || !matches!(rest.first(), None | Some(b'.' | b'+'))
        {
            return None;
        }
        let plus = rest.iter().position(|&byte| byte == b'+');
        let (middle, suffix) = plus.map_or((rest, None), |plus| {
            (&rest[..plus], Some(&rest[plus + 1..]))
        });
        Some(Self { middle, suffix })
    }

    /// The version that is named, if it is written as a version is.
    pub(super) fn version(self) -> Option<VersionNumber> {
        match self.middle {
            [b'.', b'v' | b'V', digits @ ..] => VersionNumber::from_digits(digits),
            _ => None,
        }
    }

    /// Whether the name leaves the version open, as `vnd.flash+json` does.
    pub(super) const fn is_open(self) -> bool {
        self.middle.is_empty()
    }

    /// The format that the suffix names, if there is such a format.
    pub(super) fn format(self) -> Option<Format> {
        self.suffix.and_then(Format::named)
    }

    /// What the whole name means: `v0`, `v01`, an unknown suffix and the like are just types that
    /// nobody has.
    fn name(self) -> Name {
        match (self.middle, self.version(), self.format()) {
            (_, Some(version), Some(format)) => Name::Vendor(version, format),
            (b"", None, Some(Format::Json)) => Name::Unversioned,
            _ => Name::Foreign,
        }
    }
}

/// Compares a piece of a header with a constant, without regard to case.
fn is(piece: &[u8], name: mime::Name<'_>) -> bool {
    piece.eq_ignore_ascii_case(name.as_str().as_bytes())
}
