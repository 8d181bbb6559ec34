//! Which blocks have rows that match, told ahead of those that are asked for.

use std::sync::Arc;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::SegmentColumns;
use crate::dataset::columns::select;
use crate::services::search::page_index::BlockLocation;
use crate::services::search::{Search, SearchError};
use crate::store::SegmentId;

/// A row group, and for each of its blocks whether any row matches. `None`: its columns can't be read.
type Group = (usize, Option<Vec<bool>>);

/// Tells for the blocks of a revision, asked for in order, whether they have rows that match.
#[derive(Default)]
pub(in crate::services::search) struct BlocksWithHits {
    open: Option<Open>,
}

/// The segment that was asked for last.
struct Open {
    segment: SegmentId,
    /// `None`: the text has to be looked at.
    columns: Option<OfSegment>,
}

struct OfSegment {
    columns: Arc<SegmentColumns>,
    /// The row groups that may have a row that matches, in order.
    groups: BoxStream<'static, Result<Group, SearchError>>,
    /// The first of them that was not passed.
    group: Option<Group>,
}

impl BlocksWithHits {
    /// Whether a block may have a row that matches; `false` is certain.
    pub(in crate::services::search) async fn may_have(
        &mut self,
        search: &Arc<Search>,
        block: &BlockLocation,
    ) -> Result<bool, SearchError> {
        let open = match self.open.take() {
            Some(open) if open.segment == block.segment => open,
            _ => Open::at(search, block).await?,
        };
        match &mut self.open.insert(open).columns {
            Some(columns) => columns.may_have(block).await,
            None => Ok(true),
        }
    }
}

impl Open {
    async fn at(search: &Arc<Search>, block: &BlockLocation) -> Result<Self, SearchError> {
        let segment = search.dataset.segments.at_row(block.first_row);
        let columns = match segment {
            Some(segment) => search.columns_of(*segment).await?,
            None => None,
        };
        Ok(Self {
            segment: block.segment,
            columns: columns.map(|columns| OfSegment::new(search, columns, block.first_row)),
        })
    }
}

impl OfSegment {
    /// From the row group that has row `row` of the revision.
    fn new(search: &Arc<Search>, columns: Arc<SegmentColumns>, row: u64) -> Self {
        let units = columns.units(&search.query, columns.group_of(row));
        let (ahead, search) = (search.reservation.ahead, Arc::clone(search));
        let of_units = Arc::clone(&columns);
        let groups = stream::iter(units).map(move |groups| {
            let (looking, columns) = (Arc::clone(&search), &of_units);
            search.scan_columns(columns, groups, move |group, chunks, stop| {
                let layout = &looking.dataset.layout;
                let selected = select(&looking.query, layout, chunks, stop)?;
                Ok(selected.blocks(&group.blocks))
            })
        });
        let groups = groups.buffered(ahead);
        let groups = groups.map_ok(|groups| stream::iter(groups.into_iter().map(Ok)));
        Self {
            columns,
            groups: Box::pin(groups.try_flatten()),
            group: None,
        }
    }

    async fn may_have(&mut self, block: &BlockLocation) -> Result<bool, SearchError> {
        let wanted = self.columns.group_of(block.first_row);
        while self.group.as_ref().is_none_or(|(group, _)| *group < wanted) {
            match self.groups.try_next().await? {
                Some(group) => self.group = Some(group),
                None => return Ok(false),
            }
        }
        let Some((group, found)) = &self.group else {
            return Ok(false);
        };
        if *group > wanted {
            // The zone maps ruled the row group out.
            return Ok(false);
        }
        let Some(found) = found else { return Ok(true) };
        let first_row = self.columns.first_row(wanted);
        let mut next = first_row;
        let blocks = self.columns.groups[wanted].blocks.iter().zip(found);
        for (rows, found) in blocks {
            if next == block.first_row {
                return Ok(*found);
            }
            next += u64::from(*rows);
        }
        // Row groups are made of whole blocks, so this doesn't happen.
        Ok(true)
    }
}
