//! Blocks: a raw block as it is stored, compressed, with its digest, zone maps and Bloom filters.
//!
//! A block has everything that is needed to read it, and never changes.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_128;
use zstd::bulk::{Compressor, Decompressor};

use super::{Analysis, RawBlock, bloom, zone_map};

/// Compression level: faster than most disks, and CSV compresses well at any level.
const LEVEL: i32 = 1;

/// A stored block.
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
    /// The columns' zone maps: [`zone_map::decode`].
    pub zone_maps: Vec<u8>,
    /// The columns' Bloom filters: [`bloom::decode`]. Empty if there are none.
    pub blooms: Vec<u8>,
    /// The text, compressed: [`decompress`].
    pub data: Vec<u8>,
}

/// A block's data does not decompress to its text.
#[derive(Debug, thiserror::Error)]
#[error("the block's data is damaged: it doesn't decompress to {text_bytes} bytes of text")]
pub struct CorruptBlock {
    /// How many bytes of text there should be.
    pub text_bytes: usize,
    /// Why the data can't be decompressed, if it can't.
    #[source]
    pub source: Option<std::io::Error>,
}

thread_local! {
    // A context has a few hundred KiB of tables; making one is slow, and it can be reused.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Block {
    /// Packs a raw block with the result of its analysis.
    pub fn seal(raw_block: &RawBlock, analysis: &Analysis) -> Self {
        Self {
            rows: analysis.rows,
            // A raw block is shorter than 2^31 bytes: `Limits::clamped`.
            body_start: raw_block.body_start as u32,
            text_bytes: raw_block.text.len() as u32,
            digest: digest(&raw_block.text),
            zone_maps: zone_map::encode(&analysis.columns),
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

/// Decompresses a text of exactly `text_bytes` bytes. Never allocates more.
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
