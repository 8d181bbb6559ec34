//! Compaction: copies the small segments of many appends into one, in the background, so that reads stay fast.
//!
//! Compaction replaces the last segments of a dataset by one with blocks of the usual size: as many as are small compared with those
//! after them. So a row is copied only a few times, even with many appends. Rows, bytes, digest and entity tag of the revision stay the
//! same. Older revisions keep their segments.

use std::ops::Range;
use std::sync::Arc;

use super::bad_rows;
use super::list::{Segment, SegmentId, SegmentList};
use super::queries as block_queries;
use super::tombstones;
use crate::dataset::{Block, DatasetName, Formats, Layout, RawBlock, Summary};
use crate::store::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use crate::store::catalog::queries;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, PART_BYTES, PlacedBlock, SegmentPart, Text};
use crate::store::rows::{DatasetRow, SegmentsRow};
use crate::store::units::unreadable;

/// Compaction is due when a dataset ends with so many small segments.
const MANY: usize = 16;
/// The most bytes of text that compaction puts into one segment. Larger segments don't slow reads down, and copying one takes minutes.
const LARGEST: u64 = 256 << 20;
/// So many segments at the end are always compacted, whatever their sizes.
const LAST: usize = 8;

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

/// Whether compaction is due for the dataset.
pub(crate) fn is_due(dataset: &Dataset) -> bool {
    // Most datasets have few segments, so their sizes needn't be compared.
    dataset.segments.len() >= MANY && choose(&dataset.segments).is_some()
}

/// The segments to compact, if compaction is due.
fn choose(segments: &SegmentList) -> Option<Range<usize>> {
    let sizes: Vec<u64> = segments.iter().map(|segment| segment.bytes).collect();
    let all = sizes.len();
    // The segments at the end that fit into one.
    let mut within = 0;
    let small = sizes
        .iter()
        .rev()
        .take_while(|size| {
            within += **size;
            within <= LARGEST
        })
        .count();
    if small < MANY {
        return None;
    }
    let mut first = all;
    let mut bytes = 0;
    while first > all - small && (all - first < LAST || sizes[first - 1] <= bytes * 2) {
        first -= 1;
        bytes += sizes[first];
    }
    Some(first..all)
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

/// A segment that is being written from others.
struct Copy {
    segment: SegmentId,
    begun: bool,
    text: Vec<u8>,
    body_start: usize,
    seq: u64,
    rows: u64,
    bytes: u64,
    summary: Summary,
    part: SegmentPart,
    /// How many blocks of rows that were set aside it has.
    bad_rows: u64,
}

impl Copy {
    fn new(segment: SegmentId, layout: &Layout) -> Self {
        Self {
            segment,
            begun: false,
            text: Vec::new(),
            body_start: 0,
            seq: 0,
            rows: 0,
            bytes: 0,
            summary: Summary::new(layout.columns.len(), &layout.formats),
            part: SegmentPart::default(),
            bad_rows: 0,
        }
    }

    async fn all(
        &mut self,
        store: &Store,
        dataset: &Dataset,
        range: Range<usize>,
    ) -> Result<(), StoreError> {
        let chosen: Vec<Segment> = dataset.segments.iter().copied().collect();
        for segment in &chosen[range] {
            let mut after = None;
            loop {
                let texts = store.texts_after(segment.id, after).await?;
                let Some((last, _)) = texts.last() else { break };
                after = Some(*last);
                for (_, text) in texts {
                    self.add(store, dataset, text).await?;
                }
            }
            self.add_bad_rows(store, segment.id).await?;
        }
        self.seal(dataset).await?;
        self.stage(store).await
    }

    /// Copies the rows of a segment that were set aside.
    async fn add_bad_rows(&mut self, store: &Store, from: SegmentId) -> Result<(), StoreError> {
        for number in 0.. {
            let copied = bad_rows::packed(store, from, number, self.bad_rows).await?;
            let Some(block) = copied else { break };
            self.bad_rows += 1;
            self.part.bad_rows.push(block);
            if self.part.weight() >= PART_BYTES {
                self.stage(store).await?;
            }
        }
        Ok(())
    }

    async fn add(
        &mut self,
        store: &Store,
        dataset: &Dataset,
        text: Text,
    ) -> Result<(), StoreError> {
        // A header is skipped only at the beginning of a block.
        if text.body_start > 0 {
            self.seal(dataset).await?;
            self.body_start = text.body_start;
        }
        self.text.extend_from_slice(text.text.as_bytes());
        if self.text.len() >= store.shared.block_bytes {
            self.seal(dataset).await?;
        }
        if self.part.weight() >= PART_BYTES {
            self.stage(store).await?;
        }
        Ok(())
    }

    /// Makes a block from the text so far, on a blocking thread.
    async fn seal(&mut self, dataset: &Dataset) -> Result<(), StoreError> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        let body_start = std::mem::take(&mut self.body_start);
        let layout = Arc::clone(&dataset.layout);
        let mut summary =
            std::mem::replace(&mut self.summary, Summary::new(0, &Formats::default()));
        let sealed = tokio::task::spawn_blocking(move || {
            let block = seal(text, body_start, layout, &mut summary)?;
            Ok::<_, StoreError>((block, summary))
        });
        let (block, summary) = sealed.await.map_err(|_| StoreError::Worker)??;
        self.summary = summary;
        let (rows, bytes) = (u64::from(block.rows), u64::from(block.text_bytes));
        self.part.blocks.push(PlacedBlock {
            seq: self.seq,
            first_row: self.rows,
            first_byte: self.bytes,
            block,
        });
        self.seq += 1;
        self.rows += rows;
        self.bytes += bytes;
        Ok(())
    }

    async fn stage(&mut self, store: &Store) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.part);
        if part.blocks.is_empty() && part.bad_rows.is_empty() {
            return Ok(());
        }
        let begins = !std::mem::replace(&mut self.begun, true);
        let turn = store.begin_part(self.segment);
        store.stage(turn, part, begins).await
    }
}

