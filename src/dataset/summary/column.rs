//! The sketch of one column.

use hashbrown::HashTable;

use super::SketchSizes;
use super::counted::{CountedText, shown};
use super::rest::Rest;
use crate::counts::Texts;
use crate::{ColumnType, Formats};

/// A column's values so far.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnSketch {
    pub(super) nulls: u64,
    /// Values that are not null.
    pub(super) values: u64,
    /// The hashes and counts of the first distinct texts. They are looked up for every value, so they are stored compactly.
    counts: HashTable<(u64, u64)>,
    /// Those texts.
    texts: Vec<Kept>,
    /// The values whose texts the table has no space for.
    pub(super) rest: Option<Box<Rest>>,
}

/// A text that is counted.
#[derive(Debug, Clone)]
struct Kept {
    /// Hash of the whole text.
    hash: u64,
    /// The text, or the beginning of a long one.
    text: Box<str>,
    /// Whether `text` is truncated.
    cut: bool,
}

impl ColumnSketch {
    /// Adds the values of a raw block; `kind` is the narrowest type of its values.
    pub(super) fn add(
        &mut self,
        texts: Texts<'_>,
        kind: Option<ColumnType>,
        sizes: SketchSizes,
        formats: &Formats,
    ) {
        self.nulls += u64::from(texts.nulls);
        for one in texts.counted {
            let (hash, count) = (one.hash(texts.of), u64::from(one.count));
            self.values += count;
            if self.counts_known(hash, count) {
                continue;
            }
            let text = one.text(texts.of);
            if self.texts.len() < sizes.texts {
                let (text, cut) = shown(&text, kind, formats);
                self.insert(CountedText {
                    hash,
                    count,
                    text: &text,
                    cut,
                });
            } else {
                self.rest(sizes).add(&text, hash, count, kind, formats);
            }
        }
    }

    /// Counts a text if it is in the table. Returns whether it is.
    fn counts_known(&mut self, hash: u64, count: u64) -> bool {
        let found = self.counts.find_mut(hash, |(known, _)| *known == hash);
        found.is_some_and(|(_, all)| {
            *all += count;
            true
        })
    }

    /// Adds a text to the table.
    pub(super) fn insert(&mut self, known: CountedText<'_>) {
        let CountedText {
            hash, count, cut, ..
        } = known;
        let text = known.text.into();
        self.counts
            .insert_unique(hash, (hash, count), |(hash, _)| *hash);
        self.texts.push(Kept { hash, text, cut });
    }

    /// The texts in the table.
    pub(super) fn known(&self) -> impl Iterator<Item = CountedText<'_>> {
        self.texts.iter().map(|kept| {
            let hash = kept.hash;
            let count = self.counts.find(hash, |(known, _)| *known == hash);
            CountedText {
                hash,
                count: count.map_or(0, |(_, count)| *count),
                text: &kept.text,
                cut: kept.cut,
            }
        })
    }

    fn rest(&mut self, sizes: SketchSizes) -> &mut Rest {
        self.rest.get_or_insert_with(|| Box::new(Rest::new(sizes)))
    }

    /// Adds another sketch.
    pub(super) fn merge(&mut self, other: &Self, sizes: SketchSizes, formats: &Formats) {
        self.nulls += other.nulls;
        self.values += other.values;
        let mut unknown: Vec<CountedText<'_>> = other
            .known()
            .filter(|known| !self.counts_known(known.hash, known.count))
            .collect();
        let left = sizes.texts - self.texts.len();
        if unknown.len() > left {
            // Frequent texts take precedence; their order does not matter.
            unknown.sort_unstable_by(|a, b| {
                let by_count = b.count.cmp(&a.count);
                by_count.then_with(|| (a.text, a.hash).cmp(&(b.text, b.hash)))
            });
            unknown
                .drain(left..)
                .for_each(|known| self.rest(sizes).add_known(known, formats));
        }
        unknown.into_iter().for_each(|known| self.insert(known));
        if let Some(rest) = &other.rest {
            self.rest(sizes).merge(rest);
        }
    }
}
