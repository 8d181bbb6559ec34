//! The version that the `Content-Type` of a request names (RFC 9110 §8.3).

use super::VersionNumber;
use super::media_type::Name;
use super::syntax::{Cursor, Empty, Flaw, SPACE};

/// The version in the name, if the type is one of ours that has one; any other media type names
/// none.
pub(super) fn named_version(text: &[u8]) -> Result<Option<VersionNumber>, Flaw> {
    let mut cursor = Cursor::new(text);
    cursor.skip(SPACE);
    let start = cursor.position();
    let essence = cursor.media_type(Empty::Refused, |_, _| Ok(()))?;
    cursor.end(start)?;
    match Name::read(essence.kind, essence.subtype) {
        Name::Vendor(version, _) => Ok(Some(version)),
        _ => Ok(None),
    }
}
