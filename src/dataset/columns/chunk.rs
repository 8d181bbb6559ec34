//! The stored form of a column chunk.
//!
//! | bytes | content |
//! | --- | --- |
//! | 1 | the version of the encoding |
//! | 1 | how the codes are stored: 0 packed into bits, 1 zstd of their bytes |
//! | 4 | rows |
//! | 4 | texts |
//! | 4 | bytes of the dictionary |
//! | 4 | bytes of the dictionary's zstd frame, which comes next |
//! | the rest | the codes |
//!
//! Numbers are little-endian. The digest of all bytes is stored beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::packing;
use crate::block;

/// The version of the encoding that this release writes.
const ENCODING: u8 = 1;
const PACKED: u8 = 0;
const ZSTD: u8 = 1;
/// The bytes before the dictionary.
const HEAD: usize = 18;
/// The codes are stored as a zstd frame if that takes at most so many hundredths of the packed bits, which are read faster.
const WORTHWHILE: usize = 65;
/// Most rows of a row group that this release reads.
const MOST_ROWS: usize = 1 << 20;
/// Most bytes of a dictionary that this release reads.
const MOST_BYTES: usize = 8 << 20;

/// A column chunk that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptColumn {
    /// It was written by a later release.
    #[error("the column chunk is in encoding {0:?}, which this release doesn't know")]
    Encoding(Option<u8>),
    /// The bytes are damaged.
    #[error("the column chunk is damaged")]
    Damaged,
}

/// The chunks of a row group, by the indexes of their columns.
pub type Chunks = BTreeMap<usize, Arc<ColumnChunk>>;

/// The values of a column in a row group: a dictionary, and a code for each row.
#[derive(Debug)]
pub struct ColumnChunk {
    rows: usize,
    dictionary: Dictionary,
    codes: StoredCodes,
}

#[derive(Debug)]
enum StoredCodes {
    Packed(Vec<u8>),
    Zstd(Vec<u8>),
}

impl ColumnChunk {
    /// The stored form of a dictionary and its codes.
    pub(super) fn encode(dictionary: &Dictionary, codes: &[u16]) -> Vec<u8> {
        let width = packing::width(dictionary.len());
        let packed = packing::pack(codes, width);
        let frame = block::compress(&packing::split(codes, width));
        let (form, codes_bytes) = match frame.len() * 100 <= packed.len() * WORTHWHILE {
            true => (ZSTD, frame),
            false => (PACKED, packed),
        };
        let texts = dictionary.encode();
        let texts_frame = block::compress(&texts);
        let mut bytes = Vec::with_capacity(HEAD + texts_frame.len() + codes_bytes.len());
        bytes.extend([ENCODING, form]);
        for number in [
            codes.len(),
            dictionary.len(),
            texts.len(),
            texts_frame.len(),
        ] {
            bytes.extend((number as u32).to_le_bytes());
        }
        bytes.extend(texts_frame);
        bytes.extend(codes_bytes);
        bytes
    }

    /// Reads the stored form. The codes are unpacked later.
    ///
    /// # Errors
    /// [`CorruptColumn`] if the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptColumn> {
        let &[ENCODING, form, ..] = bytes else {
            return Err(CorruptColumn::Encoding(bytes.first().copied()));
        };
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(CorruptColumn::Damaged)?;
        let number = |at: usize| {
            let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
            u32::from_le_bytes(bytes) as usize
        };
        let (rows, count, texts_bytes, frame_bytes) =
            (number(2), number(6), number(10), number(14));
        if rows > MOST_ROWS || count > usize::from(u16::MAX) || texts_bytes > MOST_BYTES {
            return Err(CorruptColumn::Damaged);
        }
        let (frame, codes) = rest
            .split_at_checked(frame_bytes)
            .ok_or(CorruptColumn::Damaged)?;
        let texts = block::decompress(frame, texts_bytes).map_err(|_| CorruptColumn::Damaged)?;
        let dictionary = Dictionary::decode(&texts, count).ok_or(CorruptColumn::Damaged)?;
        let codes = match form {
            PACKED => StoredCodes::Packed(codes.to_vec()),
            ZSTD => StoredCodes::Zstd(codes.to_vec()),
            _ => return Err(CorruptColumn::Damaged),
        };
        Ok(Self {
            rows,
            dictionary,
            codes,
        })
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The different texts.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        let (StoredCodes::Packed(codes) | StoredCodes::Zstd(codes)) = &self.codes;
        codes.len() + self.dictionary.bytes() + self.dictionary.len() * 4
    }

    /// The code of each row. All are places in the dictionary.
    ///
    /// # Errors
    /// [`CorruptColumn`] if the codes are not those that were written.
    pub fn codes(&self) -> Result<Vec<u16>, CorruptColumn> {
        let count = self.dictionary.len();
        let width = packing::width(count);
        let codes = match &self.codes {
            StoredCodes::Packed(packed) => packing::unpack(packed, width, self.rows),
            StoredCodes::Zstd(frame) => {
                let bytes = packing::split_bytes(self.rows, width);
                let split = block::decompress(frame, bytes).ok();
                split.map(|split| packing::join(&split, self.rows))
            }
        };
        let codes = codes.ok_or(CorruptColumn::Damaged)?;
        let greatest = codes.iter().copied().max();
        match greatest.is_none_or(|greatest| usize::from(greatest) < count) {
            true => Ok(codes),
            false => Err(CorruptColumn::Damaged),
        }
    }
}
