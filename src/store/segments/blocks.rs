//! Reads one block of a revision; unpacks blocks and checks them against their digests.

use super::list::SegmentId;
use super::queries;
use crate::dataset::{CorruptBlock, block};
use crate::store::backend::AnyConnection;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, UnpackedBlock};
use crate::store::rows::{BlockPlace, PackedRow};
use crate::store::units::from_db;

impl Store {
    /// The block that has row `row` of the revision, unpacked and checked. `then` is called with it on the same thread.
    pub async fn block_at_row<T: Send + 'static>(
        &self,
        dataset: &Dataset,
        row: u64,
        then: impl FnOnce(UnpackedBlock) -> T + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let Some(segment) = dataset.segments.at_row(row).copied() else {
            return Ok(None);
        };
        let row = row - segment.first_row;
        let fetch = move |connection: &mut AnyConnection| {
            Ok(queries::block_at_row(connection, segment.id, row)?)
        };
        let unpack = move |(place, block): (BlockPlace, PackedRow<'_>)| {
            let mut text = unpack_text(&place, &block)?;
            text.first_row += segment.first_row;
            Ok(then(text))
        };
        self.backend().fetch(fetch, unpack).await
    }

    /// A part of the source from byte `byte` on: the rest of the block that has it.
    pub async fn source_at(
        &self,
        dataset: &Dataset,
        byte: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let transcoded = dataset.transcoded;
        let Some(place) = place_of(dataset, byte) else {
            return Ok(None);
        };
        let fetch = move |connection: &mut AnyConnection| block_at(connection, place, transcoded);
        let unpack = move |block: PackedRow<'_>| rest_of(place.1, &block);
        Ok(self.backend().fetch(fetch, unpack).await?.flatten())
    }
}

/// The bytes of a block, unpacked and checked.
pub(crate) fn unpack(block: &PackedRow<'_>) -> Result<Vec<u8>, StoreError> {
    let text_bytes = usize::try_from(block.byte_count).unwrap_or(0);
    let bytes =
        block::decompress(&block.data, text_bytes).map_err(|source| damaged(block, source))?;
    if block::digest(&bytes) == *block.digest {
        return Ok(bytes);
    }
    let source = None;
    Err(damaged(block, CorruptBlock { text_bytes, source }))
}

fn damaged(block: &PackedRow<'_>, source: CorruptBlock) -> StoreError {
    StoreError::Corrupt {
        dataset: block.dataset_id,
        segment: block.run,
        first_byte: block.first_byte,
        source,
    }
}

/// The text of a block.
pub(crate) fn text(block: &PackedRow<'_>) -> Result<String, StoreError> {
    String::from_utf8(unpack(block)?).map_err(|error| {
        let (text_bytes, source) = (error.as_bytes().len(), None);
        damaged(block, CorruptBlock { text_bytes, source })
    })
}

/// The text of a block, with its place.
pub(crate) fn unpack_text(
    place: &BlockPlace,
    block: &PackedRow<'_>,
) -> Result<UnpackedBlock, StoreError> {
    Ok(UnpackedBlock {
        first_row: from_db(place.first_row),
        rows: from_db(place.row_count),
        body_start: usize::try_from(place.body_start).unwrap_or(0),
        text: text(block)?,
    })
}

/// The segment that has byte `byte` of the source, and the byte's offset there.
fn place_of(dataset: &Dataset, byte: u64) -> Option<(SegmentId, u64)> {
    match dataset.segments.at_byte(byte) {
        _ if dataset.transcoded => Some((dataset.made_by, byte)),
        Some(segment) => Some((segment.id, segment.byte_in_segment(byte))),
        None => None,
    }
}

/// The packed block that has byte `byte` of the segment, or the source block if the source is stored apart.
fn block_at(
    connection: &mut AnyConnection,
    (segment, byte): (SegmentId, u64),
    transcoded: bool,
) -> Result<Option<PackedRow<'static>>, StoreError> {
    Ok(match transcoded {
        true => queries::source_at_byte(connection, segment, byte)?,
        false => queries::text_at_byte(connection, segment, byte)?,
    })
}

/// The bytes of a block from byte `byte` of the segment on. `None`: the block ends before.
pub(crate) fn rest_of(byte: u64, block: &PackedRow<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    let first = from_db(block.first_byte);
    let bytes = unpack(block)?;
    let skip = usize::try_from(byte - first).unwrap_or(usize::MAX);
    Ok((skip < bytes.len()).then(|| bytes[skip..].to_vec()))
}

/// A part of the dataset's source from byte `byte` on: the rest of the block that has it.
pub(crate) fn source_at(
    connection: &mut AnyConnection,
    dataset: &Dataset,
    byte: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(place) = place_of(dataset, byte) else {
        return Ok(None);
    };
    match block_at(connection, place, dataset.transcoded)? {
        Some(block) => rest_of(place.1, &block),
        None => Ok(None),
    }
}
