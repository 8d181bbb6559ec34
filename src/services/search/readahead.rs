//! Readahead: reads the blocks that follow a row, for lists in the order of the file.

use std::collections::VecDeque;
use std::sync::Arc;

use super::SearchError;
use super::page_index::{PageBlocks, missing};
use super::texts::texts;
use crate::dataset::BlockText;
use crate::services::Services;
use crate::services::memory::{Held, Kind};
use crate::store::{BlockHandle, Dataset, StoreError, UnpackedBlock};

/// Bytes of text to read at once, unless a single block is longer.
const READAHEAD_BYTES: u64 = 256 << 10;

/// A block that was read.
#[derive(Debug)]
pub struct LoadedBlock {
    /// Its text.
    pub text: Arc<BlockText>,
    /// Bytes of byte-order mark and header before its first row.
    pub body_start: usize,
    /// Number of its first row in the revision.
    pub first_row: u64,
    /// Number of the row after its last one.
    pub end_row: u64,
}

/// Blocks that were read at once, and the memory that they take.
#[derive(Debug, Default)]
pub struct Readahead {
    /// The blocks.
    pub blocks: VecDeque<LoadedBlock>,
    _held: Option<Held>,
}

/// The block that holds row `row` of the revision, and those behind it, as far as they hold rows before `end` and fit in one
/// read. If memory is short, that block alone.
///
/// # Errors
/// When the store fails, or has no such block.
pub async fn read_ahead(
    services: Arc<Services>,
    dataset: Arc<Dataset>,
    row: u64,
    end: u64,
) -> Result<Readahead, SearchError> {
    // Without a cache, looking up one block is cheaper than reading a whole index page.
    let usual = services.settings.store.blocks.blocks_a_page();
    if !services
        .cache
        .keeps(usual * size_of::<BlockHandle>() as u64)
    {
        let usual = services.settings.store.blocks.block_bytes;
        let mut held = services.memory.take(Kind::Texts, usual).await?;
        let block = lone(&services, &dataset, row).await?;
        let block = block.ok_or_else(|| missing(&dataset, row))?;
        // The length of a block is known only once it is read.
        if let Some(more) = block.text.len().checked_sub(held.bytes()) {
            held.add(services.memory.take(Kind::Texts, more).await?);
        }
        return Ok(Readahead {
            blocks: VecDeque::from([block]),
            _held: Some(held),
        });
    }
    let found = PageBlocks::at_row(&services, &dataset, row).await?;
    let (blocks, at) = found.ok_or_else(|| missing(&dataset, row))?;
    let most = match services.memory.is_ample(Kind::Texts) {
        true => READAHEAD_BYTES,
        false => 1,
    };
    let mut bytes = 0;
    let mut locations: Vec<_> = Vec::new();
    for location in blocks.locations(at) {
        if location.first_row >= end || bytes >= most {
            break;
        }
        bytes += location.bytes;
        locations.push(location);
    }
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let held = services.memory.take(Kind::Texts, bytes).await?;
    let texts = texts(&services, &locations, dataset.columns.len()).await?;
    let blocks = locations
        .iter()
        .zip(texts)
        .map(|(location, text)| LoadedBlock {
            text,
            body_start: location.body_start,
            first_row: location.first_row,
            end_row: location.first_row + location.rows,
        });
    Ok(Readahead {
        blocks: blocks.collect(),
        _held: Some(held),
    })
}

/// The block that holds row `row`, looked up by itself.
async fn lone(
    services: &Services,
    dataset: &Dataset,
    row: u64,
) -> Result<Option<LoadedBlock>, StoreError> {
    let columns = dataset.columns.len();
    let read = move |text: UnpackedBlock| LoadedBlock {
        body_start: text.body_start,
        first_row: text.first_row,
        end_row: text.first_row + text.rows,
        text: Arc::new(BlockText::new(text.text, columns)),
    };
    services.store.block_at_row(dataset, row, read).await
}
