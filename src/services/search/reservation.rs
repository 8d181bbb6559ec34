//! How much memory a query reserves, and so how far it reads ahead of its client.

use std::sync::Arc;

use super::{SearchError, columns};
use crate::dataset::BlockText;
use crate::dataset::query::Query;
use crate::services::Services;
use crate::services::memory::{Held, Kind};
use crate::store::Dataset;

/// Most blocks in a group.
pub(super) const GROUP: usize = 16;
/// Usual length of a block's text, in bytes.
const BLOCK: usize = 64 << 10;
/// Bytes of text that every reservation has room for.
const TEXT: usize = 256 << 10;
/// Bytes of a sort key besides its values, about.
const KEY: u64 = 64;
/// Bytes of a column of the row groups that are scanned together, about: packed ones, and one that is unpacked.
const COLUMN: usize = 192 << 10;
/// Bytes of text in a group that is scanned for an order, about.
const ORDERED_GROUP: u64 = 512 << 10;
/// Most bytes of sort keys that the groups of one pass have together.
const GROUP_KEYS: usize = 12 << 20;

/// The memory that a query may hold. Groups being scanned are not part of it: the server has one per core, whoever asks.
pub(super) struct Reservation {
    /// Bytes of text that a page holds between finding its rows and sending them.
    pub(super) texts: usize,
    /// Blocks in a group.
    pub(super) group: usize,
    /// Groups that are scanned ahead of what is sent.
    pub(super) ahead: usize,
    /// Bytes of sort keys that one pass of an order keeps.
    pub(super) keys: usize,
    /// Groups that are scanned at a time for an order.
    pub(super) workers: usize,
    /// Bytes of sort keys that each of these groups keeps until it is merged into the pass.
    pub(super) group_keys: usize,
    /// Bytes of records that are materialised at a time.
    pub(super) slice: usize,
    _held: Held,
}

impl Reservation {
    /// Reserves memory for a query of at most `limit` rows: a lot while there is plenty, else little, as soon as that is free.
    pub(super) async fn take(
        services: &Services,
        dataset: &Dataset,
        query: &Query,
        limit: u64,
    ) -> Result<Self, SearchError> {
        let memory = &services.memory;
        let ordered = !query.order.is_empty();
        let wide = Size {
            texts: 2 << 20,
            group: GROUP,
            ahead: services.cores,
            keys: 8 << 20,
            workers: services.cores,
            group_keys: GROUP_KEYS,
            slice: 8 << 20,
        };
        let wide = wide.for_rows(dataset, limit);
        // Each thread has row groups of its own.
        let columns = scanned_columns(services, dataset, query) * COLUMN;
        if memory.is_ample(Kind::Texts)
            && let Some(held) =
                memory.try_take(Kind::Texts, wide.bytes(ordered) + wide.ahead * columns)
        {
            return Ok(wide.with(held));
        }
        let narrow = Size {
            texts: TEXT,
            group: 4,
            ahead: 1,
            keys: 1 << 20,
            workers: 1,
            group_keys: 1 << 20,
            slice: 1 << 20,
        };
        let narrow = narrow.for_rows(dataset, limit);
        let bytes = narrow.bytes(ordered) + narrow.ahead * columns;
        let held = memory.take(Kind::Texts, bytes).await?;
        Ok(narrow.with(held))
    }

    /// Whether the reservation covers this text.
    pub(super) fn holds(&self, text: &Arc<BlockText>) -> bool {
        text.len() <= TEXT.max(self.slice)
    }
}

/// How many columns of a row group the query looks at.
fn scanned_columns(services: &Services, dataset: &Dataset, query: &Query) -> usize {
    if dataset.rows < services.settings.store.blocks.columns_from {
        return 0;
    }
    columns::needed(query).map_or(0, |needed| needed.len())
}

/// The sizes of a [`Reservation`].
struct Size {
    texts: usize,
    group: usize,
    ahead: usize,
    keys: usize,
    workers: usize,
    group_keys: usize,
    slice: usize,
}

impl Size {
    /// Limits the sizes to what `limit` rows need.
    fn for_rows(self, dataset: &Dataset, limit: u64) -> Self {
        let usual = dataset.bytes / dataset.rows.max(1);
        let bytes =
            |rows: u64, each: u64| usize::try_from(rows.saturating_mul(each)).unwrap_or(usize::MAX);
        let found = limit.saturating_add(1);
        let keys = self.keys.min(bytes(found, usual + KEY)).max(TEXT);
        // The keys of a whole group, and half as many for rows that are shorter than usual: a group with more ends the pass early.
        let of_group = bytes(ORDERED_GROUP / usual.max(1), (usual + KEY) * 3 / 2);
        let group_keys = self.group_keys.min(of_group).max(TEXT).min(keys);
        Self {
            keys,
            workers: self.workers.min(GROUP_KEYS / group_keys).max(1),
            group_keys,
            slice: self.slice.min(bytes(limit, 2 * usual)).max(TEXT),
            ..self
        }
    }

    fn bytes(&self, ordered: bool) -> usize {
        match ordered {
            // While records are materialised, there are two copies of them.
            true => self.keys + self.workers * self.group_keys + 2 * self.slice,
            false => self.texts + self.ahead * self.group * BLOCK,
        }
    }

    fn with(self, held: Held) -> Reservation {
        let Self {
            texts,
            group,
            ahead,
            keys,
            workers,
            group_keys,
            slice,
        } = self;
        Reservation {
            texts,
            group,
            ahead,
            keys,
            workers,
            group_keys,
            slice,
            _held: held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sort_keys_of_an_order_are_counted_for_the_pass_and_for_each_group_that_is_scanned() {
        let size = |workers| Size {
            texts: 1,
            group: GROUP,
            ahead: 2,
            keys: 100,
            workers,
            group_keys: 30,
            slice: 10,
        };
        assert_eq!(size(1).bytes(true), 100 + 30 + 20);
        assert_eq!(size(8).bytes(true), 100 + 8 * 30 + 20);
        assert_eq!(size(8).bytes(false), 1 + 2 * GROUP * BLOCK);
    }
}
