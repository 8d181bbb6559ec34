//! Pairs of rows that have the same key.

use hashbrown::HashTable;

use super::{Digest, Side, bytes_for, entries_in};

/// A row: the first row of its block, and its offset in the block's text.
pub type Record = (u64, u32);

/// A [`Record`] without the gap that it has in memory.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: [u32; 2],
    at: u32,
}

impl From<Record> for Place {
    fn from((block, at): Record) -> Self {
        let block = [(block >> 32) as u32, block as u32];
        Self { block, at }
    }
}

impl From<Place> for Record {
    fn from(Place { block, at }: Place) -> Self {
        (u64::from(block[0]) << 32 | u64::from(block[1]), at)
    }
}

/// Why a row was not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clash {
    /// There is no room for it.
    Full,
    /// The revision has another row with the same key.
    Repeated(Side, Digest),
}

/// The rows of two revisions, by their keys.
#[derive(Debug)]
pub struct Keyed {
    table: HashTable<Entry>,
    capacity: usize,
}

#[derive(Debug)]
struct Entry {
    key: Digest,
    row: Row,
}

#[derive(Debug, Clone, Copy)]
enum Row {
    /// Only in the older revision so far. Half a digest tells rows of one key apart.
    From { values: [u32; 2], at: Place },
    /// Only in the newer one.
    To { at: Place },
    /// In both, with the same values.
    Same,
    /// In both, with other values.
    Changed { before: Place, after: Place },
}

/// The rows that differ, each list in the order of the file.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Rows of the older revision whose keys the newer one doesn't have.
    pub removed: Vec<Record>,
    /// Rows of the newer revision whose keys the older one doesn't have.
    pub added: Vec<Record>,
    /// Rows of the newer revision that have other values than in the older one, each with the older row.
    pub changed: Vec<(Record, Record)>,
}

impl Keyed {
    /// Bytes of a table for so many different keys.
    pub fn bytes_for(keys: usize) -> usize {
        bytes_for(keys, size_of::<Entry>())
    }

    /// How many different keys a table of so many bytes has room for.
    pub fn rows_in(bytes: usize) -> usize {
        entries_in(bytes, size_of::<Entry>())
    }

    /// A table for at most so many different keys.
    pub fn new(capacity: usize) -> Self {
        Self {
            table: HashTable::with_capacity(capacity),
            capacity,
        }
    }

    /// Takes up a row that both revisions have. These rows come first.
    ///
    /// # Errors
    /// [`Clash`]: there is no room for it, or its key occurred already.
    pub fn share(&mut self, key: Digest) -> Result<(), Clash> {
        match self.find(key) {
            Some(_) => Err(Clash::Repeated(Side::To, key)),
            None => self.insert(key, Row::Same),
        }
    }

    /// Takes up a row of one of the revisions. All rows of the older one come before those of the newer one.
    ///
    /// # Errors
    /// [`Clash`]: there is no room for it, or its key occurred already.
    pub fn add(&mut self, side: Side, key: Digest, rest: Digest, at: Record) -> Result<(), Clash> {
        let (values, at) = (rest.half(), Place::from(at));
        let row = match (side, self.find(key)) {
            (Side::From, None) => return self.insert(key, Row::From { values, at }),
            (Side::To, None) => return self.insert(key, Row::To { at }),
            (Side::To, Some(row)) => row,
            (Side::From, Some(_)) => return Err(Clash::Repeated(side, key)),
        };
        *row = match *row {
            Row::From { values: before, .. } if before == values => Row::Same,
            Row::From { at: before, .. } => Row::Changed { before, after: at },
            Row::To { .. } | Row::Same | Row::Changed { .. } => {
                return Err(Clash::Repeated(side, key));
            }
        };
        Ok(())
    }

    fn find(&mut self, key: Digest) -> Option<&mut Row> {
        let found = self.table.find_mut(key.hash(), |entry| entry.key == key);
        found.map(|entry| &mut entry.row)
    }

    fn insert(&mut self, key: Digest, row: Row) -> Result<(), Clash> {
        if self.table.len() == self.capacity {
            return Err(Clash::Full);
        }
        self.table
            .insert_unique(key.hash(), Entry { key, row }, |entry| entry.key.hash());
        Ok(())
    }

    /// The rows that differ.
    pub fn into_pairs(self) -> Pairs {
        let mut pairs = Pairs::default();
        for entry in self.table {
            match entry.row {
                Row::From { at, .. } => pairs.removed.push(at.into()),
                Row::To { at } => pairs.added.push(at.into()),
                Row::Changed { before, after } => pairs.changed.push((after.into(), before.into())),
                Row::Same => {}
            }
        }
        pairs.sort();
        pairs
    }
}

impl Pairs {
    /// Takes up those of another pass.
    pub fn take_up(&mut self, other: Self) {
        self.removed.extend(other.removed);
        self.added.extend(other.added);
        self.changed.extend(other.changed);
        self.sort();
    }

    fn sort(&mut self) {
        self.removed.sort_unstable();
        self.added.sort_unstable();
        self.changed.sort_unstable();
    }

    /// Bytes that it takes in memory. Changed rows are copied when they are read.
    pub fn bytes(&self) -> usize {
        let records = self.removed.capacity() + self.added.capacity();
        (records + 4 * self.changed.capacity()) * size_of::<Record>()
    }
}
