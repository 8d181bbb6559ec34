//! Packed bytes from the tables, unpacked and checked against their digests.

use super::connection::AnyConnection;
use super::model::{Dataset, Run, Text};
use super::rows::{Block, ChunkPlace, from_db};
use super::{StoreError, queries};
use crate::dataset::{CorruptBlock, block};

/// The bytes of a block, unpacked and checked.
pub(super) fn unpack(run: Run, block: &Block) -> Result<Vec<u8>, StoreError> {
    let length = usize::try_from(block.byte_count).unwrap_or(0);
    let bytes =
        block::decompress(&block.data, length).map_err(|source| damaged(run, block, source))?;
    if block::digest(&bytes) == *block.digest {
        Ok(bytes)
    } else {
        Err(damaged(
            run,
            block,
            CorruptBlock {
                text_bytes: length,
                source: None,
            },
        ))
    }
}

fn damaged(run: Run, block: &Block, source: CorruptBlock) -> StoreError {
    StoreError::Corrupt {
        dataset: run.dataset,
        run: run.number,
        first_byte: block.first_byte,
        source,
    }
}

/// The text of a chunk.
pub(super) fn text(run: Run, block: &Block) -> Result<String, StoreError> {
    String::from_utf8(unpack(run, block)?).map_err(|error| {
        let text_bytes = error.as_bytes().len();
        damaged(
            run,
            block,
            CorruptBlock {
                text_bytes,
                source: None,
            },
        )
    })
}

/// The text of a chunk and where it belongs.
pub(super) fn read_chunk(run: Run, place: &ChunkPlace, block: &Block) -> Result<Text, StoreError> {
    Ok(Text {
        first_row: from_db(place.first_row),
        rows: from_db(place.row_count),
        body_start: usize::try_from(place.body_start).unwrap_or(0),
        text: text(run, block)?,
    })
}

/// Where byte `byte` of the source is: in which run, and at which byte there.
pub(super) fn place_of(dataset: &Dataset, byte: u64) -> Option<(Run, u64)> {
    match dataset.segments.at_byte(byte) {
        _ if dataset.transcoded => Some((dataset.run, byte)),
        Some(segment) => Some((segment.run, segment.byte_in_run(byte))),
        None => None,
    }
}

/// The chunk, or where the source is kept apart the block, that holds byte `byte` of the run, packed.
pub(super) fn block_at(
    connection: &mut AnyConnection,
    (run, byte): (Run, u64),
    transcoded: bool,
) -> Result<Option<Block>, StoreError> {
    Ok(match transcoded {
        true => queries::source_at_byte(connection, run, byte)?,
        false => queries::text_at_byte(connection, run, byte)?,
    })
}

/// What is in it from that byte on; `None`: it ends before.
pub(super) fn rest_of(
    (run, byte): (Run, u64),
    block: &Block,
) -> Result<Option<Vec<u8>>, StoreError> {
    let first = from_db(block.first_byte);
    let bytes = unpack(run, block)?;
    let skip = usize::try_from(byte - first).unwrap_or(usize::MAX);
    Ok((skip < bytes.len()).then(|| bytes[skip..].to_vec()))
}

/// A piece of the dataset's source from byte `byte` on: the rest of the chunk or block that holds it.
pub(super) fn source_at(
    connection: &mut AnyConnection,
    dataset: &Dataset,
    byte: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    match place_of(dataset, byte) {
        Some(place) => match block_at(connection, place, dataset.transcoded)? {
            Some(block) => rest_of(place, &block),
            None => Ok(None),
        },
        None => Ok(None),
    }
}
