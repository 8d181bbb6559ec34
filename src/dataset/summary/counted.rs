//! A text, and how often it came.

use std::borrow::Cow;

use crate::{ColumnType, Formats, value};

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

impl<'c> CountedText<'c> {
    /// The canonical text of the value; it is that already if it was shortened.
    pub(super) fn canonical(&self, kind: ColumnType, formats: &Formats) -> Cow<'c, str> {
        match self.cut {
            true => Cow::Borrowed(self.text),
            false => formats.read(kind, Cow::Borrowed(self.text)),
        }
    }
}

/// The part of a text that a summary stores, and whether it is truncated: its beginning, or a canonical value that is near if
/// `kind` says that it is a number or a moment.
pub(super) fn shown<'t>(
    text: &'t [u8],
    kind: Option<ColumnType>,
    formats: &Formats,
) -> (Cow<'t, str>, bool) {
    let cut = text.len() > KEPT;
    if cut && let Some(near) = kind.and_then(|kind| near(text, kind, formats)) {
        return (near.into(), cut);
    }
    let kept = &text[..text.len().min(KEPT)];
    // A raw block's text is UTF-8, but truncating may split the last character.
    let kept = match std::str::from_utf8(kept) {
        Ok(kept) => kept,
        Err(error) => std::str::from_utf8(&kept[..error.valid_up_to()]).unwrap_or_default(),
    };
    (kept.into(), cut)
}

/// A short value near a long one: the nearest `f64` of a number, or the nanosecond before a moment.
fn near(text: &[u8], kind: ColumnType, formats: &Formats) -> Option<String> {
    let text = formats.canonical(kind, std::str::from_utf8(text).ok()?)?;
    match kind {
        ColumnType::Integer | ColumnType::Number => {
            let number = value::number(text.as_bytes())?;
            Some(match number.is_finite() {
                true => format!("{number:e}"),
                false => format!("{}1e999", if number < 0.0 { "-" } else { "" }),
            })
        }
        ColumnType::Datetime => {
            const NANOS: usize = 9;
            let (before, rest) = text.split_once('.')?;
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (fraction, zone) = rest.split_at(digits);
            Some(format!("{before}.{}{zone}", &fraction[..digits.min(NANOS)]))
        }
        ColumnType::Boolean | ColumnType::Date | ColumnType::String => None,
    }
}
