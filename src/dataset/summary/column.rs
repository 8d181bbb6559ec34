//! What is kept of one column.

use hashbrown::HashTable;

use super::Room;
use super::rest::Rest;
use crate::dataset::ColumnType;
use crate::dataset::counts::Counted;

/// Bytes of a text that are kept, at most.
const KEPT: usize = 64;

/// A column's values so far.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnSketch {
    pub(super) nulls: u64,
    /// Values that are not null.
    pub(super) values: u64,
    /// The first different texts, each with how often it came.
    pub(super) known: HashTable<Known>,
    /// The values whose texts there was no room for.
    pub(super) rest: Option<Box<Rest>>,
}

/// A text, and how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Stands for the whole text.
    pub(super) hash: u64,
    pub(super) count: u64,
    /// The text, or the beginning of a long one.
    pub(super) text: Box<str>,
    /// It goes on.
    pub(super) cut: bool,
}

/// What is kept of a text, and whether it goes on.
pub(super) fn shown(text: &[u8]) -> (&str, bool) {
    let cut = text.len() > KEPT;
    let kept = &text[..text.len().min(KEPT)];
    // A piece's text is UTF-8, and cutting it may split its last character.
    let kept = match std::str::from_utf8(kept) {
        Ok(kept) => kept,
        Err(error) => std::str::from_utf8(&kept[..error.valid_up_to()]).unwrap_or_default(),
    };
    (kept, cut)
}

impl ColumnSketch {
    /// Adds values of a piece, of which `kind` is the narrowest type.
    pub(super) fn add(
        &mut self,
        counted: &[Counted<'_>],
        nulls: u32,
        kind: Option<ColumnType>,
        room: Room,
    ) {
        self.nulls += u64::from(nulls);
        for one in counted {
            let (hash, count) = (one.hash, u64::from(one.count));
            self.values += count;
            if let Some(known) = self.known.find_mut(hash, |known| known.hash == hash) {
                known.count += count;
            } else if self.known.len() < room.texts {
                let text = one.text();
                let (text, cut) = shown(&text);
                let text = text.into();
                self.insert(Known {
                    hash,
                    count,
                    text,
                    cut,
                });
            } else {
                self.rest(room).add(&one.text(), hash, count, kind);
            }
        }
    }

    pub(super) fn insert(&mut self, known: Known) {
        self.known
            .insert_unique(known.hash, known, |known| known.hash);
    }

    fn rest(&mut self, room: Room) -> &mut Rest {
        self.rest.get_or_insert_with(|| Box::new(Rest::new(room)))
    }

    /// Adds all that another one was given.
    pub(super) fn merge(&mut self, other: &Self, room: Room) {
        self.nulls += other.nulls;
        self.values += other.values;
        // The frequent ones first, so that they find room; then by text, so that the order of a table does not count.
        let mut known: Vec<&Known> = other.known.iter().collect();
        known.sort_unstable_by(|a, b| {
            let by_count = b.count.cmp(&a.count);
            by_count.then_with(|| (&a.text, a.hash).cmp(&(&b.text, b.hash)))
        });
        for known in known {
            let hash = known.hash;
            if let Some(there) = self.known.find_mut(hash, |there| there.hash == hash) {
                there.count += known.count;
            } else if self.known.len() < room.texts {
                self.insert(known.clone());
            } else {
                self.rest(room).add_known(known);
            }
        }
        if let Some(rest) = &other.rest {
            self.rest(room).merge(rest);
        }
    }
}
