//! Compaction: the small segments of many appends copied into one, in the background, so that they never make reading slow.
//!
//! The last segments of a dataset are copied into one run of blocks of usual size: as many of them as are small beside
//! what comes after. So a row is copied a few times in its life, however many appends come. The rows and bytes of the
//! revision stay the same, and so do its digest and its tag. Older revisions keep the runs they had.

use std::ops::Range;
use std::sync::Arc;

use super::list::{Run, Segment, SegmentList};
use super::queries as blocks;
use super::tombstones;
use crate::dataset::{Block, DatasetName, Formats, Layout, RawBlock, Summary};
use crate::store::backend::{AnyConnection, Transaction, WriteError, WriteOptions};
use crate::store::catalog::queries;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{BATCH_BYTES, Batch, Dataset, PlacedBlock, Text};
use crate::store::rows::{DatasetRow, RevisionRow};
use crate::store::units::unreadable;

/// Small segments at the end from which on they are put together.
const MANY: usize = 16;
/// Bytes of text that are put together at once. What is larger stays as it is: it is not what makes reading slow, and one that
/// is compacted over and over would take minutes each time.
const LARGEST: u64 = 256 << 20;
/// Segments at the end that are put together whatever their sizes.
const LAST: usize = 8;

/// Segments that were put together.
#[derive(Debug)]
struct Compacted {
    /// The dataset.
    dataset: i64,
    /// The runs that were read, in order.
    read: Vec<i64>,
    /// The run that was written.
    run: Run,
    rows: u64,
    bytes: u64,
    /// What its columns hold, as it is stored.
    summary: Vec<u8>,
}

/// Whether the dataset is worth the work.
pub(crate) fn is_due(dataset: &Dataset) -> bool {
    // Most datasets have a segment or a few; that is told without a look at their sizes.
    dataset.segments.len() >= MANY && choose(&dataset.segments).is_some()
}

/// Which of the last segments to put together, if there are so many that it is worth it.
fn choose(segments: &SegmentList) -> Option<Range<usize>> {
    let sizes: Vec<u64> = segments.iter().map(|segment| segment.bytes).collect();
    let all = sizes.len();
    // Those that one run may hold.
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

/// Puts the last segments of a dataset together, unless somebody changes them meanwhile.
pub(crate) async fn compact(store: &Store, name: &DatasetName) -> Result<(), StoreError> {
    let Some(dataset) = store.find(name).await? else {
        return Ok(());
    };
    let Some(range) = choose(&dataset.segments) else {
        return Ok(());
    };
    let _lease = store.lease(&dataset);
    let run = Run {
        dataset: dataset.run.dataset,
        number: store.new_number(),
    };
    let mut copy = Copy::new(run, &dataset.layout);
    let outcome = copy.all(store, &dataset, range.clone()).await;
    if let Err(error) = outcome {
        store.abandon(run);
        return Err(error);
    }
    let compacted = Compacted {
        dataset: run.dataset,
        read: parts(&dataset.segments, range),
        run,
        rows: copy.rows,
        bytes: copy.bytes,
        summary: copy.summary.encode(),
    };
    let write = store
        .backend()
        .write(WriteOptions::ORDINARY, move |tx| apply(tx, &compacted));
    let outcome = write.await;
    drop(store.in_flight().end_upload(run));
    outcome
}

fn parts(segments: &SegmentList, range: Range<usize>) -> Vec<i64> {
    let chosen = segments.iter().skip(range.start).take(range.len());
    chosen.map(|segment| segment.run.number).collect()
}

/// A run being written out of others.
struct Copy {
    run: Run,
    begun: bool,
    text: Vec<u8>,
    body_start: usize,
    seq: u64,
    rows: u64,
    bytes: u64,
    summary: Summary,
    batch: Batch,
}

impl Copy {
    fn new(run: Run, layout: &Layout) -> Self {
        Self {
            run,
            begun: false,
            text: Vec::new(),
            body_start: 0,
            seq: 0,
            rows: 0,
            bytes: 0,
            summary: Summary::new(layout.columns.len(), &layout.formats),
            batch: Batch::default(),
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
                let texts = store.texts_after(segment.run, after).await?;
                let Some((last, _)) = texts.last() else { break };
                after = Some(*last);
                for (_, text) in texts {
                    self.add(store, dataset, text).await?;
                }
            }
        }
        self.seal(dataset).await?;
        self.stage(store).await
    }

    async fn add(
        &mut self,
        store: &Store,
        dataset: &Dataset,
        text: Text,
    ) -> Result<(), StoreError> {
        // What comes before a chunk's first row is skipped at the beginning of a chunk only.
        if text.body_start > 0 {
            self.seal(dataset).await?;
            self.body_start = text.body_start;
        }
        self.text.extend_from_slice(text.text.as_bytes());
        if self.text.len() >= store.shared.block_bytes {
            self.seal(dataset).await?;
        }
        if self.batch.weight() >= BATCH_BYTES {
            self.stage(store).await?;
        }
        Ok(())
    }

    /// Makes a chunk of the text so far, on a blocking thread.
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
            let chunk = seal(text, body_start, layout, &mut summary)?;
            Ok::<_, StoreError>((chunk, summary))
        });
        let (chunk, summary) = sealed.await.map_err(|_| StoreError::Worker)??;
        self.summary = summary;
        let (rows, bytes) = (u64::from(chunk.rows), u64::from(chunk.text_bytes));
        self.batch.chunks.push(PlacedBlock {
            seq: self.seq,
            first_row: self.rows,
            first_byte: self.bytes,
            chunk,
        });
        self.seq += 1;
        self.rows += rows;
        self.bytes += bytes;
        Ok(())
    }

    async fn stage(&mut self, store: &Store) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        if batch.chunks.is_empty() {
            return Ok(());
        }
        let begins = !std::mem::replace(&mut self.begun, true);
        let turn = store.begin_part(self.run);
        store.stage(turn, batch, begins).await
    }
}

