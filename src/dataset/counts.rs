//! The different texts of one column of a piece, each with how often it comes: what is dear to do with a text is done once
//! for all of its places.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    ColumnStats,
    cell::{Cell, Cells},
    record::unquoted_prefix,
    span::Span,
};

/// Log2 of the slots: few enough for the fastest memory, and more than most pieces have texts in a column.
const LOG_SLOTS: u32 = 10;

/// Stands for a text: texts of fewer than eight bytes never have the same as another of these, others hardly ever. It is
/// kept with stored summaries, and never changes.
pub(super) fn hash(text: &[u8]) -> u64 {
    match text.len() {
        length @ 0..8 => {
            let mut word = [0; 8];
            word[..length].copy_from_slice(text);
            word[7] = length as u8;
            mixed(u64::from_le_bytes(word))
        }
        _ => xxh3_64(text),
    }
}

/// A bijection whose every bit depends on all bits (the finaliser of MurmurHash3).
#[inline(always)]
fn mixed(mut word: u64) -> u64 {
    word = (word ^ word >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    word = (word ^ word >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    word ^ word >> 33
}

/// A text of a column, and how often it comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    span: Span,
    pub(super) count: u32,
    pub(super) hash: u64,
}

impl Counted {
    /// The text, unquoted, of a piece whose text is `of`.
    pub(super) fn text<'t>(&self, of: &'t [u8]) -> Cow<'t, [u8]> {
        let raw = &of[self.span.start()..self.span.end()];
        match self.span.doubled() {
            true => unquoted_prefix(raw).collect(),
            false => raw.into(),
        }
    }
}

/// Where a text was counted last.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    hash: u64,
    /// The column it was counted for.
    column: u32,
    at: u32,
}

/// Counts the texts of columns one after the other.
#[derive(Debug)]
pub(super) struct Counts {
    slots: Vec<Slot>,
    column: u32,
    counted: Vec<Counted>,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            column: 0,
            counted: Vec::new(),
        }
    }

    /// The texts of a column of so many rows, of which that is known, and how many nulls it has. A text may be there twice, its
    /// count in parts.
    pub(super) fn of(
        &mut self,
        mut cells: Cells<'_>,
        stats: &ColumnStats,
        rows: u32,
    ) -> (&[Counted], u32) {
        self.counted.clear();
        if stats.are_of_one_text() {
            let count = rows - stats.nulls;
            self.counted.extend(cells.next().map(|cell| Counted {
                span: cell.span(),
                count,
                hash: hash_of(&cell),
            }));
            return (&self.counted, stats.nulls);
        }
        // Not before they are needed, which for a small piece is never.
        self.slots.resize(1 << LOG_SLOTS, Slot::default());
        self.column += 1;
        for cell in cells.by_ref() {
            let hash = hash_of(&cell);
            let slot = &mut self.slots[(hash >> (64 - LOG_SLOTS)) as usize];
            if (slot.hash, slot.column) == (hash, self.column) {
                self.counted[slot.at as usize].count += 1;
            } else {
                *slot = Slot {
                    hash,
                    column: self.column,
                    // A piece has fewer than 2^31 values.
                    at: self.counted.len() as u32,
                };
                self.counted.push(Counted {
                    span: cell.span(),
                    count: 1,
                    hash,
                });
            }
        }
        (&self.counted, cells.nulls())
    }
}

/// What stands for a value's text.
#[inline(always)]
fn hash_of(cell: &Cell<'_>) -> u64 {
    match cell.short_word() {
        Some(word) => mixed(word),
        None if cell.doubled() => hash(&unquoted_prefix(cell.raw()).collect::<Vec<u8>>()),
        None => xxh3_64(cell.raw()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{cell::Nulls, span::tokenise};
    use super::*;

    #[test]
    fn every_text_is_counted_however_it_is_quoted() {
        let rows = (0..5000).map(|row: u32| match row % 5 {
            0 => format!("{},\"a\"\"b\"\n", row % 3),
            1 => format!("\"{}\",NA\n", row % 3),
            2 => format!("{},\n", row % 3),
            _ => format!("{},a long text {}\n", row % 3, row % 2000),
        });
        let text: String = rows.collect();
        let (spans, _) = tokenise(text.as_bytes(), 0, b',', 2, usize::MAX);
        let nulls = ["NA".to_owned()];
        let nulls = Nulls::new(&nulls);
        let mut counts = Counts::new();
        let mut columns = Vec::new();
        for place in 0..2 {
            let cells = Cells::new(text.as_bytes(), spans.column(place), &nulls);
            let (counted, nulls) = counts.of(cells, &ColumnStats::of_nothing(), spans.rows());
            let mut all: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
            for one in counted {
                assert_eq!(hash(&one.text(text.as_bytes())), one.hash);
                *all.entry(one.text(text.as_bytes()).into_owned())
                    .or_default() += one.count;
            }
            columns.push((all, nulls));
        }
        let (numbers, nulls) = &columns[0];
        assert_eq!((numbers.len(), *nulls), (3, 0));
        assert_eq!(numbers.values().sum::<u32>(), 5000);
        let (texts, nulls) = &columns[1];
        assert_eq!(*nulls, 2000);
        assert_eq!(texts[&b"a\"b"[..]], 1000);
        assert_eq!(texts.len(), 801);
        assert!(texts[&b"a long text 3"[..]] == 3 || texts[&b"a long text 3"[..]] == 2);
    }

    #[test]
    fn what_stands_for_a_text_does_not_change() {
        assert_eq!(hash(b"LAX"), 15_226_315_581_143_519_324);
        assert_eq!(hash(b"N14228"), 4_145_437_954_734_078_045);
        assert_eq!(
            hash(b"2013-01-01T05:00:00Z"),
            xxh3_64(b"2013-01-01T05:00:00Z")
        );
    }
}
