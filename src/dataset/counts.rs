//! Counts the distinct texts of one column of a raw block, so that costly work is done once per text and not once per value.

use std::borrow::Cow;
use std::hint::select_unpredictable;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    cell::{Cell, Cells, short},
    record::unquoted_prefix,
    span::Span,
};

/// Log2 of the number of slots: they fit into the fastest cache, and are more than most columns of a raw block have texts.
const LOG_SLOTS: u32 = 11;
const SLOTS: usize = 1 << LOG_SLOTS;

/// The hash of a text. Texts of fewer than eight bytes never collide with each other, others hardly ever. It is stored with
/// summaries, so it never changes.
pub(super) fn hash(text: &[u8]) -> u64 {
    match short(text) {
        Some(word) => mixed(word),
        None => xxh3_64(text),
    }
}

/// A bijection whose every bit depends on all bits (the finaliser of MurmurHash3).
#[inline(always)]
fn mixed(mut word: u64) -> u64 {
    word = (word ^ word >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    word = (word ^ word >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    word ^ word >> 33
}

/// A text of a column, and how often it occurs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TextCount {
    span: Span,
    pub(super) count: u32,
    key: TextKey,
}

/// What tells most texts apart: the text itself as [`short`] encodes it, if it has fewer than eight bytes; otherwise a hash
/// with the highest bit set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct TextKey(u64);

impl TextKey {
    const HASHED: u64 = 1 << 63;

    #[inline(always)]
    fn of(cell: Cell<'_>) -> Self {
        match cell.short() {
            Some(word) => Self(word),
            None => Self::of_long(cell),
        }
    }

    #[inline(never)]
    fn of_long(cell: Cell<'_>) -> Self {
        Self(xxh3_64(cell.raw()) | Self::HASHED)
    }

    /// Whether it is a hash, so that equal keys don't prove equal texts.
    #[inline(always)]
    fn is_hashed(self) -> bool {
        self.0 & Self::HASHED != 0
    }

    /// Its slot.
    #[inline(always)]
    fn slot(self) -> usize {
        // Fibonacci hashing: 2^64 divided by the golden ratio.
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - LOG_SLOTS)) as usize
    }
}

impl TextCount {
    /// Whether the value, which has that key, is certainly this text, which is part of `of`.
    #[inline(always)]
    fn is(&self, of: &[u8], cell: Cell<'_>, key: TextKey) -> bool {
        let mut same = self.key == key;
        if key.is_hashed() {
            same = same && self.is_long(of, cell);
        }
        same
    }

    #[inline(never)]
    fn is_long(self, of: &[u8], cell: Cell<'_>) -> bool {
        let doubled = self.span.doubled() || cell.doubled();
        !doubled && of[self.span.start()..self.span.end()] == *cell.raw()
    }

    /// The text, unquoted; `of` is the text of the raw block.
    pub(super) fn text<'t>(&self, of: &'t [u8]) -> Cow<'t, [u8]> {
        let raw = &of[self.span.start()..self.span.end()];
        match self.span.doubled() {
            true => unquoted_prefix(raw).collect(),
            false => raw.into(),
        }
    }

    /// The text's [`hash`].
    #[inline(always)]
    pub(super) fn hash(&self, of: &[u8]) -> u64 {
        match self.key.is_hashed() {
            true => hash(&self.text(of)),
            false => mixed(self.key.0),
        }
    }
}

/// The texts of a column, in the order of their first occurrences. A text may be listed several times, each with part of its count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Texts<'c> {
    /// The raw block's text.
    pub(super) of: &'c [u8],
    pub(super) counted: &'c [TextCount],
    /// How many values are null.
    pub(super) nulls: u32,
}

impl<'c> Texts<'c> {
    /// One value for each text.
    pub(super) fn cells(self) -> impl Iterator<Item = Cell<'c>> + Clone {
        self.counted
            .iter()
            .map(move |one| Cell::new(self.of, one.span))
    }
}

/// Counts the texts of columns one after the other.
#[derive(Debug)]
pub(super) struct Counts {
    /// Where a text with this slot was counted last, perhaps in an earlier column.
    slots: Box<[u32; SLOTS]>,
    /// As many as there are rows, and one more.
    counted: Box<[TextCount]>,
}

