//! The mark that a text may begin with.

/// The byte-order mark of UTF-8.
pub(super) const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";
