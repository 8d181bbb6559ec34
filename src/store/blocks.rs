//! Packed bytes from the tables, unpacked and checked against their digests.

use super::StoreError;
use super::model::{self, Block, ChunkPlace, Run, Text};
use crate::dataset::{CorruptChunk, chunk};

/// The bytes of a block, unpacked and checked.
pub(super) fn unpack(run: Run, block: &Block) -> Result<Vec<u8>, StoreError> {
    let length = usize::try_from(block.byte_count).unwrap_or(0);
    let bytes =
        chunk::decompress(&block.data, length).map_err(|source| damaged(run, block, source))?;
    if chunk::digest(&bytes) == *block.digest {
        Ok(bytes)
    } else {
        Err(damaged(
            run,
            block,
            CorruptChunk {
                text_bytes: length,
                source: None,
            },
        ))
    }
}

fn damaged(run: Run, block: &Block, source: CorruptChunk) -> StoreError {
    StoreError::Corrupt {
        dataset: run.dataset,
        run: run.number,
        first_byte: block.first_byte,
        source,
    }
}

/// The text of a chunk and where it belongs.
pub(super) fn read_chunk(run: Run, place: &ChunkPlace, block: &Block) -> Result<Text, StoreError> {
    let text = String::from_utf8(unpack(run, block)?).map_err(|error| {
        let text_bytes = error.as_bytes().len();
        damaged(
            run,
            block,
            CorruptChunk {
                text_bytes,
                source: None,
            },
        )
    })?;
    Ok(Text {
        first_row: model::from_db(place.first_row),
        rows: model::from_db(place.row_count),
        body_start: usize::try_from(place.body_start).unwrap_or(0),
        text,
    })
}
