//! The version that the `Content-Type` of a request names (RFC 9110 §8.3).

use super::VersionNumber;
use super::media_type::Name;
use super::syntax::{Cursor, Empty, Flaw, SPACE};

/// The version in the name or in the parameter `version`, if the type is one of ours that has one; any other media type names
/// none.
pub(super) fn named_version(text: &[u8]) -> Result<Option<VersionNumber>, Flaw> {
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
    let name = version.map_or(name, |version| name.of_version(version));
    Ok(name.version())
}
