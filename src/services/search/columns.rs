//! Questions that look at every row of a segment, answered from its columns.
//!
//! A query uses the columns of a segment if they are complete and all columns that it filters, and the first that it orders by, have
//! chunks in all row groups. Otherwise the text of the segment is scanned. What a query shows is always read from the text: columns only
//! tell which blocks have rows that match, or how many rows do.

mod aggregate;
mod count;
mod hits;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::work::at_work;
use super::{Search, SearchError};
use crate::dataset::ZoneMap;
use crate::dataset::columns::{Chunks, ColumnChunk, CorruptColumn, RowGroup};
use crate::dataset::query::{PruningStats, Query, Stop};
use crate::services::Services;
use crate::services::cache::{CacheKey, CachedValue};
use crate::store::{PackedColumn, Segment, SegmentId, StoreError};

pub(super) use hits::BlocksWithHits;

/// How many columns a question on columns may use.
const MOST_COLUMNS: usize = 16;
/// The chunks of segments with at most so many row groups are cached. Those of larger ones would evict everything else.
const REMEMBERED: usize = 16;
/// How many row groups are scanned together.
pub(super) const UNIT: usize = 2;

/// The columns of a segment that a query needs.
pub(super) struct SegmentColumns {
    pub(super) segment: Segment,
    pub(super) groups: Arc<[RowGroup]>,
    /// Indexes of the columns, in ascending order.
    needed: Arc<[usize]>,
    /// For each of them the zone maps, by row group.
    zone_maps: Vec<Arc<[Option<ZoneMap>]>>,
}

/// The columns that a query needs to find and group its rows; `None` if it can't be answered from columns.
pub(super) fn needed(query: &Query) -> Option<Vec<usize>> {
    let mut columns = query.filtered_columns()?;
    columns.extend(query.order.first().map(|term| term.column));
    if let Some(grouped) = &query.grouped {
        columns.extend(grouped.plan.columns());
    }
    columns.sort_unstable();
    columns.dedup();
    // Groups of all rows need no column: row groups know how many rows they have.
    let least = usize::from(query.grouped.is_none());
    (least..=MOST_COLUMNS)
        .contains(&columns.len())
        .then_some(columns)
}

impl Search {
    /// The columns of a segment, if the query can be answered from them.
    pub(super) async fn columns_of(
        &self,
        segment: Segment,
    ) -> Result<Option<Arc<SegmentColumns>>, StoreError> {
        let found = match needed(&self.query) {
            Some(needed) => SegmentColumns::find(&self.services, segment, needed.into()).await?,
            None => None,
        };
        self.services.metrics.scans_segment(found.is_some());
        Ok(found.map(Arc::new))
    }

    /// Calls `look` with the chunks of some row groups, on a blocking thread, as soon as there is a permit: one per core, for all
    /// queries. `None`: a chunk can't be read, so the text of that row group has the answer.
    pub(super) fn scan_columns<T, F>(
        self: &Arc<Self>,
        columns: &Arc<SegmentColumns>,
        groups: Vec<usize>,
        look: F,
    ) -> impl Future<Output = Result<Vec<(usize, Option<T>)>, SearchError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&RowGroup, &Chunks, &Stop) -> Result<T, CorruptColumn> + Send + 'static,
    {
        let (search, columns) = (Arc::clone(self), Arc::clone(columns));
        let permits = Arc::clone(&self.services.scans);
        let fetch = async move {
            let fetched = Fetched::of(&search.services, &columns, &groups).await?;
            Ok((search, columns, groups, fetched))
        };
        at_work(
            permits,
            fetch,
            move |(search, columns, groups, mut fetched), stop| {
                let mut found = Vec::with_capacity(groups.len());
                for number in groups {
                    if stop.is_set() {
                        return Err(SearchError::Stopped);
                    }
                    let group = &columns.groups[number];
                    let chunks = fetched.take(&search.services, &columns, group);
                    let looked = chunks.and_then(|chunks| look(group, &chunks, stop));
                    if let Err(error) = &looked {
                        let SegmentId { dataset, number } = columns.segment.id;
                        log::debug!("the columns of dataset {dataset}, segment {number}: {error}");
                    }
                    found.push((number, looked.ok()));
                }
                Ok(found)
            },
        )
    }
}

impl SegmentColumns {
    async fn find(
        services: &Services,
        segment: Segment,
        needed: Arc<[usize]>,
    ) -> Result<Option<Self>, StoreError> {
        if segment.rows == 0 || segment.rows < services.settings.store.blocks.columns_from {
            return Ok(None);
        }
        let Some(groups) = row_groups(services, segment).await? else {
            return Ok(None);
        };
        if !groups.iter().all(|group| group.has(&needed)) {
            return Ok(None);
        }
        let zone_maps = zone_maps(services, segment.id, &groups, &needed).await?;
        if !zone_maps
            .iter()
            .all(|maps| maps.iter().all(Option::is_some))
        {
            return Ok(None);
        }
        Ok(Some(Self {
            segment,
            groups,
            needed,
            zone_maps,
        }))
    }

    /// The zone map of a column in a row group.
    pub(super) fn zone_map(&self, column: usize, group: usize) -> Option<&ZoneMap> {
        let at = self.needed.binary_search(&column).ok()?;
        self.zone_maps[at].get(group)?.as_ref()
    }

    /// Whether a row group may have a row that matches; `false` is certain.
    pub(super) fn may_match(&self, query: &Query, group: usize) -> bool {
        query.may_match(|column| PruningStats {
            zone_map: self.zone_map(column, group),
            bloom: None,
        })
    }