impl Counts {
    /// For columns of `rows` rows.
    pub(super) fn new(rows: u32) -> Self {
        Self {
            slots: Box::new([0; SLOTS]),
            counted: vec![TextCount::default(); rows as usize + 1].into(),
        }
    }

    /// Counts the texts of a column; `of` is the text of the raw block.
    #[inline(never)]
    pub(super) fn of<'c>(&'c mut self, of: &'c [u8], mut cells: Cells<'c>) -> Texts<'c> {
        let (slots, counted) = (&mut *self.slots, &mut *self.counted);
        let (mut next, mut texts) = (count_first(of, &mut cells, &mut counted[0]), 1);
        while let Some(cell) = next {
            let key = TextKey::of(cell);
            let slot = &mut slots[key.slot()];
            let there = counted[*slot as usize];
            // No branches from here on for short texts: they would be unpredictable.
            let known = (*slot < texts) & there.is(of, cell, key);
            counted[texts as usize] = TextCount {
                span: cell.span(),
                count: 0,
                key,
            };
            *slot = select_unpredictable(known, *slot, texts);
            counted[*slot as usize].count += 1;
            texts += u32::from(!known);
            next = cells.next();
        }
        // If all values are null, there is no first text.
        let texts = if counted[0].count == 0 { 0 } else { texts };
        Texts {
            of,
            counted: &counted[..texts as usize],
            nulls: cells.nulls(),
        }
    }
}

/// Counts the first text until another one comes, which in many columns never happens. Returns the first other value.
#[inline(always)]
fn count_first<'c>(of: &[u8], cells: &mut Cells<'c>, counted: &mut TextCount) -> Option<Cell<'c>> {
    *counted = TextCount::default();
    let first = cells.next()?;
    *counted = TextCount {
        span: first.span(),
        count: 1,
        key: TextKey::of(first),
    };
    loop {
        match cells.next() {
            Some(cell) if counted.is(of, cell, TextKey::of(cell)) => counted.count += 1,
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{cell::Nulls, span::tokenize};
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
        let (spans, _) = tokenize(text.as_bytes(), 0, b',', 2, usize::MAX);
        let nulls = ["NA".to_owned()];
        let nulls = Nulls::new(&nulls);
        let mut counts = Counts::new(spans.rows());
        let mut columns = Vec::new();
        for place in 0..2 {
            let cells = Cells::new(text.as_bytes(), spans.column(place), &nulls);
            let Texts { counted, nulls, .. } = counts.of(text.as_bytes(), cells);
            let mut all: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
            for one in counted {
                assert_eq!(hash(&one.text(text.as_bytes())), one.hash(text.as_bytes()));
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
    fn texts_that_only_look_the_same_are_kept_apart() {
        // Within quotes the doubled ones are one each; without, all are the text's own.
        let text = "\"say \"\"hi\"\" to all\"\nsay \"\"hi\"\" to all\n".repeat(3);
        let (spans, _) = tokenize(text.as_bytes(), 0, b',', 1, usize::MAX);
        let nulls = Nulls::new(&[]);
        let cells = Cells::new(text.as_bytes(), spans.column(0), &nulls);
        let mut counts = Counts::new(spans.rows());
        let texts = counts.of(text.as_bytes(), cells);
        let mut all: BTreeMap<_, u32> = BTreeMap::new();
        for one in texts.counted {
            *all.entry(one.text(text.as_bytes())).or_default() += one.count;
        }
        let all: Vec<_> = all.into_iter().collect();
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|(_, count)| *count == 3));
    }

    #[test]
    fn nothing_is_counted_where_all_is_null() {
        let text = "\nNA\n\"\"\n";
        let (spans, _) = tokenize(text.as_bytes(), 0, b',', 1, usize::MAX);
        let nulls = ["NA".to_owned()];
        let nulls = Nulls::new(&nulls);
        let mut counts = Counts::new(spans.rows());
        let texts = counts.of(
            text.as_bytes(),
            Cells::new(text.as_bytes(), spans.column(0), &nulls),
        );
        assert_eq!((texts.counted.len(), texts.nulls), (0, 3));
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
