//! Rows in the order of the file.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::page_index::BlockLocation;
use super::pruned_scan::CandidateBlocks;
use super::texts::{Groups, remembered};
use super::work::look;
use super::{FoundPage, RecordBatches, Search, SearchError};
use crate::dataset::BlockText;
use crate::dataset::query::Scan;

/// How much work runs on the thread of the runtime, in bytes of text that take as long to read. It is too little to delay others.
const INLINE_WORK: u64 = 384 << 10;

/// Rows that were found in one block.
struct Hits {
    block: BlockLocation,
    /// Its text; `None` if it has to be read again.
    text: Option<Arc<BlockText>>,
    starts: Vec<u32>,
}

impl Search {
    /// At most `limit` rows that match, from row `from` on.
    pub(super) async fn find_page(
        self: &Arc<Self>,
        from: u64,
        limit: usize,
    ) -> Result<FoundPage, SearchError> {
        let mut found = std::pin::pin!(self.hits(from..u64::MAX, limit.saturating_add(1)));
        let mut pages: Vec<Hits> = Vec::new();
        let (mut count, mut held) = (0, 0);
        while count <= limit
            && let Some(hits) = found.try_next().await?
        {
            for mut hits in hits {
                // One row more than the page shows whether the list continues.
                if count <= limit && count + hits.starts.len() > limit {
                    let next = self.row_of(&hits, hits.starts[limit - count]).await?;
                    hits.starts.truncate(limit - count);
                    pages.push(hits);
                    return Ok(self.page_of(pages, next));
                }
                count += hits.starts.len();
                held += hits.text.as_ref().map_or(0, |text| text.len());
                if held > self.reservation.texts {
                    hits.text = None;
                }
                pages.push(hits);
            }
        }
        Ok(self.page_of(pages, None))
    }

    /// How many rows match, of some rows of the revision that begin and end with a block.
    pub(super) async fn count_in_text(
        self: &Arc<Self>,
        rows: Range<u64>,
    ) -> Result<u64, SearchError> {
        let mut found = std::pin::pin!(self.hits(rows, usize::MAX));
        let mut count = 0;
        while let Some(hits) = found.try_next().await? {
            count += hits
                .iter()
                .map(|hits| hits.starts.len() as u64)
                .sum::<u64>();
        }
        Ok(count)
    }

    fn page_of(self: &Arc<Self>, pages: Vec<Hits>, next: Option<u64>) -> FoundPage {
        let search = Arc::clone(self);
        let batches = stream::iter(pages).then(move |hits| {
            let search = Arc::clone(&search);
            async move {
                let text = match hits.text {
                    Some(text) => text,
                    None => search.text(hits.block).await?,
                };
                search.batch(text, hits.starts).await
            }
        });
        FoundPage {
            batches: Box::pin(batches),
            next,
        }
    }

    /// All rows that match, from row `from` on, at most `limit`.
    pub(super) fn find_all(self: &Arc<Self>, from: u64, limit: u64) -> RecordBatches {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let hits = self.hits(from..u64::MAX, most);
        let hits = hits.map_ok(|hits| stream::iter(hits.into_iter().map(Ok)));
        let batches = hits.try_flatten().scan(most, |left, hits| {
            let batch = hits.map(|mut hits: Hits| {
                hits.starts.truncate(*left);
                *left -= hits.starts.len();
                hits.text.map(|text| (text, hits.starts))
            });
            let ends = *left == 0 && matches!(&batch, Ok(Some((_, starts))) if starts.is_empty());
            std::future::ready((!ends).then_some(batch.transpose()))
        });
        let batches = batches.filter_map(std::future::ready);
        let search = Arc::clone(self);
        Box::pin(batches.and_then(move |(text, starts)| {
            let search = Arc::clone(&search);
            async move { search.batch(text, starts).await }
        }))
    }

