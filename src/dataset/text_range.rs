//! Least and greatest of many texts, by their bytes.
//!
//! Only the first 32 bytes of a text count, so that huge texts cost no more than short ones, here and in the store.

use super::{
    Bounds,
    cell::{Cell, Cells},
    record::unquoted_prefix,
};

/// Bytes of a text that are kept.
const KEPT: usize = 32;

/// The beginning of a text. Ordered like the texts, as far as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    bytes: Vec<u8>,
    /// The text goes on.
    cut: bool,
}

/// The texts between which all others lie.
#[derive(Debug)]
pub(crate) struct TextRange {
    least: Beginning,
    most: Beginning,
    /// The first eight bytes of each as a number: a text whose number lies between needs no further look.
    least_key: u64,
    most_key: u64,
}

impl TextRange {
    /// The range of the values, if there is any.
    pub(crate) fn of(cells: &mut Cells<'_>) -> Option<Self> {
        let mut range = Self::one(Beginning::of(&cells.next()?));
        for cell in cells {
            if cell.doubled {
                range.include(&Beginning::of(&cell));
            } else if cell.key() <= range.least_key || cell.key() >= range.most_key {
                range.include_plain(&cell);
            }
        }
        Some(range)
    }

    fn one(text: Beginning) -> Self {
        let key = text.key();
        Self {
            least: text.clone(),
            most: text,
            least_key: key,
            most_key: key,
        }
    }

    /// Includes a text without doubled quotes, copying it only where it becomes a bound.
    #[inline(never)]
    fn include_plain(&mut self, cell: &Cell<'_>) {
        let head = &cell.raw[..cell.raw.len().min(KEPT)];
        let cut = cell.raw.len() > KEPT;
        let within = (self.least.bytes.as_slice(), self.least.cut) <= (head, cut)
            && (head, cut) <= (self.most.bytes.as_slice(), self.most.cut);
        if !within {
            self.include(&Beginning::of(cell));
        }
    }

    fn include(&mut self, text: &Beginning) {
        if *text < self.least {
            self.least.clone_from(text);
            self.least_key = text.key();
        }
        if *text > self.most {
            self.most.clone_from(text);
            self.most_key = text.key();
        }
    }

    /// The range as bounds that hold for the whole texts.
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
    fn of(cell: &Cell<'_>) -> Self {
        if cell.doubled {
            let mut text = unquoted_prefix(cell.raw);
            let bytes = text.by_ref().take(KEPT).collect();
            return Self {
                bytes,
                cut: text.next().is_some(),
            };
        }
        Self {
            bytes: cell.raw[..cell.raw.len().min(KEPT)].to_vec(),
            cut: cell.raw.len() > KEPT,
        }
    }

    fn key(&self) -> u64 {
        let mut first = [0; 8];
        let length = self.bytes.len().min(8);
        first[..length].copy_from_slice(&self.bytes[..length]);
        u64::from_be_bytes(first)
    }
}