/// Makes a block, and adds its rows to the summary.
fn seal(
    text: Vec<u8>,
    body_start: usize,
    layout: Arc<Layout>,
    summary: &mut Summary,
) -> Result<Block, StoreError> {
    let piece = RawBlock::stored(text, body_start, layout);
    let analysis = piece
        .analyse_into(summary)
        .map_err(|e| unreadable("block", e))?;
    Ok(Block::seal(&piece, &analysis))
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
            let dataset = revision.into_dataset(&head)?;
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
    // Revisions that read a segment follow each other. If the one before doesn't read it, none does.
    let before = head.revision - 1;
    let before = queries::segments(connection, head.id, before, before)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(sizes: &[u64]) -> SegmentList {
        let segment = SegmentId {
            dataset: 1,
            number: 0,
        };
        let mut all = SegmentList::whole(segment, 1, sizes[0]);
        for (number, &bytes) in (1..).zip(&sizes[1..]) {
            all = all.and(number, 1, bytes, 0);
        }
        all
    }

    #[test]
    fn small_segments_at_the_end_are_chosen_and_large_ones_before_them_are_not() {
        let mut sizes = vec![1 << 30];
        sizes.extend([20; 16]);
        assert_eq!(choose(&segments(&sizes)), Some(1..17));
        let equal = [10; 16];
        assert_eq!(choose(&segments(&equal)), Some(0..16));
    }

    #[test]
    fn few_segments_are_left_alone_and_so_are_those_that_one_run_may_not_hold() {
        assert_eq!(choose(&segments(&[10; MANY - 1])), None);
        // There are sixteen, but only four of them fit into one.
        assert_eq!(choose(&segments(&[LARGEST / 4; MANY])), None);
        let mut sizes = vec![LARGEST / 20; 40];
        let range = choose(&segments(&sizes)).unwrap();
        assert_eq!(range, 20..40);
        let bytes: u64 = sizes[range.clone()].iter().sum();
        assert!(bytes <= LARGEST);
        // The compacted segment is not compacted again when small ones follow.
        sizes.splice(range, [bytes]);
        sizes.extend([10; MANY]);
        assert_eq!(choose(&segments(&sizes)), Some(21..37));
    }

    #[test]
    fn a_row_is_copied_seldom_however_many_appends_come() {
        let mut sizes = vec![1_000_u64];
        let mut copied = 0;
        for _ in 0..10_000 {
            sizes.push(100);
            if let Some(range) = choose(&segments(&sizes)) {
                let bytes: u64 = sizes[range.clone()].iter().sum();
                copied += bytes;
                sizes.splice(range, [bytes]);
            }
            assert!(sizes.len() <= MANY + 1);
        }
        let appended = 10_000 * 100;
        assert!(copied < appended * 20, "{copied} of {appended}");
    }
}
