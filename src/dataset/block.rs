//! A raw block as it is stored: compressed, with its digest and its statistics.
//!
//! A block holds all that reading it takes, and never changes.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_128;
use zstd::bulk::{Compressor, Decompressor};

use super::{Analysis, RawBlock, bloom, zone_map};

/// How hard to compress: the level at which this is faster than most disks, with the ratio that CSV gives anyway.
const LEVEL: i32 = 1;

/// A stored raw block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Data records.
    pub rows: u32,
    /// Bytes of the text before the first data record.
    pub body_start: u32,
    /// Bytes of the text.
    pub text_bytes: u32,
    /// xxh3-128 of the text, big-endian.
    pub digest: [u8; 16],
    /// The columns' statistics: [`stats::decode`].
    pub stats: Vec<u8>,
    /// Which texts the columns do not have: [`bloom::decode`]; empty where nothing is known.
    pub blooms: Vec<u8>,
    /// The text, compressed: [`decompress`].
    pub data: Vec<u8>,
}

/// Stored data that does not give the text it should.
#[derive(Debug, thiserror::Error)]
#[error("the block's data is damaged: it does not give the {text_bytes} bytes of text it should")]
pub struct CorruptBlock {
    /// How many bytes it should give.
    pub text_bytes: usize,
    /// Why it cannot be decompressed, where it cannot.
    #[source]
    pub source: Option<std::io::Error>,
}

thread_local! {
    // A context is a few hundred KiB of tables, dear to make and cheap to use again.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Block {
    /// Seals a raw block with what its analysis found.
    pub fn seal(raw_block: &RawBlock, analysis: &Analysis) -> Self {
        Self {
            rows: analysis.rows,
            // A raw block is shorter than 2^31 bytes: `Limits::clamped`.
            body_start: raw_block.body_start as u32,
            text_bytes: raw_block.text.len() as u32,
            digest: digest(&raw_block.text),
            stats: zone_map::encode(&analysis.columns),
            blooms: bloom::encode(&analysis.blooms),
            data: compress(&raw_block.text),
        }
    }
}

/// The digest of a text: xxh3-128, big-endian.
pub fn digest(text: &[u8]) -> [u8; 16] {
    xxh3_128(text).to_be_bytes()
}

/// Compresses a text (zstd, one frame).
pub fn compress(text: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = kept.get_or_insert_with(|| {
            Compressor::new(LEVEL).expect("zstd takes its own level and no dictionary")
        });
        let mut data = compressor
            .compress(text)
            .expect("zstd fails for want of room only, and is given its bound");
        data.shrink_to_fit();
        data
    })
}

/// Decompresses a text of exactly `text_bytes` bytes; never sets aside more than those.
///
/// # Errors
/// [`CorruptBlock`] when the data gives anything else.
pub fn decompress(data: &[u8], text_bytes: usize) -> Result<Vec<u8>, CorruptBlock> {
    let corrupt = |source| CorruptBlock { text_bytes, source };
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = kept
            .get_or_insert_with(|| Decompressor::new().expect("zstd takes having no dictionary"));
        let text = decompressor
            .decompress(data, text_bytes)
            .map_err(|error| corrupt(Some(error)))?;
        if text.len() == text_bytes {
            Ok(text)
        } else {
            Err(corrupt(None))
        }
    })
}

#[cfg(test)]
mod tests;
