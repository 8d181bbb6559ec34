//! Builds columns in the background: reads the blocks of a segment, a few at a time, and stores the column chunks of one row group after
//! the other.
//!
//! A row group is written in transactions of bounded size, and is there once the last one has written what is known of it as a whole. A
//! server that is interrupted begins the row group again. If several servers share the database, one of them builds a segment, as long
//! as it is heard of. The builder waits while this process receives uploads.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::statements::{self, FullBlock};
use super::{row_groups, unfit};
use crate::dataset::columns::{BuiltGroup, RowGroup, RowGroupBuilder, group_rows};
use crate::dataset::{DatasetName, Layout, zone_map};
use crate::store::backend::{AnyConnection, Purpose, Transaction, WriteError, WriteOptions};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, PART_BYTES};
use crate::store::segments::blocks;
use crate::store::segments::collection::BLOCKS;
use crate::store::segments::list::{Segment, SegmentId};
use crate::store::segments::tombstones::BEFORE_ALL;
use crate::store::units::{from_db, to_db, unreadable};

/// How many blocks are read in one step.
const STEP: i64 = 4;
/// How many datasets are looked at together.
const DATASETS: i64 = 64;
/// How long a claim of a process that is not heard of holds.
const CLAIMS_LIVE: Duration = Duration::from_secs(90);
/// How often to look whether uploads have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long one step waits for uploads at most.
const PATIENCE: Duration = Duration::from_secs(20);
/// A block with more rows gets no columns.
const MOST_ROWS: i64 = 1 << 19;

/// What the builder knows, until the process ends.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    /// Segments whose columns are complete.
    complete: HashSet<SegmentId>,
    /// Segments that can't be read, so that they are not tried again.
    unreadable: HashSet<SegmentId>,
}

/// A row group being built from a segment.
struct Task<'t> {
    store: &'t Store,
    dataset: &'t Dataset,
    segment: Segment,
}

impl Builder {
    /// The names of the datasets with segments whose columns are to be built.
    pub(crate) async fn due(&mut self, store: &Store) -> Result<Vec<DatasetName>, StoreError> {
        let mut after = i64::MIN;
        let (mut due, mut complete) = (Vec::new(), HashSet::new());
        loop {
            let read = move |connection: &mut AnyConnection| {
                Ok(statements::next_revisions(connection, after, DATASETS)?)
            };
            let found = store.backend().read(read).await?;
            let Some((_, last)) = found.last() else { break };
            after = last.dataset_id;
            for (name, revision) in found {
                let (Ok(name), Ok(segments)) = (DatasetName::new(&name), revision.segments())
                else {
                    continue;
                };
                let large = segments.iter().filter(|one| is_large(store, one));
                let (known, rest): (Vec<&Segment>, Vec<&Segment>) =
                    large.partition(|one| self.complete.contains(&one.id));
                complete.extend(known.iter().map(|one| one.id));
                if rest.iter().any(|one| !self.unreadable.contains(&one.id)) {
                    due.push(name);
                }
            }
        }
        // Segments that no newest revision reads are forgotten.
        self.complete = complete;
        Ok(due)
    }

