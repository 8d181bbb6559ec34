//! Makes the column chunks of a row group from the rows of its blocks.

use xxhash_rust::xxh3::xxh3_64;

use super::chunk::ColumnChunk;
use super::dictionary::Dictionary;
use super::row_group::RowGroup;
use crate::query::Term;
use crate::{Bounds, Column, Layout, Records, ZoneMap};

/// How many columns of a dataset get chunks: the first ones.
const CODED_COLUMNS: usize = 512;
/// How many codes a row group has at most, over all columns: so a wide dataset has shorter row groups.
const CODES: usize = 4 << 20;
/// A column with a longer text gets no chunk.
const LONGEST: usize = 512;
/// A column whose texts take more bytes gets no chunk.
const BYTES: usize = 512 << 10;
/// When the texts of all columns take more bytes, no column gets new ones.
const ALL_BYTES: usize = 16 << 20;
/// A column with more texts gets no chunk. A code has 16 bits, so there could be twice as many, but a row group seldom has the rows.
const MOST_TEXTS: usize = 1 << 15;
/// A column with more texts than this gets a chunk only if it has at least twice as many rows.
const FEW_TEXTS: usize = 256;

/// How many rows the row groups of a dataset with so many columns have, if there would be `usual` in those of a narrow one.
pub fn group_rows(usual: usize, columns: usize) -> usize {
    (CODES / columns.clamp(1, CODED_COLUMNS)).min(usual).max(1)
}

/// Takes the rows of a row group.
pub struct RowGroupBuilder {
    first_row: u64,
    blocks: Vec<u32>,
    rows: usize,
    columns: Vec<Coding>,
    zone_maps: Vec<Vec<ZoneMap>>,
    /// Bytes of the texts of all columns.
    bytes: usize,
}

/// A row group whose chunks can be stored.
#[derive(Debug)]
pub struct BuiltGroup {
    /// The row group.
    pub group: RowGroup,
    /// For each of its coded columns the zone map, and the stored form of the chunk.
    pub chunks: Vec<(ZoneMap, Vec<u8>)>,
}

