//! The version that the `Content-Type` of a request names (RFC 9110 §8.3).

use super::VersionNumber;
use super::media_type::Name;
use super::syntax::{Cursor, Empty, Flaw, SPACE};

/// What a `Content-Type` says about the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named<'t> {
    /// Nothing: it has no version, or is a type that Flash doesn't know.
    Nothing,
    /// It names this version.
    Version(VersionNumber),
    /// Its parameter `version` has this value, which isn't a version.
    Unreadable(&'t [u8]),
}

/// The version in the name or in the parameter `version` of one of Flash's types.
pub(super) fn named_version(text: &[u8]) -> Result<Named<'_>, Flaw> {
    let mut cursor = Cursor::new(text);
    cursor.skip(SPACE);
    let start = cursor.position();
    let mut version = None;
    let essence = cursor.media_type(Empty::Refused, |name, value| {
        if name.eq_ignore_ascii_case(b"version") {
            version.get_or_insert(value);
        }
        Ok(())
    })?;
    cursor.end(start)?;
    let name = Name::read(essence.kind, essence.subtype);
    let versioned = version.map_or(name, |version| name.of_version(version));
    Ok(match (versioned.version(), version) {
        (Some(version), _) => Named::Version(version),
        (None, Some(text)) if versioned != name => Named::Unreadable(text),
        (None, _) => Named::Nothing,
    })
}
