//! How many rows a query finds.

use std::ops::Range;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::SegmentColumns;
use crate::dataset::columns::select;
use crate::services::search::{Search, SearchError};

impl Search {
    /// How many rows match: from columns where there are any, else from texts.
    pub(in crate::services::search) async fn count_rows(
        self: &Arc<Self>,
    ) -> Result<u64, SearchError> {
        let mut units = Vec::new();
        let mut texts: Vec<Range<u64>> = Vec::new();
        let mut in_text = |rows: Range<u64>| match texts.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => texts.push(rows),
        };
        for segment in self.dataset.segments.iter() {
            match self.columns_of(*segment).await? {
                Some(columns) => {
                    let of_segment = columns.units(&self.query, 0).into_iter();
                    units.extend(of_segment.map(|groups| (Arc::clone(&columns), groups)));
                }
                None => in_text(segment.first_row..segment.first_row + segment.rows),
            }
        }
        let mut counting = stream::iter(units)
            .map(|(columns, groups)| Arc::clone(self).count_in(columns, groups))
            .buffer_unordered(self.reservation.ahead);
        let mut count = 0;
        while let Some((counted, damaged)) = counting.try_next().await? {
            count += counted;
            texts.extend(damaged);
        }
        for rows in texts {
            count += self.count_in_text(rows).await?;
        }
        Ok(count)
    }

    /// How many rows of some row groups match, and the rows of those whose columns can't be read.
    async fn count_in(
        self: Arc<Self>,
        columns: Arc<SegmentColumns>,
        groups: Vec<usize>,
    ) -> Result<(u64, Vec<Range<u64>>), SearchError> {
        let search = Arc::clone(&self);
        let counting = self.scan_columns(&columns, groups, move |group, chunks, stop| {
            let selected = select(&search.query, &search.dataset.layout, chunks, stop)?;
            Ok(selected.count(group.rows() as usize) as u64)
        });
        let (mut count, mut damaged) = (0, Vec::new());
        for (group, counted) in counting.await? {
            match counted {
                Some(counted) => count += counted,
                None => {
                    let first_row = columns.first_row(group);
                    damaged.push(first_row..first_row + columns.groups[group].rows());
                }
            }
        }
        Ok((count, damaged))
    }
}
