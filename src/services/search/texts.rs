//! The texts of blocks, from the cache or else from the store.

use std::sync::Arc;

use super::page_index::BlockLocation;
use super::{Search, SearchError};
use crate::dataset::BlockText;
use crate::dataset::query::Stop;
use crate::services::Services;
use crate::services::cache::{CacheKey, CachedValue};
use crate::store::{PackedBlock, StoreError};

/// Bytes of text in a group, unless a single block is longer.
const GROUP_BYTES: u64 = 1 << 20;

/// Divides blocks into groups that are scanned together.
pub(super) struct Groups {
    group: Vec<BlockLocation>,
    bytes: u64,
    /// Blocks that the group may have.
    size: usize,
    most: usize,
}

impl Groups {
    /// Groups of `first` blocks at first, because those may be enough, then twice as many each time, up to `most`.
    pub(super) fn growing(first: usize, most: usize) -> Self {
        Self {
            group: Vec::new(),
            bytes: 0,
            size: first.clamp(1, most),
            most,
        }
    }

    /// Adds a block; returns the group that this completes.
    pub(super) fn add(&mut self, location: BlockLocation) -> Option<Vec<BlockLocation>> {
        let fits = self.group.is_empty() || self.bytes + location.bytes <= GROUP_BYTES;
        let full = (!fits).then(|| self.take());
        self.bytes += location.bytes;
        self.group.push(location);
        full.or_else(|| (self.group.len() >= self.size).then(|| self.take()))
    }

    /// Whether the next block begins a group.
    pub(super) fn is_empty(&self) -> bool {
        self.group.is_empty()
    }

    /// The last group, if it isn't empty.
    pub(super) fn rest(&mut self) -> Option<Vec<BlockLocation>> {
        (!self.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Vec<BlockLocation> {
        self.size = (self.size * 2).min(self.most);
        self.bytes = 0;
        std::mem::take(&mut self.group)
    }
}

impl Search {
    /// The texts of some blocks.
    pub(super) async fn texts(
        &self,
        blocks: &[BlockLocation],
    ) -> Result<Vec<Arc<BlockText>>, SearchError> {
        texts(&self.services, blocks, self.dataset.columns.len()).await
    }

    /// The text of a block.
    pub(super) async fn text(&self, block: BlockLocation) -> Result<Arc<BlockText>, SearchError> {
        Ok(self.texts(&[block]).await?.swap_remove(0))
    }
}

fn key(location: &BlockLocation) -> CacheKey {
    CacheKey::Text(location.segment, location.first_byte)
}

/// The text of a block, if it is cached.
pub(super) fn remembered(services: &Services, location: &BlockLocation) -> Option<Arc<BlockText>> {
    match services.cache.get(&key(location))? {
        CachedValue::Text(text) => Some(text),
        _ => None,
    }
}

/// The texts of the blocks at these locations.
pub(super) async fn texts(
    services: &Arc<Services>,
    locations: &[BlockLocation],
    columns: usize,
) -> Result<Vec<Arc<BlockText>>, SearchError> {
    let fetched = Fetched::of(services, locations).await?;
    if fetched.packed.is_empty() {
        return Ok(fetched.texts.into_iter().flatten().collect());
    }
    let services = Arc::clone(services);
    let unpacking =
        tokio::task::spawn_blocking(move || fetched.unpack(&services, columns, &Stop::default()));
    unpacking.await.map_err(|_| SearchError::Worker)?
}

/// Texts of blocks: cached ones, and packed ones as they were read.
pub(super) struct Fetched {
    /// `None`: it is packed.
    texts: Vec<Option<Arc<BlockText>>>,
    /// The packed ones, each with its index among the texts.
    packed: Vec<(usize, CacheKey, PackedBlock)>,
}

impl Fetched {
    pub(super) async fn of(
        services: &Services,
        locations: &[BlockLocation],
    ) -> Result<Self, StoreError> {
        let remembered = locations
            .iter()
            .map(|location| remembered(services, location));
        let texts: Vec<_> = remembered.collect();
        let missing: Vec<usize> = (0..locations.len())
            .filter(|&at| texts[at].is_none())
            .collect();
        let mut packed = Vec::with_capacity(missing.len());
        for of_segment in missing.chunk_by(|&a, &b| locations[a].segment == locations[b].segment) {
            let first_bytes = of_segment
                .iter()
                .map(|&at| locations[at].first_byte)
                .collect();
            let segment = locations[of_segment[0]].segment;
            let read = services.store.packed_blocks(segment, first_bytes).await?;
            let read = of_segment.iter().zip(read);
            packed.extend(read.map(|(&at, read)| (at, key(&locations[at]), read)));
        }
        Ok(Self { texts, packed })
    }

    /// Unpacks the texts and caches them. This takes long: call it on a blocking thread.
    pub(super) fn unpack(
        mut self,
        services: &Services,
        columns: usize,
        stop: &Stop,
    ) -> Result<Vec<Arc<BlockText>>, SearchError> {
        for (at, key, packed) in self.packed {
            if stop.is_set() {
                return Err(SearchError::Stopped);
            }
            let text = Arc::new(BlockText::new(packed.unpack()?, columns));
            services
                .cache
                .keep(key, CachedValue::Text(Arc::clone(&text)));
            self.texts[at] = Some(text);
        }
        Ok(self.texts.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SegmentId;

    fn take(mut groups: Groups, bytes: &[u64]) -> Vec<Vec<u64>> {
        let location = |first_row, bytes| BlockLocation {
            segment: SegmentId {
                dataset: 1,
                number: 1,
            },
            first_byte: 0,
            bytes,
            first_row,
            rows: 1,
            body_start: 0,
        };
        let locations = (0..).zip(bytes).map(|(row, bytes)| location(row, *bytes));
        let mut all: Vec<_> = locations
            .filter_map(|location| groups.add(location))
            .collect();
        all.extend(groups.rest());
        assert!(groups.rest().is_none());
        let rows =
            |group: Vec<BlockLocation>| group.iter().map(|location| location.first_row).collect();
        all.into_iter().map(rows).collect()
    }

    #[test]
    fn groups_grow_and_stay_within_their_bounds() {
        let sizes = |groups: &[Vec<u64>]| groups.iter().map(Vec::len).collect::<Vec<_>>();
        let groups = take(Groups::growing(1, 4), &[1; 12]);
        assert_eq!(sizes(&groups), [1, 2, 4, 4, 1]);
        assert_eq!(groups.concat(), (0..12).collect::<Vec<_>>());
        assert_eq!(sizes(&take(Groups::growing(0, 4), &[1; 3])), [1, 2]);
        assert_eq!(sizes(&take(Groups::growing(9, 4), &[1; 5])), [4, 1]);
        let large = GROUP_BYTES / 2 + 1;
        let groups = take(Groups::growing(4, 4), &[1, large, large, 2 * large, 1, 1]);
        assert_eq!(groups, [vec![0, 1], vec![2], vec![3], vec![4, 5]]);
        assert!(take(Groups::growing(1, 4), &[]).is_empty());
    }
}