    /// Builds the columns of a dataset's segments that have none.
    pub(crate) async fn build(
        &mut self,
        store: &Store,
        name: &DatasetName,
    ) -> Result<(), StoreError> {
        let Some(dataset) = store.find(name).await? else {
            return Ok(());
        };
        let _lease = store.lease(&dataset);
        for segment in dataset.segments.iter().filter(|one| is_large(store, one)) {
            if self.complete.contains(&segment.id) || self.unreadable.contains(&segment.id) {
                continue;
            }
            let task = Task {
                store,
                dataset: &dataset,
                segment: *segment,
            };
            match task.run().await {
                Ok(true) => drop(self.complete.insert(segment.id)),
                // Another server builds it, or nobody needs it any more.
                Ok(false) => {}
                Err(error @ (StoreError::Unreadable { .. } | StoreError::Corrupt { .. })) => {
                    self.unreadable.insert(segment.id);
                    log::warn!("a segment of {name} gets no columns, so its text is read: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whether a segment gets columns. Smaller ones are read fast as they are, and compaction merges them.
fn is_large(store: &Store, segment: &Segment) -> bool {
    segment.rows > 0 && segment.rows >= store.shared.columns.least_rows
}

/// Whether a commit of this dataset may have something to build.
pub(crate) fn is_due(store: &Store, dataset: &Dataset) -> bool {
    let mut segments = dataset.segments.iter();
    segments.any(|segment| is_large(store, segment))
}

impl Task<'_> {
    /// Builds what is missing. Returns whether the segment's columns are complete.
    async fn run(&self) -> Result<bool, StoreError> {
        let segment = self.segment.id;
        let read = move |connection: &mut AnyConnection| row_groups(connection, segment);
        let groups = self.store.backend().read(read).await?;
        let mut next = groups.iter().map(RowGroup::rows).sum::<u64>();
        let begun = next < self.segment.rows;
        while next < self.segment.rows {
            if !self.is_still_read().await? {
                return Ok(false);
            }
            let Some(built) = self.group(next).await? else {
                return Ok(false);
            };
            next += built.group.rows();
            if !self.write(built).await? {
                return Ok(false);
            }
        }
        if begun {
            let withdraw = move |tx: &mut Transaction<'_>| Ok(statements::withdraw(tx, segment)?);
            let options = WriteOptions::of(Purpose::Provisional, 0);
            self.store.backend().write(options, withdraw).await?;
        }
        Ok(true)
    }

    /// Whether the newest revision still reads the segment.
    async fn is_still_read(&self) -> Result<bool, StoreError> {
        let newest = self.store.find(&self.dataset.name).await?;
        let mut segments = newest.iter().flat_map(|newest| newest.segments.iter());
        Ok(segments.any(|segment| segment.id == self.segment.id))
    }

    /// Waits while uploads are received, but not for ever. Fails when the store is closed.
    async fn wait_for_uploads(&self) -> Result<(), StoreError> {
        let begun = Instant::now();
        while self.store.in_flight().has_uploads() && begun.elapsed() < PATIENCE {
            if self.store.backend().is_closed() {
                return Err(StoreError::Closed);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The row group that begins at a row. `None`: another server builds the segment.
    async fn group(&self, first_row: u64) -> Result<Option<BuiltGroup>, StoreError> {
        if !self.claim().await? {
            return Ok(None);
        }
        let layout = &self.dataset.layout;
        let rows = group_rows(self.store.shared.columns.group_rows, layout.columns.len());
        let mut builder = RowGroupBuilder::new(layout.columns.len(), first_row);
        let mut after = (to_db(first_row), -1);
        loop {
            self.wait_for_uploads().await?;
            let segment = self.segment.id;
            let read = move |connection: &mut AnyConnection| {
                Ok(statements::next_blocks(connection, segment, after, STEP)?)
            };
            let blocks = self.store.backend().read(read).await?;
            let Some((last, ..)) = blocks.last() else {
                break;
            };
            after = *last;
            let layout = Arc::clone(layout);
            let adding = tokio::task::spawn_blocking(move || {
                let is_full = add(&mut builder, blocks, &layout, rows)?;
                Ok::<_, StoreError>((builder, is_full))
            });
            let is_full;
            (builder, is_full) = adding.await.map_err(|_| StoreError::Worker)??;
            if is_full {
                break;
            }
        }
        if builder.rows() == 0 {
            return Err(unfit("the segment has fewer rows than its revision says"));
        }
        let (layout, columns) = (Arc::clone(layout), Arc::clone(&self.dataset.columns));
        let finishing = tokio::task::spawn_blocking(move || builder.finish(&columns, &layout));
        finishing.await.map(Some).map_err(|_| StoreError::Worker)
    }

    async fn claim(&self) -> Result<bool, StoreError> {
        let (segment, holder) = (self.segment.id, self.store.shared.holder);
        let options = WriteOptions::of(Purpose::Provisional, 0);
        let write = move |tx: &mut Transaction<'_>| may_build(tx, segment, holder);
        self.store.backend().write(options, write).await
    }

    /// Writes a row group. Returns whether that was possible.
    async fn write(&self, built: BuiltGroup) -> Result<bool, StoreError> {
        let (segment, holder) = (self.segment.id, self.store.shared.holder);
        let columns = self.dataset.columns.len();
        let built = Arc::new(built);
        for (part, whole) in parts(&built) {
            self.wait_for_uploads().await?;
            let bytes = built.chunks[part.clone()]
                .iter()
                .map(|(_, data)| data.len());
            let options = WriteOptions::of(Purpose::Provisional, bytes.sum());
            let built = Arc::clone(&built);
            let write = move |tx: &mut Transaction<'_>| -> Result<bool, WriteError> {
                if !may_build(tx, segment, holder)? {
                    return Ok(false);
                }
                if part.start == 0 {
                    statements::delete_group(tx, segment, columns, built.group.first_row)?;
                }
                statements::insert(tx, segment, &built, part.clone(), whole)?;
                Ok(true)
            };
            if !self.store.backend().write(options, write).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether this process may write columns of the segment now.
fn may_build(
    tx: &mut Transaction<'_>,
    segment: SegmentId,
    holder: i64,
) -> Result<bool, WriteError> {
    if tx.disk_is_tight() || statements::is_gone(tx, segment)? {
        return Ok(false);
    }
    let now = tx.database_now()?;
    match tx.given_up_before(CLAIMS_LIVE, now) {
        Some(before) => Ok(statements::claim(tx, segment, (holder, before, now))?),
        // No other process uses the database.
        None => Ok(true),
    }
}

/// Divides the chunks of a row group into parts that are written together. The last one makes the row group whole.
fn parts(built: &BuiltGroup) -> Vec<(Range<usize>, bool)> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, (_, data)) in built.chunks.iter().enumerate() {
        if bytes > 0 && bytes + data.len() > PART_BYTES {
            parts.push((start..at, false));
            (start, bytes) = (at, 0);
        }
        bytes += data.len();
    }
    parts.push((start..built.chunks.len(), true));
    parts
}

/// Adds blocks to a row group until it has `most` rows. Returns whether it is full.
fn add(
    builder: &mut RowGroupBuilder,
    blocks: Vec<FullBlock>,
    layout: &Layout,
    most: usize,
) -> Result<bool, StoreError> {
    for (_, place, stats, packed) in blocks {
        if place.row_count == 0 {
            continue;
        }
        if place.row_count > MOST_ROWS {
            return Err(unfit("it has too many rows for columns"));
        }
        let rows = from_db(place.row_count) as usize;
        if builder.rows() > 0 && builder.rows() + rows > most {
            return Ok(true);
        }
        let block = blocks::unpack_text(&place, &packed)?;
        let zone_maps = zone_map::decode(&stats).map_err(|error| unreadable("zone map", error))?;
        let body = block.text.get(block.body_start..);
        let body = body.ok_or_else(|| unfit("its rows begin after its end"))?;
        let before = builder.rows();
        builder.add(body, layout, zone_maps);
        if builder.rows() != before + rows {
            return Err(unfit("it has another number of rows than its index says"));
        }
    }
    Ok(builder.rows() >= most)
}

/// Deletes columns whose segment is gone: servers of earlier releases collect segments without them.
pub(crate) async fn delete_lost(store: &Store) -> Result<(), StoreError> {
    let mut after = BEFORE_ALL;
    loop {
        let read =
            move |connection: &mut AnyConnection| Ok(statements::next_segment(connection, after)?);
        let Some((segment, has_blocks)) = store.backend().read(read).await? else {
            return Ok(());
        };
        after = segment;
        if has_blocks {
            continue;
        }
        loop {
            let delete =
                move |tx: &mut Transaction<'_>| Ok(statements::delete_some(tx, segment, BLOCKS)?);
            if !store
                .backend()
                .write(WriteOptions::FREES_SPACE, delete)
                .await?
            {
                break;
            }
        }
    }
}