    /// The rows that match, group by group, of these rows; at most `most` from each group.
    fn hits(
        self: &Arc<Self>,
        rows: Range<u64>,
        most: usize,
    ) -> impl Stream<Item = Result<Vec<Hits>, SearchError>> + Send + 'static + use<> {
        let search = Arc::clone(self);
        let first = async move {
            let from = rows.start;
            let mut candidates = CandidateBlocks::within(&search, rows).await?;
            let (hits, looked) = search.on_this_thread(&mut candidates, from, most).await?;
            let rest = search.in_groups(
                candidates,
                Groups::growing(looked, search.reservation.group),
                from,
                most,
            );
            Ok::<_, SearchError>(stream::iter([Ok(hits)]).chain(rest))
        };
        stream::once(first).try_flatten()
    }

    /// Scans the first blocks on this thread, while their texts are cached and it is little work. Waking another thread would
    /// take longer, and these blocks often have all the rows that are wanted. Returns the rows, and how many blocks it scanned.
    async fn on_this_thread(
        &self,
        candidates: &mut CandidateBlocks,
        from: u64,
        most: usize,
    ) -> Result<(Vec<Hits>, usize), SearchError> {
        let scan = Scan::new(&self.query, &self.dataset.layout);
        let (mut found, mut looked) = (Vec::new(), 0);
        let (mut left, mut work) = (most, INLINE_WORK);
        while left > 0
            && let Some(block) = candidates.next().await?
        {
            let takes = self.query.effort(block.rows, block.bytes);
            let affordable = work.checked_sub(takes);
            let text = affordable.and_then(|_| remembered(&self.services, &block));
            let (Some(rest), Some(text)) = (affordable, text) else {
                candidates.put_back(block);
                break;
            };
            work = rest;
            looked += 1;
            let starts = self.starts(&scan, &block, &text, from, left);
            left -= starts.len();
            found.extend(Hits::of(block, text, starts));
        }
        Ok((found, looked))
    }

    /// Scans the blocks that follow, on all cores.
    fn in_groups(
        self: &Arc<Self>,
        candidates: CandidateBlocks,
        groups: Groups,
        from: u64,
        most: usize,
    ) -> impl Stream<Item = Result<Vec<Hits>, SearchError>> + Send + 'static + use<> {
        let search = Arc::clone(self);
        let ahead = search.reservation.ahead;
        let groups =
            stream::try_unfold((candidates, groups), |(mut candidates, mut groups)| async {
                let group = candidates.group(&mut groups).await?;
                Ok::<_, SearchError>(group.map(|group| (group, (candidates, groups))))
            });
        groups
            .map(move |group| {
                let search = Arc::clone(&search);
                async move { search.look_through(group?, from, most).await }
            })
            .buffered(ahead)
    }

    async fn look_through(
        self: Arc<Self>,
        group: Vec<BlockLocation>,
        from: u64,
        most: usize,
    ) -> Result<Vec<Hits>, SearchError> {
        let search = Arc::clone(&self);
        let looking = self.work(group, move |group, texts, stop| {
            let scan = Scan::new(&search.query, &search.dataset.layout).until(stop);
            let mut found = Vec::new();
            let mut left = most;
            for (block, text) in group.into_iter().zip(texts) {
                let starts = search.starts(&scan, &block, &text, from, left);
                left -= starts.len();
                found.extend(Hits::of(block, text, starts));
                if left == 0 || stop.is_set() {
                    break;
                }
            }
            found
        });
        looking.await
    }

    /// Where the matching rows begin in a block's text, from row `from` on; at most `most`.
    fn starts(
        &self,
        scan: &Scan<'_>,
        block: &BlockLocation,
        text: &BlockText,
        from: u64,
        most: usize,
    ) -> Vec<u32> {
        let before = usize::try_from(from.saturating_sub(block.first_row)).unwrap_or(usize::MAX);
        let begin = self.start_of(text, block.body_start, before);
        let mut starts = Vec::new();
        scan.rows(text, begin, |row| {
            // A block is shorter than 2^32 bytes.
            starts.push(row.at as u32);
            match starts.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        starts
    }

    /// Where row number `rows` of a block begins in its text.
    pub(super) fn start_of(&self, text: &BlockText, body_start: usize, rows: usize) -> usize {
        let layout = &self.dataset.layout;
        text.start_after(body_start, rows, layout.delimiter, layout.columns.len())
    }

    /// The number of the row that begins at `start`.
    async fn row_of(&self, hits: &Hits, start: u32) -> Result<Option<u64>, SearchError> {
        match &hits.text {
            Some(text) => Ok(Some(
                self.row_at(hits.block, Arc::clone(text), start).await?,
            )),
            None => Ok(None),
        }
    }

    /// The number of the row that begins at `start` in the text of a block.
    pub(super) async fn row_at(
        &self,
        block: BlockLocation,
        text: Arc<BlockText>,
        start: u32,
    ) -> Result<u64, SearchError> {
        let layout = &self.dataset.layout;
        let (delimiter, columns) = (layout.delimiter, layout.columns.len());
        let (from, to) = (block.body_start, start as usize);
        let before = look(text.len(), move || {
            text.records_between(from, to, delimiter, columns)
        });
        Ok(block.first_row + before.await? as u64)
    }
}

impl Hits {
    fn of(block: BlockLocation, text: Arc<BlockText>, starts: Vec<u32>) -> Option<Self> {
        (!starts.is_empty()).then_some(Self {
            block,
            text: Some(text),
            starts,
        })
    }
}
