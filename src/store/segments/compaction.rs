//! Compaction: copies the small segments of many appends into one, in the background, so that reads stay fast.
//!
//! Compaction replaces the last segments of a dataset by one with blocks of the usual size: as many as are small compared with those
//! after them. So a row is copied only a few times, even with many appends. Rows, bytes, digest and entity tag of the revision stay the
//! same. Older revisions keep their segments.

mod choice;
mod copy;

use std::ops::Range;
use std::sync::Arc;

use super::list::{Segment, SegmentId, SegmentList};
use super::queries as block_queries;
use super::tombstones;
use crate::dataset::DatasetName;
use crate::store::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use crate::store::catalog::queries;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::Dataset;
use crate::store::rows::{DatasetRow, SegmentsRow};

use choice::choose;
pub(crate) use choice::is_due;
use copy::Copy;

/// The result of compacting some segments, before it is committed.
#[derive(Debug)]
struct Compacted {
    /// The dataset.
    dataset: i64,
    /// The segments that were read, in order.
    read: Vec<i64>,
    /// The segment that was written.
    segment: SegmentId,
    rows: u64,
    bytes: u64,
    /// Its encoded summary.
    summary: Vec<u8>,
}

/// Compacts the last segments of a dataset. Does nothing if the dataset's newest revision no longer reads them.
pub(crate) async fn compact(store: &Store, name: &DatasetName) -> Result<(), StoreError> {
    let Some(dataset) = store.find(name).await? else {
        return Ok(());
    };
    let Some(range) = choose(&dataset.segments) else {
        return Ok(());
    };
    let _lease = store.lease(&dataset);
    let segment = SegmentId {
        dataset: dataset.id(),
        number: store.new_number(),
    };
    let mut copy = Copy::new(segment, &dataset.layout);
    let outcome = copy.all(store, &dataset, range.clone()).await;
    if let Err(error) = outcome {
        store.abandon(segment);
        return Err(error);
    }
    let compacted = Compacted {
        dataset: segment.dataset,
        read: parts(&dataset.segments, range),
        segment,
        rows: copy.rows,
        bytes: copy.bytes,
        summary: copy.summary.encode(),
    };
    let write = store
        .backend()
        .write(WriteOptions::ORDINARY, move |tx| apply(tx, &compacted));
    let outcome = write.await;
    drop(store.in_flight().end_upload(segment));
    outcome
}

fn parts(segments: &SegmentList, range: Range<usize>) -> Vec<i64> {
    let chosen = segments.iter().skip(range.start).take(range.len());
    chosen.map(|segment| segment.id.number).collect()
}

/// Replaces the compacted segments in the list of the newest revision, if it still reads them.
fn apply(tx: &mut Transaction<'_>, compacted: &Compacted) -> Result<(), WriteError> {
    let head = queries::head_of(tx, compacted.dataset)?;
    if !tombstones::delete_upload(tx, compacted.segment)? {
        return Ok(());
    }
    let now = tx.database_now()?;
    if let Some(head) = head {
        let revision = queries::revision(tx, head.id, head.revision)?;
        if let Some(segments) = replaced(&revision.segments()?, compacted) {
            queries::update_segments(tx, head.id, head.revision, &segments.encode())?;
            block_queries::set_summary(tx, compacted.segment, 0, &compacted.summary)?;
            free(tx, compacted, &head, now)?;
            let dataset = queries::into_dataset(tx, &head, revision)?;
            tx.set_head(Arc::new(Dataset {
                segments,
                ..dataset
            }));
            return Ok(());
        }
    }
    Ok(tombstones::insert(tx, compacted.segment, now)?)
}

/// The segment list with the new segment instead of the compacted ones. `None`: the list no longer has all of these.
fn replaced(segments: &SegmentList, compacted: &Compacted) -> Option<SegmentList> {
    let numbers: Vec<i64> = segments.iter().map(|segment| segment.id.number).collect();
    let length = compacted.read.len();
    let at = numbers
        .windows(length)
        .position(|window| window == compacted.read)?;
    let part = || segments.iter().skip(at).take(length);
    let same = part().map(|segment| segment.rows).sum::<u64>() == compacted.rows
        && part().map(|segment| segment.bytes).sum::<u64>() == compacted.bytes;
    let by = (compacted.segment.number, compacted.rows, compacted.bytes, 0);
    same.then(|| segments.replace(at..at + length, by))
}

/// Gives tombstones to the compacted segments that no older revision reads.
fn free(
    connection: &mut AnyConnection,
    compacted: &Compacted,
    head: &DatasetRow,
    now: i64,
) -> Result<(), StoreError> {
    // Revisions that read a segment follow each other. If the one that is kept from before doesn't read it, none does.
    let before = match queries::number_before(connection, head.id, head.revision)? {
        Some(before) => queries::segments(connection, head.id, before, before)?,
        None => Vec::new(),
    };
    let before = before.first().map(SegmentsRow::segments).transpose()?;
    for &number in &compacted.read {
        let read = |segment: &Segment| segment.id.number == number;
        if before
            .as_ref()
            .is_some_and(|before| before.iter().any(read))
        {
            continue;
        }
        let segment = SegmentId {
            dataset: head.id,
            number,
        };
        tombstones::insert(connection, segment, now)?;
    }
    Ok(())
}
