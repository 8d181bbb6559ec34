//! The headers about a version's end: `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and `Link` to what to do about it.
//!
//! The header values are made once, for each possible successor. The current time decides which successor is recommended. Only the path
//! in the link to the successor differs per request. A version without an announced end has no notice.

use http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::versioning::{Catalogue, Format, Version, VersionNumber, media_type};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");
/// Where all versions are listed with their dates.
const VERSIONS: &str = "/versions";

/// The notice about a version's end.
pub(super) struct Notice {
    deprecation: Option<HeaderValue>,
    sunset: Option<HeaderValue>,
    /// The links for each possible successor, and for none.
    ways: Vec<Way>,
}

/// The links while that version is the recommended successor.
struct Way {
    successor: Option<VersionNumber>,
    /// The links to documentation about the end.
    notes: HeaderValue,
    /// The part of the successor's link after the path.
    parameters: String,
}

impl Notice {
    /// The notice about a version, if its end is announced.
    pub(super) fn of(version: &Version, catalogue: &Catalogue) -> Option<Self> {
        let lifecycle = &version.lifecycle;
        if lifecycle.deprecated.is_none() && lifecycle.retired.is_none() {
            return None;
        }
        let newer = catalogue
            .iter()
            .filter(|newer| newer.number > version.number)
            .map(|newer| Some(newer.number));
        let retires = lifecycle.retired.is_some();
        Some(Self {
            // A structured date: seconds since 1970 after an @ (RFC 9651 §3.3.7).
            deprecation: lifecycle
                .deprecated
                .and_then(|date| HeaderValue::try_from(format!("@{}", date.as_second())).ok()),
            sunset: lifecycle.retired.and_then(imf_fixdate),
            ways: newer
                .chain([None])
                .filter_map(|successor| Way::new(version.number, successor, retires))
                .collect(),
        })
    }

    /// Adds the notice to the headers of an answer. `path` and `query` lead to the resource in the successor. `extended` is when the version is
    /// retired for a client with an extension.
    pub(super) fn add_to(
        &self,
        headers: &mut HeaderMap,
        extended: Option<Timestamp>,
        successor: Option<VersionNumber>,
        (path, query): (&str, &str),
    ) {
        if let Some(deprecation) = &self.deprecation {
            headers.insert(DEPRECATION, deprecation.clone());
        }
        if let Some(sunset) = extended
            .and_then(imf_fixdate)
            .or_else(|| self.sunset.clone())
        {
            headers.insert(SUNSET, sunset);
        }
        let Some(way) = self.ways.iter().find(|way| way.successor == successor) else {
            return;
        };
        headers.append(LINK, way.notes.clone());
        if successor.is_some() {
            let path = utf8_percent_encode(path, CONTROLS);
            if let Ok(link) = HeaderValue::try_from(format!("<{path}{query}>{}", way.parameters)) {
                headers.append(LINK, link);
            }
        }
    }
}

impl Way {
    fn new(from: VersionNumber, successor: Option<VersionNumber>, retires: bool) -> Option<Self> {
        let changes = match successor {
            Some(to) => format!("/changelog?from={from}&to={to}"),
            None => VERSIONS.to_owned(),
        };
        let mut notes = format!("<{changes}>; rel=\"deprecation\"");
        if retires {
            notes.push_str(&format!(", <{VERSIONS}>; rel=\"sunset\""));
        }
        let kind = successor.map(|to| media_type(to, Format::Json).to_string());
        Some(Self {
            successor,
            notes: HeaderValue::try_from(notes).ok()?,
            parameters: format!(
                "; rel=\"successor-version\"; type=\"{}\"",
                kind.unwrap_or_default()
            ),
        })
    }
}

/// A date in HTTP's format (RFC 9110 §5.6.7).
fn imf_fixdate(date: Timestamp) -> Option<HeaderValue> {
    let text = DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&date)
        .ok()?;
    HeaderValue::try_from(text).ok()
}
