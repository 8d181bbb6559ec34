//! How much memory a query has, and so how far it goes ahead of its client.

use std::sync::Arc;

use super::SearchError;
use crate::dataset::ChunkText;
use crate::dataset::query::Query;
use crate::services::Services;
use crate::services::memory::{Held, Kind};
use crate::store::Dataset;

/// Chunks that are looked through in one go at most.
pub(super) const GROUP: usize = 16;
/// Bytes of the text of a chunk, about.
const CHUNK: usize = 64 << 10;
/// Bytes of a text that every query has room for.
const TEXT: usize = 256 << 10;
/// Bytes that a key has beside the values in it, about.
const KEY: u64 = 64;

/// What a query holds on to at most. Its groups at work are not among it: there is one a core, whoever asks.
pub(super) struct Room {
    /// Bytes of text that a page holds on to between finding its rows and sending them.
    pub(super) texts: usize,
    /// Chunks in a group that is looked through in one go.
    pub(super) group: usize,
    /// Groups that are looked through ahead of what is sent.
    pub(super) ahead: usize,
    /// Bytes of keys that one pass of an order keeps.
    pub(super) keys: usize,
    /// Bytes of records that are put together at a time.
    pub(super) slice: usize,
    _held: Held,
}

impl Room {
    /// The memory for a query of at most `limit` rows: much, as long as there is much; else little, once that is free.
    pub(super) async fn take(
        services: &Services,
        dataset: &Dataset,
        query: &Query,
        limit: u64,
    ) -> Result<Self, SearchError> {
        let memory = &services.memory;
        let wide = Size {
            texts: 2 << 20,
            group: GROUP,
            ahead: services.cores,
            keys: 8 << 20,
            slice: 8 << 20,
        };
        let wide = wide.for_rows(dataset, limit);
        if memory.is_ample(Kind::Texts)
            && let Some(held) = memory.try_take(Kind::Texts, wide.bytes(query))
        {
            return Ok(wide.with(held));
        }
        let narrow = Size {
            texts: TEXT,
            group: 4,
            ahead: 1,
            keys: 1 << 20,
            slice: 1 << 20,
        };
        let narrow = narrow.for_rows(dataset, limit);
        let held = memory.take(Kind::Texts, narrow.bytes(query)).await?;
        Ok(narrow.with(held))
    }

    /// Whether the text is so short that the query's own memory does for it.
    pub(super) fn holds(&self, text: &Arc<ChunkText>) -> bool {
        text.len() <= TEXT.max(self.slice)
    }
}

/// The sizes of a [`Room`].
struct Size {
    texts: usize,
    group: usize,
    ahead: usize,
    keys: usize,
    slice: usize,
}

impl Size {
    /// No more than so many rows of the dataset need.
    fn for_rows(self, dataset: &Dataset, limit: u64) -> Self {
        let usual = dataset.bytes / dataset.rows.max(1);
        let bytes =
            |rows: u64, each: u64| usize::try_from(rows.saturating_mul(each)).unwrap_or(usize::MAX);
        let found = limit.saturating_add(1);
        Self {
            keys: self.keys.min(bytes(found, usual + KEY)).max(TEXT),
            slice: self.slice.min(bytes(limit, 2 * usual)).max(TEXT),
            ..self
        }
    }

    fn bytes(&self, query: &Query) -> usize {
        match query.order.is_empty() {
            true => self.texts + self.ahead * self.group * CHUNK,
            // Records are there twice while they are put together.
            false => self.keys + 2 * self.slice,
        }
    }

    fn with(self, held: Held) -> Room {
        let Self {
            texts,
            group,
            ahead,
            keys,
            slice,
        } = self;
        Room {
            texts,
            group,
            ahead,
            keys,
            slice,
            _held: held,
        }
    }
}
