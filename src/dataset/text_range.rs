//! Least and greatest of many texts, by their bytes.
//!
//! Only the first 32 bytes of a text count, so that huge texts cost no more than short ones, here and in the store.

use super::{
    Bounds,
    cell::{Cell, short},
    record::unquoted_prefix,
};

/// Bytes of a text that are kept.
const KEPT: usize = 32;

/// The beginning of a text. Ordered like the texts, as far as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    bytes: Vec<u8>,
    /// Whether the text is longer.
    cut: bool,
}

/// The texts between which all others lie.
#[derive(Debug)]
pub(crate) struct TextRange {
    least: Beginning,
    most: Beginning,
    /// The first eight bytes of each as a number. A text whose number lies strictly between them is within the range.
    least_key: u64,
    most_key: u64,
    /// Both bounds again, if they are short texts: an equal text is within the range.
    least_short: Option<u64>,
    most_short: Option<u64>,
}

impl TextRange {
    /// The range of the values, if there is any.
    pub(crate) fn of<'t>(mut cells: impl Iterator<Item = Cell<'t>>) -> Option<Self> {
        let mut range = Self::one(cells.next()?);
        for cell in cells {
            let key = cell.key();
            let within = range.least_key < key && key < range.most_key;
            if cell.doubled() {
                range.include(cell.raw(), true);
            } else if !within && !range.is_short_bound(&cell) {
                range.include_plain(cell.raw());
            }
        }
        Some(range)
    }

    fn one(cell: Cell<'_>) -> Self {
        let text = Beginning::of(cell.raw(), cell.doubled());
        let short = short(&text.bytes);
        let key = text.key();
        Self {
            least: text.clone(),
            most: text,
            least_key: key,
            most_key: key,
            least_short: short,
            most_short: short,
        }
    }

    #[inline(always)]
    fn is_short_bound(&self, cell: &Cell<'_>) -> bool {
        cell.short()
            .is_some_and(|short| Some(short) == self.least_short || Some(short) == self.most_short)
    }

    /// Includes a text without doubled quotes, copying it only where it becomes a bound.
    #[inline(never)]
    fn include_plain(&mut self, raw: &[u8]) {
        let (head, cut) = (&raw[..raw.len().min(KEPT)], raw.len() > KEPT);
        let within = (self.least.bytes.as_slice(), self.least.cut) <= (head, cut)
            && (head, cut) <= (self.most.bytes.as_slice(), self.most.cut);
        if !within {
            self.include(raw, false);
        }
    }

    #[inline(never)]
    fn include(&mut self, raw: &[u8], doubled: bool) {
        let text = Beginning::of(raw, doubled);
        if text < self.least {
            self.least_key = text.key();
            self.least_short = short(&text.bytes);
            self.least.clone_from(&text);
        }
        if text > self.most {
            self.most_key = text.key();
            self.most_short = short(&text.bytes);
            self.most = text;
        }
    }

    /// The range as bounds of the whole texts.
    pub(crate) fn into_bounds(self) -> Bounds {
        let mut max = self.most.bytes;
        if let Some(last) = max.last_mut()
            && self.most.cut
        {
            // No byte of UTF-8 is above 0xF4.
            *last += 1;
        }
        Bounds::Text {
            min: self.least.bytes,
            max,
        }
    }
}

impl Beginning {
    fn of(raw: &[u8], doubled: bool) -> Self {
        if doubled {
            let mut text = unquoted_prefix(raw);
            let bytes = text.by_ref().take(KEPT).collect();
            return Self {
                bytes,
                cut: text.next().is_some(),
            };
        }
        Self {
            bytes: raw[..raw.len().min(KEPT)].to_vec(),
            cut: raw.len() > KEPT,
        }
    }

    fn key(&self) -> u64 {
        let mut first = [0; 8];
        let length = self.bytes.len().min(8);
        first[..length].copy_from_slice(&self.bytes[..length]);
        u64::from_be_bytes(first)
    }
}
