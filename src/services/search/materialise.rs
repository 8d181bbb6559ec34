//! Materialising: copies records from all over a dataset into one text, in the order of the result.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::page_index::{BlockLocation, locations};
use super::reservation::GROUP;
use super::texts::Groups;
use super::work::look;
use super::{RecordBatch, RecordBatches, Search, SearchError};
use crate::dataset::{BlockText, Records};

/// A record: the first row of its block, and its offset in the block's text.
pub(super) type Record = (u64, u32);

/// Records, each with its position in the result.
type Placed = Vec<(usize, String)>;

impl Search {
    /// The records in the given order.
    pub(super) fn materialise(self: &Arc<Self>, records: Vec<Record>) -> RecordBatches {
        let rows = usize::try_from(self.dataset.rows)
            .unwrap_or(usize::MAX)
            .max(1);
        let bytes = usize::try_from(self.dataset.bytes).unwrap_or(usize::MAX);
        let usual = (self.reservation.slice / 2 / (bytes / rows).max(1)).max(1);
        let search = Arc::clone(self);
        let state = (records, 0, usual);
        Box::pin(stream::try_unfold(state, move |(records, at, usual)| {
            let search = Arc::clone(&search);
            async move {
                let mut count = usual.min(records.len() - at);
                while count > 0 {
                    let slice = &records[at..at + count];
                    if let Some(batch) = search.slice(slice).await? {
                        return Ok(Some((batch, (records, at + count, usual))));
                    }
                    count = (count / 2).max(1);
                }
                Ok(None)
            }
        }))
    }

    /// A batch of these records; `None` if they are too long for one.
    async fn slice(
        self: &Arc<Self>,
        records: &[Record],
    ) -> Result<Option<RecordBatch>, SearchError> {
        let mut wanted: BTreeMap<u64, Vec<(usize, u32)>> = BTreeMap::new();
        for (position, &(block, at)) in records.iter().enumerate() {
            wanted.entry(block).or_default().push((position, at));
        }
        let blocks = wanted.keys().copied();
        let blocks = locations(&self.services, &self.dataset, blocks).await?;
        let mut wanted = wanted.into_values();
        // Unlike a search, this needs every block, so groups have full size from the start.
        let mut cutting = Groups::growing(GROUP, GROUP);
        let mut groups: Vec<_> = blocks
            .into_iter()
            .filter_map(|block| cutting.add(block))
            .collect();
        groups.extend(cutting.rest());
        let groups = groups.into_iter().map(|group| {
            let wanted: Vec<_> = wanted.by_ref().take(group.len()).collect();
            (group, wanted)
        });
        let groups: Vec<_> = groups.collect();
        let budget =
            (records.len() > 1).then(|| Arc::new(AtomicUsize::new(self.reservation.slice)));
        let copied: Vec<Option<Placed>> = stream::iter(groups)
            .map(|(group, wanted)| self.copy(group, wanted, budget.clone()))
            .buffer_unordered(self.services.cores)
            .try_collect()
            .await?;
        let Some(parts) = copied.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let records = parts.iter().flatten();
        let bytes = records.map(|(_, record)| record.len()).sum();
        let columns = self.dataset.columns.len();
        let (text, starts) = look(bytes, move || joined(parts, bytes, columns)).await?;
        self.batch(text, starts).await.map(Some)
    }

    async fn copy(
        self: &Arc<Self>,
        group: Vec<BlockLocation>,
        wanted: Vec<Vec<(usize, u32)>>,
        budget: Option<Arc<AtomicUsize>>,
    ) -> Result<Option<Placed>, SearchError> {
        let layout = Arc::clone(&self.dataset.layout);
        let copying = self.work(group, move |_, texts, stop| {
            let mut copied = Vec::new();
            let mut fields = Vec::new();
            for (text, wanted) in texts.iter().zip(wanted) {
                let mut records = Records::new(text, layout.delimiter, layout.columns.len());
                for (position, at) in wanted {
                    if stop.is_set() {
                        return None;
                    }
                    records.seek(at as usize);
                    records.next_into(&mut fields);
                    let mut record = text[at as usize..records.position()].to_owned();
                    if !record.ends_with('\n') {
                        record.push('\n');
                    }
                    let taken = budget.as_ref().map(|budget| {
                        let take = |left: usize| left.checked_sub(record.len());
                        budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    });
                    if taken.is_some_and(|taken| taken.is_err()) {
                        return None;
                    }
                    copied.push((position, record));
                }
            }
            Some(copied)
        });
        copying.await
    }
}

/// All records as one text of `bytes` bytes, in the order of the result.
fn joined(parts: Vec<Placed>, bytes: usize, columns: usize) -> (Arc<BlockText>, Vec<u32>) {
    let mut records: Placed = parts.into_iter().flatten().collect();
    records.sort_unstable_by_key(|(position, _)| *position);
    let mut text = String::with_capacity(bytes);
    let mut starts = Vec::with_capacity(records.len());
    for (_, record) in records {
        // The text is shorter than 2^32 bytes.
        starts.push(text.len() as u32);
        text.push_str(&record);
    }
    (Arc::new(BlockText::new(text, columns)), starts)
}
