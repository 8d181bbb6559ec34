//! Rows in the order of the file.

use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::{Batch, Batches, Found, Search, SearchError};
use crate::dataset::query::Scan;
use crate::dataset::{ChunkText, Records};

/// Chunks that are looked through in one go at most.
const GROUP: usize = 16;
/// Bytes of text that a page holds on to between finding its rows and sending them.
const HELD: usize = 4 << 20;

/// Rows that were found in one chunk.
struct Hits {
    chunk: u32,
    /// Its text, unless it has to be read again.
    text: Option<Arc<ChunkText>>,
    starts: Vec<u32>,
}

impl Search {
    /// At most `limit` rows that match, from row `from` on.
    pub(super) async fn find_page(
        self: &Arc<Self>,
        from: u64,
        limit: usize,
    ) -> Result<Found, SearchError> {
        let mut found = std::pin::pin!(self.hits(from, limit.saturating_add(1)));
        let mut pages: Vec<Hits> = Vec::new();
        let (mut count, mut held) = (0, 0);
        while count <= limit
            && let Some(hits) = found.try_next().await?
        {
            for mut hits in hits {
                // The one more that tells whether the list goes on.
                if count <= limit && count + hits.starts.len() > limit {
                    let next = self.row_of(&hits, hits.starts[limit - count]);
                    hits.starts.truncate(limit - count);
                    pages.push(hits);
                    return Ok(self.page_of(pages, next));
                }
                count += hits.starts.len();
                held += hits.text.as_ref().map_or(0, |text| text.len());
                if held > HELD {
                    hits.text = None;
                }
                pages.push(hits);
            }
        }
        Ok(self.page_of(pages, None))
    }

    fn page_of(self: &Arc<Self>, pages: Vec<Hits>, next: Option<u64>) -> Found {
        let search = Arc::clone(self);
        let batches = stream::iter(pages).then(move |hits| {
            let search = Arc::clone(&search);
            async move {
                let text = match hits.text {
                    Some(text) => text,
                    None => search.texts(&[hits.chunk]).await?.swap_remove(0),
                };
                Ok(Batch {
                    text,
                    starts: hits.starts,
                })
            }
        });
        Found {
            batches: Box::pin(batches),
            next,
        }
    }

    /// All rows that match, from row `from` on, at most `limit`.
    pub(super) fn find_all(self: &Arc<Self>, from: u64, limit: u64) -> Batches {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let hits = self.hits(from, most);
        let hits = hits.map_ok(|hits| stream::iter(hits.into_iter().map(Ok)));
        let batches = hits.try_flatten().scan(most, |left, hits| {
            let batch = hits.map(|mut hits: Hits| {
                hits.starts.truncate(*left);
                *left -= hits.starts.len();
                hits.text.map(|text| Batch {
                    text,
                    starts: hits.starts,
                })
            });
            let ends = *left == 0 && matches!(&batch, Ok(Some(batch)) if batch.starts.is_empty());
            std::future::ready((!ends).then_some(batch.transpose()))
        });
        Box::pin(batches.filter_map(std::future::ready))
    }

    /// The rows that match, group by group, from row `from` on; of each group at most `most`.
    fn hits(
        self: &Arc<Self>,
        from: u64,
        most: usize,
    ) -> impl Stream<Item = Result<Vec<Hits>, SearchError>> + Send + 'static + use<> {
        let first = self.chart.at_row(from);
        let at = match first {
            Some(first) => self.candidates.partition_point(|&chunk| chunk < first),
            None => self.candidates.len(),
        };
        let groups = self.groups(&self.candidates[at..], GROUP);
        let search = Arc::clone(self);
        let cores = search.services.cores;
        stream::iter(groups)
            .map(move |group| Arc::clone(&search).look_through(group, from, most))
            .buffered(cores)
    }

    async fn look_through(
        self: Arc<Self>,
        group: Vec<u32>,
        from: u64,
        most: usize,
    ) -> Result<Vec<Hits>, SearchError> {
        let search = Arc::clone(&self);
        let looking = self.work(group, move |group, texts| {
            let scan = Scan::new(&search.query, &search.dataset.layout);
            let mut found = Vec::new();
            let mut left = most;
            for (chunk, text) in group.into_iter().zip(texts) {
                let starts = search.starts(&scan, chunk, &text, from, left);
                left -= starts.len();
                if !starts.is_empty() {
                    found.push(Hits {
                        chunk,
                        text: Some(text),
                        starts,
                    });
                }
                if left == 0 {
                    break;
                }
            }
            found
        });
        looking.await
    }

    /// Where the rows begin that match, in a chunk's text, from row `from` on; at most `most`.
    fn starts(
        &self,
        scan: &Scan<'_>,
        chunk: u32,
        text: &ChunkText,
        from: u64,
        most: usize,
    ) -> Vec<u32> {
        let place = self.chart.place(chunk);
        let before = usize::try_from(from.saturating_sub(place.first_row)).unwrap_or(usize::MAX);
        let begin = self.start_of(text, place.body_start, before);
        let mut starts = Vec::new();
        scan.rows(text, begin, |row| {
            // A chunk is shorter than 2^32 bytes.
            starts.push(row.at as u32);
            match starts.len() < most {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        starts
    }

    /// Where row number `rows` of a chunk begins in its text.
    pub(super) fn start_of(&self, text: &str, body_start: usize, rows: usize) -> usize {
        let layout = &self.dataset.layout;
        let body = text.get(body_start..).unwrap_or_default();
        let mut records = Records::new(body, layout.delimiter, layout.columns.len());
        if rows > 0 {
            records.skip(rows);
        }
        body_start + records.position()
    }

    /// The number of the row that begins there.
    fn row_of(&self, hits: &Hits, start: u32) -> Option<u64> {
        let text = hits.text.as_ref()?;
        Some(self.row_at(hits.chunk, text, start))
    }

    /// The number of the row that begins at `start` in the text of a chunk.
    pub(super) fn row_at(&self, chunk: u32, text: &str, start: u32) -> u64 {
        let (place, layout) = (self.chart.place(chunk), &self.dataset.layout);
        let before = text
            .get(place.body_start..start as usize)
            .unwrap_or_default();
        let mut records = Records::new(before, layout.delimiter, layout.columns.len());
        place.first_row + records.skip(usize::MAX) as u64
    }
}
