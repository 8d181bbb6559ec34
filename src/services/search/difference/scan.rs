//! Reads the rows of segments, and the digests of the rows.

use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};

use super::Task;
use crate::dataset::difference::{Clash, Digest, Pass, Record, Side};
use crate::dataset::query::Stop;
use crate::dataset::{BlockText, Field};
use crate::services::Services;
use crate::services::search::SearchError;
use crate::services::search::page_index::{BlockLocation, IndexPage, PageBlocks};
use crate::services::search::reservation::GROUP;
use crate::services::search::texts::Groups;
use crate::store::{Segment, StoreError};

/// How many rows are counted at a time.
const ROWS: usize = 256;

/// A row that was read.
pub(super) struct Row {
    /// The digest of what identifies it: its key, or all of it.
    pub(super) identity: Digest,
    /// With a key, the digest of the rest.
    pub(super) rest: Digest,
    pub(super) at: Record,
}

/// The blocks of segments, in order.
struct Blocks {
    services: Arc<Services>,
    segments: std::vec::IntoIter<Segment>,
    /// The index page that is next, if it is not the first of its segment.
    page: Option<IndexPage>,
    /// The index page that is open, and the index of its next block.
    open: Option<(PageBlocks, usize)>,
}

impl Blocks {
    async fn next(&mut self) -> Result<Option<BlockLocation>, StoreError> {
        loop {
            if let Some((blocks, next)) = &mut self.open {
                let mut rest = *next..blocks.len();
                if let Some(at) = rest.find(|at| blocks.has_rows(*at)) {
                    *next = at + 1;
                    return Ok(Some(blocks.location(at)));
                }
                self.page = blocks.page.next();
                self.open = None;
            }
            let page = match self.page.take() {
                Some(page) => page,
                None => match self.segments.find(|segment| segment.rows > 0) {
                    Some(segment) => IndexPage::first(&self.services, segment),
                    None => return Ok(None),
                },
            };
            self.open = Some((page.blocks(&self.services).await?, 0));
            // If everything is cached, nothing above yields to other tasks.
            tokio::task::coop::consume_budget().await;
        }
    }
}

/// The blocks of segments, at most `size` at a time.
pub(super) fn groups(
    services: &Arc<Services>,
    segments: Vec<Segment>,
    size: usize,
) -> impl Stream<Item = Result<Vec<BlockLocation>, SearchError>> + Send + 'static + use<> {
    let blocks = Blocks {
        services: Arc::clone(services),
        segments: segments.into_iter(),
        page: None,
        open: None,
    };
    let state = (blocks, Groups::growing(size, size));
    stream::try_unfold(state, |(mut blocks, mut groups)| async move {
        while let Some(location) = blocks.next().await? {
            if let Some(group) = groups.add(location) {
                return Ok(Some((group, (blocks, groups))));
            }
        }
        Ok(groups.rest().map(|group| (group, (blocks, groups))))
    })
}

impl Task {
    /// Reads the rows of some segments that belong to the pass, on all cores, and counts them.
    pub(super) async fn tally(
        self: &Arc<Self>,
        side: Side,
        segments: &[Segment],
        pass: Pass,
        count: impl Fn(&[Row]) -> Result<(), Clash> + Clone + Send + 'static,
    ) -> Result<Result<(), Clash>, SearchError> {
        let groups = groups(&self.services, segments.to_vec(), GROUP);
        let counting = groups.map(|group| {
            let (task, count) = (Arc::clone(self), count.clone());
            async move {
                let search = Arc::clone(task.side(side));
                let counting = search.work(group?, move |blocks, texts, stop| {
                    let mut rows = Vec::with_capacity(ROWS);
                    for (block, text) in blocks.iter().zip(&texts) {
                        let mut done = Ok(());
                        task.rows(side, block, text, stop, |row| {
                            if pass.takes(row.identity) {
                                rows.push(row);
                            }
                            if rows.len() == ROWS {
                                done = count(&rows);
                                rows.clear();
                            }
                            done.is_ok()
                        });
                        done?;
                    }
                    count(&rows)
                });
                counting.await
            }
        });
        let mut counting = std::pin::pin!(counting.buffer_unordered(self.services.cores));
        while let Some(counted) = counting.try_next().await? {
            if counted.is_err() {
                return Ok(counted);
            }
        }
        Ok(Ok(()))
    }

    /// Calls `found` with each row of a block, until it returns `false` or the work is to end.
    pub(super) fn rows(
        &self,
        side: Side,
        block: &BlockLocation,
        text: &BlockText,
        stop: &Stop,
        mut found: impl FnMut(Row) -> bool,
    ) {
        let layout = &self.comparison.table(side).layout;
        let columns = layout.columns.len();
        let mut digester = self.comparison.digester(side, self.seed);
        let has_key = self.comparison.has_key();
        let mut records = text.records(block.body_start, layout.delimiter, columns);
        let mut fields = Vec::with_capacity(columns);
        while !stop.is_set() && records.next_into(&mut fields) {
            let start = fields.first().map_or(0, Field::start);
            let identity = digester.identity(&fields);
            let row = Row {
                identity,
                rest: match has_key {
                    true => digester.rest(&fields),
                    false => identity,
                },
                // A block is shorter than 2^32 bytes.
                at: (block.first_row, (block.body_start + start) as u32),
            };
            if !found(row) {
                return;
            }
        }
    }
}
