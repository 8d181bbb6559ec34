//! The digests of rows: equal rows have the same, and others practically never do.
//!
//! Values are equal as they are for `eq` in a query: numbers exactly, however they are written; datetimes as instants; nulls are equal to
//! each other. Who compares picks a random seed each time, so nobody can prepare rows whose digests are the same.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::{ColumnType, Field, Layout, decimal, value};

/// The digest of some values. Its parts are small, so that tables of them have no gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u32; 4]);

/// One of the passes over the rows. A pass takes those whose digests belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Its number, from 0.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// A column that is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    /// Its index.
    pub place: usize,
    /// The type that its values are compared as; `None`: its texts are compared as they are in the file.
    pub kind: Option<ColumnType>,
    /// Its own type, if its values may be written otherwise than their canonical texts.
    pub respelled: Option<ColumnType>,
}

/// Makes digests of the rows of one revision.
#[derive(Debug)]
pub struct Digester {
    key: Vec<Compared>,
    rest: Vec<Compared>,
    /// Begins each row, if no row of this revision may equal one of the other.
    alone: Option<u8>,
    layout: Arc<Layout>,
    seed: u64,
    buffer: Vec<u8>,
}

impl Digest {
    fn of(bytes: &[u8], seed: u64) -> Self {
        let digest = xxh3_128_with_seed(bytes, seed).to_le_bytes();
        let (parts, _) = digest.as_chunks();
        let part = |at: usize| parts.get(at).map_or(0, |part| u32::from_le_bytes(*part));
        Self([part(0), part(1), part(2), part(3)])
    }

    /// A hash of it, for tables.
    pub(super) fn hash(self) -> u64 {
        u64::from(self.0[0]) << 32 | u64::from(self.0[1])
    }

    /// Half of it, which tells apart the rows of one key.
    pub(super) fn half(self) -> [u32; 2] {
        [self.0[0], self.0[1]]
    }
}

impl Pass {
    /// The only pass.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// Whether rows with that digest belong to the pass.
    pub fn takes(self, digest: Digest) -> bool {
        // Not the bits that tables use.
        let share = (u64::from(digest.0[3]) * u64::from(self.of)) >> 32;
        share == u64::from(self.number)
    }
}

impl Digester {
    pub(super) fn new(
        key: Vec<Compared>,
        rest: Vec<Compared>,
        alone: Option<u8>,
        layout: Arc<Layout>,
        seed: u64,
    ) -> Self {
        Self {
            key,
            rest,
            alone,
            layout,
            seed,
            buffer: Vec::new(),
        }
    }

    /// The digest of the columns that identify a row: those of the key, or without a key all that are compared.
    pub fn identity(&mut self, fields: &[Field<'_>]) -> Digest {
        match self.key.is_empty() {
            true => self.rest(fields),
            false => {
                let key = std::mem::take(&mut self.key);
                let digest = self.digest(&key, fields);
                self.key = key;
                digest
            }
        }
    }

    /// The digest of the columns besides the key.
    pub fn rest(&mut self, fields: &[Field<'_>]) -> Digest {
        let rest = std::mem::take(&mut self.rest);
        let digest = self.digest(&rest, fields);
        self.rest = rest;
        digest
    }

    fn digest(&mut self, columns: &[Compared], fields: &[Field<'_>]) -> Digest {
        self.buffer.clear();
        self.buffer.extend(self.alone);
        for column in columns {
            // A checked row has a field for each column.
            if let Some(field) = fields.get(column.place) {
                push(column, field, &self.layout, &mut self.buffer);
            }
        }
        Digest::of(&self.buffer, self.seed)
    }
}

/// Appends a value, with its length before it, so that no two rows have the same bytes. A null has a length that no value has.
fn push(column: &Compared, field: &Field<'_>, layout: &Layout, out: &mut Vec<u8>) {
    let text = field.text();
    if layout.is_null(&text) {
        out.extend_from_slice(&u32::MAX.to_le_bytes());
        return;
    }
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    match column.kind {
        None | Some(ColumnType::String) => out.extend_from_slice(text.as_bytes()),
        Some(kind) => {
            let text = match column.respelled {
                Some(own) => layout.formats.read(own, text),
                None => text,
            };
            push_value(kind, &text, out);
        }
    }
    // A field is shorter than 2^32 bytes, because its block is.
    let length = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends bytes that are the same for equal values only.
fn push_value(kind: ColumnType, text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    match kind {
        ColumnType::Number if value::integer(bytes).is_none() => match decimal::integer(bytes) {
            Some(integer) => out.extend_from_slice(integer.to_string().as_bytes()),
            None => out.extend_from_slice(&decimal::sortable(bytes)),
        },
        ColumnType::Datetime => {
            // A checked value is an instant.
            if let Some(instant) = value::instant(bytes) {
                out.extend_from_slice(&instant.seconds.to_le_bytes());
                out.extend_from_slice(&instant.nanos.to_le_bytes());
            }
        }
        // There is one canonical text for each value.
        ColumnType::Boolean
        | ColumnType::Integer
        | ColumnType::Number
        | ColumnType::Date
        | ColumnType::String => out.extend_from_slice(bytes),
    }
}
