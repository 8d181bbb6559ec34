//! Records from anywhere in a dataset, put together in the order in which they are wanted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::chart::{Place, places};
use super::room::GROUP;
use super::texts::Groups;
use super::work::look;
use super::{Batch, Batches, Search, SearchError};
use crate::dataset::{ChunkText, Records};

/// A record: the first row of its chunk, and where it begins there.
type Record = (u64, u32);

/// Records, each with the place at which it is wanted.
type Placed = Vec<(usize, String)>;

impl Search {
    /// The records in that order.
    pub(super) fn gather(self: &Arc<Self>, records: Vec<Record>) -> Batches {
        let rows = usize::try_from(self.dataset.rows)
            .unwrap_or(usize::MAX)
            .max(1);
        let bytes = usize::try_from(self.dataset.bytes).unwrap_or(usize::MAX);
        let usual = (self.room.slice / 2 / (bytes / rows).max(1)).max(1);
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

    /// The records put together; `None`: they are too long for that.
    async fn slice(self: &Arc<Self>, records: &[Record]) -> Result<Option<Batch>, SearchError> {
        let mut wanted: BTreeMap<u64, Vec<(usize, u32)>> = BTreeMap::new();
        for (place, &(chunk, at)) in records.iter().enumerate() {
            wanted.entry(chunk).or_default().push((place, at));
        }
        let chunks = wanted.keys().copied();
        let chunks = places(&self.services, &self.dataset, chunks).await?;
        let mut wanted = wanted.into_values();
        // All of them are wanted.
        let mut cut = Groups::growing(GROUP, GROUP);
        let mut groups: Vec<_> = chunks
            .into_iter()
            .filter_map(|chunk| cut.add(chunk))
            .collect();
        groups.extend(cut.rest());
        let groups = groups.into_iter().map(|group| {
            let wanted: Vec<_> = wanted.by_ref().take(group.len()).collect();
            (group, wanted)
        });
        let groups: Vec<_> = groups.collect();
        let room = (records.len() > 1).then(|| Arc::new(AtomicUsize::new(self.room.slice)));
        let copied: Vec<Option<Placed>> = stream::iter(groups)
            .map(|(group, wanted)| self.copy(group, wanted, room.clone()))
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
        group: Vec<Place>,
        wanted: Vec<Vec<(usize, u32)>>,
        room: Option<Arc<AtomicUsize>>,
    ) -> Result<Option<Placed>, SearchError> {
        let layout = Arc::clone(&self.dataset.layout);
        let copying = self.work(group, move |_, texts, stop| {
            let mut copied = Vec::new();
            let mut fields = Vec::new();
            for (text, wanted) in texts.iter().zip(wanted) {
                let mut records = Records::new(text, layout.delimiter, layout.columns.len());
                for (place, at) in wanted {
                    if stop.is_set() {
                        return None;
                    }
                    records.seek(at as usize);
                    records.next_into(&mut fields);
                    let mut record = text[at as usize..records.position()].to_owned();
                    if !record.ends_with('\n') {
                        record.push('\n');
                    }
                    let taken = room.as_ref().map(|room| {
                        let take = |left: usize| left.checked_sub(record.len());
                        room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    });
                    if taken.is_some_and(|taken| taken.is_err()) {
                        return None;
                    }
                    copied.push((place, record));
                }
            }
            Some(copied)
        });
        copying.await
    }
}

/// The records of all parts, in the order in which they are wanted; they have so many bytes.
fn joined(parts: Vec<Placed>, bytes: usize, columns: usize) -> (Arc<ChunkText>, Vec<u32>) {
    let mut records: Placed = parts.into_iter().flatten().collect();
    records.sort_unstable_by_key(|(place, _)| *place);
    let mut text = String::with_capacity(bytes);
    let mut starts = Vec::with_capacity(records.len());
    for (_, record) in records {
        // A slice is shorter than 2^32 bytes.
        starts.push(text.len() as u32);
        text.push_str(&record);
    }
    (Arc::new(ChunkText::new(text, columns)), starts)
}