    /// The row groups that may have a row that matches, from group `from` on, in units that are scanned together.
    pub(super) fn units(&self, query: &Query, from: usize) -> Vec<Vec<usize>> {
        let candidates = (from..self.groups.len()).filter(|group| self.may_match(query, *group));
        let candidates: Vec<usize> = candidates.collect();
        candidates.chunks(UNIT).map(<[usize]>::to_vec).collect()
    }

    /// Number of the first row of a row group in the revision.
    pub(super) fn first_row(&self, group: usize) -> u64 {
        self.segment.first_row + self.groups[group].first_row
    }

    /// The row group that has a row of the revision.
    pub(super) fn group_of(&self, row: u64) -> usize {
        let row = row - self.segment.first_row;
        let after = self.groups.partition_point(|group| group.first_row <= row);
        after.saturating_sub(1)
    }
}

/// The row groups of a segment, if its columns are complete.
async fn row_groups(
    services: &Services,
    segment: Segment,
) -> Result<Option<Arc<[RowGroup]>>, StoreError> {
    let key = CacheKey::RowGroups(segment.id);
    if let Some(CachedValue::RowGroups(groups)) = services.cache.get(&key) {
        return Ok(Some(groups));
    }
    let groups: Arc<[RowGroup]> = services.store.row_groups(segment.id).await?.into();
    let rows: u64 = groups.iter().map(RowGroup::rows).sum();
    if rows != segment.rows {
        // They are being built.
        return Ok(None);
    }
    services
        .cache
        .keep(key, CachedValue::RowGroups(Arc::clone(&groups)));
    Ok(Some(groups))
}

/// The zone maps of some columns, by row group.
async fn zone_maps(
    services: &Services,
    segment: SegmentId,
    groups: &Arc<[RowGroup]>,
    columns: &[usize],
) -> Result<Vec<Arc<[Option<ZoneMap>]>>, StoreError> {
    let key = |column: &usize| CacheKey::GroupZoneMaps(segment, *column);
    let keys: Vec<_> = columns.iter().map(key).collect();
    let make = async |lacking: Vec<usize>| {
        let lacking = lacking.into_iter().map(|at| columns[at]).collect();
        let found = services.store.column_zone_maps(segment, lacking).await?;
        let made = found.into_iter().map(|found| {
            let mut found: BTreeMap<u64, ZoneMap> = found.into_iter().collect();
            let of_groups = groups.iter().map(|group| found.remove(&group.first_row));
            CachedValue::GroupZoneMaps(of_groups.collect())
        });
        Ok::<_, StoreError>(made.collect())
    };
    let values = services.cache.get_or_all(&keys, make).await?;
    let zone_maps = values.into_iter().map(|value| match value {
        CachedValue::GroupZoneMaps(zone_maps) => Ok(zone_maps),
        _ => Err(StoreError::Worker),
    });
    zone_maps.collect()
}

/// Chunks of row groups: cached ones, and packed ones as they were read.
struct Fetched {
    known: BTreeMap<(u64, usize), Arc<ColumnChunk>>,
    packed: Vec<PackedColumn>,
}

fn key(columns: &SegmentColumns, group: &RowGroup, column: usize) -> CacheKey {
    CacheKey::ColumnChunk(columns.segment.id, group.first_row, column)
}

impl Fetched {
    async fn of(
        services: &Services,
        columns: &SegmentColumns,
        groups: &[usize],
    ) -> Result<Self, StoreError> {
        let mut known = BTreeMap::new();
        let (mut rows, mut lacking) = (Vec::new(), Vec::new());
        for number in groups {
            let group = &columns.groups[*number];
            for &column in &*columns.needed {
                match services.cache.get(&key(columns, group, column)) {
                    Some(CachedValue::ColumnChunk(chunk)) => {
                        known.insert((group.first_row, column), chunk);
                    }
                    _ => {
                        rows.push(group.first_row);
                        lacking.push(column);
                    }
                }
            }
        }
        rows.dedup();
        lacking.sort_unstable();
        lacking.dedup();
        let packed = match rows.is_empty() {
            true => Vec::new(),
            false => {
                let segment = columns.segment.id;
                services.store.column_chunks(segment, rows, lacking).await?
            }
        };
        Ok(Self { known, packed })
    }

    /// The chunks of a row group, unpacked. This takes long: call it on a blocking thread.
    fn take(
        &mut self,
        services: &Services,
        columns: &SegmentColumns,
        group: &RowGroup,
    ) -> Result<Chunks, CorruptColumn> {
        let mut chunks = Chunks::new();
        for &column in &*columns.needed {
            let place = (group.first_row, column);
            let chunk = match self.known.remove(&place) {
                Some(chunk) => chunk,
                None => {
                    let mut packed = self.packed.iter();
                    let found = packed.position(|one| (one.first_row, one.column) == place);
                    let found = found.ok_or(CorruptColumn::Damaged)?;
                    let chunk = Arc::new(self.packed.swap_remove(found).unpack()?);
                    if columns.groups.len() <= REMEMBERED {
                        let value = CachedValue::ColumnChunk(Arc::clone(&chunk));
                        services.cache.keep(key(columns, group, column), value);
                    }
                    chunk
                }
            };
            if chunk.rows() as u64 != group.rows() {
                return Err(CorruptColumn::Damaged);
            }
            chunks.insert(column, chunk);
        }
        Ok(chunks)
    }
}
