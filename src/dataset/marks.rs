//! The marks that a text may begin and end with.

/// The byte-order mark of UTF-8.
pub(super) const UTF8_BOM: &[u8] = b"\xEF\xBB\xBF";
/// What DOS wrote at the end of a text.
pub(super) const END_OF_TEXT: u8 = 0x1A;