impl RowGroupBuilder {
    /// A row group of a dataset with so many columns, from that row of the segment on.
    pub fn new(columns: usize, first_row: u64) -> Self {
        let coded = columns.min(CODED_COLUMNS);
        Self {
            first_row,
            blocks: Vec::new(),
            rows: 0,
            columns: (0..coded).map(|_| Coding::default()).collect(),
            zone_maps: vec![Vec::new(); coded],
            bytes: 0,
        }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds the rows of a block: `text` is its text from the first row on, and `zone_maps` has those of all columns.
    pub fn add(&mut self, text: &str, layout: &Layout, zone_maps: Vec<ZoneMap>) {
        let mut records = Records::new(text, layout.delimiter, layout.columns.len());
        let mut fields = Vec::with_capacity(layout.columns.len());
        let mut rows = 0;
        while records.next_into(&mut fields) {
            rows += 1;
            let mut fields = fields.iter();
            for column in &mut self.columns {
                // A field that is missing is null, and so is an empty one.
                let field = fields.next();
                if column.is_given_up {
                    continue;
                }
                match field {
                    Some(field) => column.add(&field.text(), &mut self.bytes),
                    None => column.add("", &mut self.bytes),
                }
            }
        }
        self.rows += rows as usize;
        self.blocks.push(rows);
        for (kept, zone_map) in self.zone_maps.iter_mut().zip(zone_maps) {
            kept.push(zone_map);
        }
    }

    /// The chunks, each with its dictionary in the order of the column's values, nulls first, as far as these columns tell it. The
    /// order makes most filters a range of codes; no answer depends on it.
    pub fn finish(self, columns: &[Column], layout: &Layout) -> BuiltGroup {
        let (mut coded, mut chunks) = (Vec::new(), Vec::new());
        let all = self.columns.into_iter().zip(self.zone_maps).zip(columns);
        for (number, ((coding, zone_maps), column)) in (0..).zip(all) {
            let texts = coding.dictionary.len();
            let many = texts > FEW_TEXTS && texts * 2 > self.rows;
            if !coding.is_given_up && !many {
                coded.push(number);
                chunks.push((merged(&zone_maps), coding.finish(column, layout)));
            }
        }
        BuiltGroup {
            group: RowGroup {
                first_row: self.first_row,
                blocks: self.blocks.into(),
                coded: coded.into(),
            },
            chunks,
        }
    }
}

/// The zone map of several blocks.
fn merged(zone_maps: &[ZoneMap]) -> ZoneMap {
    ZoneMap::merged(zone_maps).unwrap_or_else(|| ZoneMap {
        nulls: zone_maps.iter().map(|one| one.nulls).sum(),
        // Only in a column of strings are there blocks whose bounds can't be compared. All texts are within these.
        bounds: Bounds::Text {
            min: Vec::new(),
            max: vec![u8::MAX],
        },
        ..ZoneMap::of_nothing()
    })
}

/// The codes of a column so far.
#[derive(Default)]
struct Coding {
    dictionary: Dictionary,
    codes: Vec<u16>,
    /// A hash table with the codes of the texts, each one higher; 0 is an empty slot.
    slots: Vec<u16>,
    last: u16,
    is_given_up: bool,
}

impl Coding {
    fn add(&mut self, text: &str, bytes: &mut usize) {
        let last = usize::from(self.last);
        if last < self.dictionary.len() && self.dictionary.text(last) == text {
            self.codes.push(self.last);
            return;
        }
        if self.slots.len() < (self.dictionary.len() + 1) * 2 {
            self.grow();
        }
        let slot = self.slot_of(text);
        let code = match self.slots[slot].checked_sub(1) {
            Some(code) => code,
            None => {
                let (known, length) = (self.dictionary.len(), text.len());
                if known == MOST_TEXTS
                    || length > LONGEST
                    || self.dictionary.bytes() + length > BYTES
                    || *bytes + length > ALL_BYTES
                {
                    *bytes -= self.dictionary.bytes();
                    *self = Self {
                        is_given_up: true,
                        ..Self::default()
                    };
                    return;
                }
                *bytes += length;
                self.dictionary.push(text);
                self.slots[slot] = known as u16 + 1;
                known as u16
            }
        };
        self.last = code;
        self.codes.push(code);
    }

    /// The slot that has the text's code, or that is empty.
    fn slot_of(&self, text: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(text.as_bytes()) as usize & mask;
        while let Some(code) = self.slots[slot].checked_sub(1)
            && self.dictionary.text(usize::from(code)) != text
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(64);
        self.slots = vec![0; slots];
        for code in 0..self.dictionary.len() {
            let slot = self.slot_of(self.dictionary.text(code));
            self.slots[slot] = code as u16 + 1;
        }
    }

    fn finish(mut self, column: &Column, layout: &Layout) -> Vec<u8> {
        let term = Term {
            column: 0,
            kind: column.kind,
            descending: false,
            nulls_first: true,
        };
        let key = |code: &u16| {
            let text = self.dictionary.text(usize::from(*code));
            let value = match (layout.is_null(text), column.respelled) {
                (true, _) => None,
                (false, true) => Some(layout.formats.read(column.kind, text.into())),
                (false, false) => Some(text.into()),
            };
            (term.abbreviated_key(value.as_deref()), text)
        };
        let mut order: Vec<u16> = (0..self.dictionary.len()).map(|code| code as u16).collect();
        order.sort_by_cached_key(key);
        let mut dictionary = Dictionary::default();
        let mut new_codes = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            dictionary.push(self.dictionary.text(usize::from(old)));
            new_codes[usize::from(old)] = new as u16;
        }
        for code in &mut self.codes {
            *code = new_codes[usize::from(*code)];
        }
        ColumnChunk::encode(&dictionary, &self.codes)
    }
}

/// A hash of a text. Short texts are the usual ones, so they are hashed by one multiplication.
fn hash(text: &[u8]) -> u64 {
    /// 2^64 divided by the golden ratio.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    if text.len() > 8 {
        return xxh3_64(text);
    }
    let mut bytes = [0; 8];
    bytes[..text.len()].copy_from_slice(text);
    let mixed = (u64::from_le_bytes(bytes) ^ text.len() as u64).wrapping_mul(GOLDEN);
    mixed ^ (mixed >> 32)
}
