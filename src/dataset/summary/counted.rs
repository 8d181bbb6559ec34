//! A text, and how often it came.

use std::borrow::Cow;

use crate::dataset::{ColumnType, value};

/// Bytes of a text that are kept, at most.
const KEPT: usize = 64;

/// A text, and how often it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedText<'c> {
    /// Hash of the whole text.
    pub(super) hash: u64,
    pub(super) count: u64,
    /// The text, or the beginning of a long one.
    pub(super) text: &'c str,
    /// Whether `text` is truncated.
    pub(super) cut: bool,
}

/// The part of a text that a summary stores, and whether it is truncated: its beginning, or the nearest `f64` if `kind` says that
/// it is a number.
pub(super) fn shown(text: &[u8], kind: Option<ColumnType>) -> (Cow<'_, str>, bool) {
    let cut = text.len() > KEPT;
    let numeric = matches!(kind, Some(ColumnType::Integer | ColumnType::Number));
    if let Some(number) = value::number(text).filter(|_| cut && numeric) {
        let shown = match number.is_finite() {
            true => format!("{number:e}"),
            false => format!("{}1e999", if number < 0.0 { "-" } else { "" }),
        };
        return (shown.into(), cut);
    }
    let kept = &text[..text.len().min(KEPT)];
    // A raw block's text is UTF-8, but truncating may split the last character.
    let kept = match std::str::from_utf8(kept) {
        Ok(kept) => kept,
        Err(error) => std::str::from_utf8(&kept[..error.valid_up_to()]).unwrap_or_default(),
    };
    (kept.into(), cut)
}
