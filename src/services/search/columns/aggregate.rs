//! Groups of rows, from columns.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::SegmentColumns;
use crate::dataset::aggregate::{Groups, Refusal};
use crate::dataset::columns::{RowGroup, Selected, Tally, select};
use crate::services::search::aggregate::{Gathered, lock, refused};
use crate::services::search::{Search, SearchError};

/// Bytes that adding up takes for each column and row of a row group, about: a code, a number, and a sum or a text for each number.
const EACH: usize = 16;

impl Search {
    /// Adds the rows of all segments with columns to a table. Returns the rows that have to be added from texts.
    pub(in crate::services::search) async fn add_columns(
        self: &Arc<Self>,
        whole: &Arc<Mutex<Gathered>>,
    ) -> Result<Vec<Range<u64>>, SearchError> {
        let mut units = Vec::new();
        let mut texts: Vec<Range<u64>> = Vec::new();
        for segment in self.dataset.segments.iter() {
            let columns = self.columns_of(*segment).await?;
            match columns.filter(|columns| self.may_tally(columns, whole)) {
                Some(columns) => {
                    let of_segment = columns.units(&self.query, 0).into_iter();
                    units.extend(of_segment.map(|groups| (Arc::clone(&columns), groups)));
                }
                None => {
                    let rows = segment.first_row..segment.first_row + segment.rows;
                    match texts.last_mut() {
                        Some(last) if last.end == rows.start => last.end = rows.end,
                        _ => texts.push(rows),
                    }
                }
            }
        }
        let workers = lock(whole).workers();
        let mut adding = stream::iter(units)
            .map(|(columns, groups)| {
                Arc::clone(self).add_groups(columns, groups, Arc::clone(whole))
            })
            .buffer_unordered(workers);
        while let Some(damaged) = adding.try_next().await? {
            texts.extend(damaged);
        }
        Ok(texts)
    }

    /// Whether there is memory for adding up row groups of a segment, which is taken.
    fn may_tally(&self, columns: &SegmentColumns, whole: &Mutex<Gathered>) -> bool {
        let rows = columns.groups.iter().map(RowGroup::rows).max();
        let rows = usize::try_from(rows.unwrap_or(0)).unwrap_or(usize::MAX);
        let plan = self.query.grouped.as_ref().map(|grouped| &grouped.plan);
        let columns = plan.map_or(0, |plan| plan.keys.len() + plan.aggregates.len());
        lock(whole).take_scratch(rows.saturating_mul((columns + 1) * EACH))
    }

    async fn add_groups(
        self: Arc<Self>,
        columns: Arc<SegmentColumns>,
        groups: Vec<usize>,
        whole: Arc<Mutex<Gathered>>,
    ) -> Result<Vec<Range<u64>>, SearchError> {
        let search = Arc::clone(&self);
        let adding = self.scan_columns(&columns, groups, move |group, chunks, stop| {
            let (query, layout) = (&search.query, &search.dataset.layout);
            let Ok(grouped) = search.grouped() else {
                return Ok(Ok(()));
            };
            let selected = select(query, layout, chunks, stop)?;
            if matches!(selected, Selected::None) {
                return Ok(Ok(()));
            }
            let rows = (&selected, group.rows() as usize);
            let tally = Tally::new(query, layout, &grouped.plan, chunks, rows)?;
            Ok(search.add_tally(&tally, &whole))
        });
        let mut damaged = Vec::new();
        for (group, added) in adding.await? {
            match added {
                Some(added) => added?,
                None => {
                    let first_row = columns.first_row(group);
                    damaged.push(first_row..first_row + columns.groups[group].rows());
                }
            }
        }
        Ok(damaged)
    }

    fn add_tally(&self, tally: &Tally, whole: &Mutex<Gathered>) -> Result<(), SearchError> {
        let plan = &self.grouped()?.plan;
        let (most, part) = (self.most_groups(), lock(whole).part());
        let refused = |refusal| refused(plan, most, refusal);
        let mut groups = Groups::new(plan, most, part);
        for number in tally.numbers() {
            match tally.add(number, &mut groups) {
                Err(Refusal::Full) => {
                    lock(whole).merge(groups.take())?;
                    tally.add(number, &mut groups).map_err(refused)?;
                }
                added => added.map_err(refused)?,
            }
        }
        lock(whole).merge(groups)
    }
}
