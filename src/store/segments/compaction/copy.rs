//! Writes the rows of several segments into a new one.

use std::ops::Range;
use std::sync::Arc;

use crate::dataset::{Block, Formats, Layout, RawBlock, Summary};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::model::{Dataset, PART_BYTES, PlacedBlock, SegmentPart, UnpackedBlock};
use crate::store::segments::bad_rows;
use crate::store::segments::list::{Segment, SegmentId};
use crate::store::units::unreadable;

/// A segment that is being written from others.
pub(super) struct Copy {
    segment: SegmentId,
    begun: bool,
    text: Vec<u8>,
    body_start: usize,
    seq: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) summary: Summary,
    part: SegmentPart,
    /// How many blocks of rows that were set aside it has.
    bad_rows: u64,
}

impl Copy {
    pub(super) fn new(segment: SegmentId, layout: &Layout) -> Self {
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

    pub(super) async fn all(
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
        text: UnpackedBlock,
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
    let raw_block = RawBlock::stored(text, body_start, layout);
    let analysis = raw_block
        .analyse_into(summary)
        .map_err(|e| unreadable("block", e))?;
    Ok(Block::seal(&raw_block, &analysis))
}