/// Block texts put together again, as one chunk, whose rows are added to the summary.
fn seal(
    text: Vec<u8>,
    body_start: usize,
    layout: Arc<Layout>,
    summary: &mut Summary,
) -> Result<Block, StoreError> {
    let piece = RawBlock::stored(text, body_start, layout);
    let analysis = piece
        .analyse_into(summary)
        .map_err(|e| unreadable("chunk", e))?;
    Ok(Block::seal(&piece, &analysis))
}

/// Lets the newest revision of the dataset read the new run instead of those it was made of, if it still reads them.
fn apply(tx: &mut Transaction<'_>, compacted: &Compacted) -> Result<(), WriteError> {
    let head = queries::head_of(tx, compacted.dataset)?;
    if !tombstones::delete_upload(tx, compacted.run)? {
        return Ok(());
    }
    let now = tx.database_now()?;
    if let Some(head) = head {
        let revision = queries::revision(tx, head.id, head.revision)?;
        if let Some(segments) = replaced(&revision.segments()?, compacted) {
            queries::update_segments(tx, head.id, head.revision, &segments.encode())?;
            blocks::set_summary(tx, compacted.run, 0, &compacted.summary)?;
            free(tx, compacted, &head, now)?;
            let dataset = revision.into_dataset(&head)?;
            tx.set_head(Arc::new(Dataset {
                segments,
                ..dataset
            }));
            return Ok(());
        }
    }
    Ok(tombstones::insert(tx, compacted.run, now)?)
}

/// The segments with the new run in the place of those it was made of; `None`: they are not all there any more.
fn replaced(segments: &SegmentList, compacted: &Compacted) -> Option<SegmentList> {
    let runs: Vec<i64> = segments.iter().map(|segment| segment.run.number).collect();
    let length = compacted.read.len();
    let at = runs
        .windows(length)
        .position(|window| window == compacted.read)?;
    let part = || segments.iter().skip(at).take(length);
    let same = part().map(|segment| segment.rows).sum::<u64>() == compacted.rows
        && part().map(|segment| segment.bytes).sum::<u64>() == compacted.bytes;
    let by = (compacted.run.number, compacted.rows, compacted.bytes, 0);
    same.then(|| segments.replace(at..at + length, by))
}

/// Gives the runs that no older revision reads their tombstones.
fn free(
    connection: &mut AnyConnection,
    compacted: &Compacted,
    head: &DatasetRow,
    now: i64,
) -> Result<(), StoreError> {
    // Revisions that read a run follow one another. If the one before does not read it, none does.
    let before = queries::list_revisions(connection, head.id, head.revision - 1, 1)?;
    let before = before.first().map(RevisionRow::segments).transpose()?;
    for &number in &compacted.read {
        let read = |segment: &Segment| segment.run.number == number;
        if before
            .as_ref()
            .is_some_and(|before| before.iter().any(read))
        {
            continue;
        }
        let run = Run {
            dataset: head.id,
            number,
        };
        tombstones::insert(connection, run, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(sizes: &[u64]) -> SegmentList {
        let run = Run {
            dataset: 1,
            number: 0,
        };
        let mut all = SegmentList::whole(run, 1, sizes[0]);
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
        // Sixteen of them, and yet no more than four could become one.
        assert_eq!(choose(&segments(&[LARGEST / 4; MANY])), None);
        let mut sizes = vec![LARGEST / 20; 40];
        let range = choose(&segments(&sizes)).unwrap();
        assert_eq!(range, 20..40);
        let bytes: u64 = sizes[range.clone()].iter().sum();
        assert!(bytes <= LARGEST);
        // What was put together is not touched again, however many small ones come behind it.
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
