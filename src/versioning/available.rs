//! What a resource has: the list that a 406 carries (RFC 9110 §15.5.7).

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::resource::Resource;
use super::{Catalogue, Format, State, VersionNumber, media_type};

/// One representation that could have been asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Available {
    /// The name to write into `Accept`.
    pub media_type: String,
    /// The version, as a number.
    #[schema(value_type = u32, minimum = 1)]
    pub version: VersionNumber,
    /// The full version, as text.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "2.0.0")]
    pub semantic_version: semver::Version,
    /// Where that version is in its lifecycle; never `retired`.
    pub state: State,
    /// The format.
    #[serde(serialize_with = "as_known")]
    pub format: Format,
}

/// Everything that this resource has: the newest version first, the formats of each as the server
/// prefers them.
///
/// Plain names mean the caller's default version, so they are not listed. `text/html` has no other name, so it is listed once, with
/// the general default version.
#[must_use]
pub fn available(
    catalogue: &Catalogue,
    now: Timestamp,
    offers: impl Fn(VersionNumber) -> &'static [Format],
) -> Vec<Available> {
    let mut list = Vec::new();
    for (version, state, formats) in (Resource {
        catalogue,
        now,
        offers,
    })
    .served()
    {
        for &format in formats {
            if format == Format::Html && version.number != catalogue.first() {
                continue;
            }
            list.push(Available {
                media_type: media_type(version.number, format).to_string(),
                version: version.number,
                semantic_version: version.semantic.clone(),
                state,
                format,
            });
        }
    }
    list
}

/// Serialises a format under a name that has always been known.
fn as_known<S: Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    match format {
        Format::Csvm => Format::Json.serialize(serializer),
        // An older client knows no better name.
        Format::Parquet => Format::Csv.serialize(serializer),
        known => known.serialize(serializer),
    }
}

/// Serialises a semantic version as its text, `2.1.0`.
fn as_text<S: Serializer>(version: &semver::Version, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(version)
}
