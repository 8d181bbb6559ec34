//! The chunks of a revision: where each is, and what is known of the columns that a query asks about.

use std::sync::Arc;

use super::SearchError;
use crate::dataset::query::{Known, Lead, Query};
use crate::dataset::{Bloom, ColumnStats};
use crate::services::Services;
use crate::services::cache::{Key, Value};
use crate::store::{Dataset, Run, Segment, Spot, StoreError};

/// The chunks of a revision, numbered from 0.
pub(super) struct Chart {
    parts: Vec<Part>,
}

/// The chunks of one run.
struct Part {
    segment: Segment,
    /// Number of its first chunk.
    first: u32,
    spots: Arc<[Spot]>,
    /// What is known of some columns, by their places.
    stats: Vec<(usize, Arc<[ColumnStats]>)>,
    /// Which texts some columns do not have, by their places.
    blooms: Vec<(usize, Arc<[Option<Bloom>]>)>,
}

/// Where a chunk is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) run: Run,
    /// Offset of its text in the run's text.
    pub(super) first_byte: u64,
    /// Length of its text.
    pub(super) bytes: u64,
    /// Number of its first row in the revision.
    pub(super) first_row: u64,
    pub(super) body_start: usize,
}

impl Chart {
    pub(super) async fn of(
        services: &Services,
        dataset: &Dataset,
        query: &Query,
    ) -> Result<Self, SearchError> {
        let (asked, sought) = (query.columns_asked(), query.columns_sought());
        let mut parts = Vec::new();
        let mut first = 0_u32;
        for segment in dataset.segments.iter() {
            let spots = spots(services, segment.run).await?;
            let mut known = Vec::with_capacity(asked.len());
            for &column in &asked {
                known.push((column, stats(services, segment.run, column).await?));
            }
            let mut filters = Vec::with_capacity(sought.len());
            for &column in &sought {
                filters.push((column, blooms(services, segment.run, column).await?));
            }
            let count = u32::try_from(spots.len()).unwrap_or(u32::MAX);
            parts.push(Part {
                segment: *segment,
                first,
                spots,
                stats: known,
                blooms: filters,
            });
            first = first.saturating_add(count);
        }
        Ok(Self { parts })
    }

    /// The chunks that may hold a match.
    pub(super) fn candidates(&self, query: &Query) -> Vec<u32> {
        let mut candidates = Vec::new();
        for part in &self.parts {
            for (at, (number, spot)) in (part.first..).zip(part.spots.iter()).enumerate() {
                if spot.rows > 0 && query.may_match(|column| part.known(column, at)) {
                    candidates.push(number);
                }
            }
        }
        candidates
    }

    /// Where a chunk is.
    pub(super) fn place(&self, chunk: u32) -> Place {
        let (part, at) = self.part(chunk);
        Place::of(&part.segment, &part.spots, at)
    }

    /// Between which leads the rows of a chunk are in the order of the query's first term; `None`: it has none.
    pub(super) fn leads(&self, chunk: u32, query: &Query) -> Option<(Lead, Lead)> {
        let (part, at) = self.part(chunk);
        let term = query.order.first()?;
        term.range(part.known(term.column, at).stats?)
    }

    /// The chunk that holds a row of the revision.
    pub(super) fn at_row(&self, row: u64) -> Option<u32> {
        let after = self
            .parts
            .partition_point(|part| part.segment.first_row <= row);
        let part = self.parts[..after]
            .iter()
            .rev()
            .find(|part| part.segment.rows > 0)?;
        let in_run = row - part.segment.first_row;
        let after = part.spots.partition_point(|spot| spot.first_row <= in_run);
        let at = part.spots[..after]
            .iter()
            .rposition(|spot| in_run < spot.first_row + spot.rows)?;
        u32::try_from(at).ok().map(|at| part.first + at)
    }

    fn part(&self, chunk: u32) -> (&Part, usize) {
        let after = self.parts.partition_point(|part| part.first <= chunk);
        // A part of no chunks begins where the next one does.
        let part = &self.parts[after - 1];
        (part, (chunk - part.first) as usize)
    }
}

impl Place {
    /// The place of chunk `at` of a segment's chunks.
    pub(super) fn of(segment: &Segment, spots: &[Spot], at: usize) -> Self {
        let spot = spots[at];
        let end = match spots.get(at + 1) {
            Some(next) => next.first_byte,
            None => segment.start + segment.bytes,
        };
        Self {
            run: segment.run,
            first_byte: spot.first_byte,
            bytes: end.saturating_sub(spot.first_byte),
            first_row: segment.first_row + spot.first_row,
            body_start: spot.body_start,
        }
    }
}

impl Part {
    fn known(&self, column: usize, at: usize) -> Known<'_> {
        let stats = self.stats.iter().find(|(known, _)| *known == column);
        let blooms = self.blooms.iter().find(|(known, _)| *known == column);
        Known {
            stats: stats.and_then(|(_, stats)| stats.get(at)),
            bloom: blooms.and_then(|(_, blooms)| blooms.get(at)?.as_ref()),
        }
    }
}

pub(super) async fn spots(services: &Services, run: Run) -> Result<Arc<[Spot]>, StoreError> {
    let make = async {
        let spots = services.store.spots(run).await?;
        Ok::<_, StoreError>(Value::Spots(spots.into()))
    };
    match services.cache.get_or(Key::Spots(run.number), make).await? {
        Value::Spots(spots) => Ok(spots),
        _ => Err(StoreError::Worker),
    }
}

async fn stats(
    services: &Services,
    run: Run,
    column: usize,
) -> Result<Arc<[ColumnStats]>, StoreError> {
    let make = async {
        let stats = services.store.stats(run, column).await?;
        Ok::<_, StoreError>(Value::Stats(stats.into()))
    };
    match services
        .cache
        .get_or(Key::Stats(run.number, column), make)
        .await?
    {
        Value::Stats(stats) => Ok(stats),
        _ => Err(StoreError::Worker),
    }
}

async fn blooms(
    services: &Services,
    run: Run,
    column: usize,
) -> Result<Arc<[Option<Bloom>]>, StoreError> {
    let make = async {
        let blooms = services.store.blooms(run, column).await?;
        Ok::<_, StoreError>(Value::Blooms(blooms.into()))
    };
    let key = Key::Blooms(run.number, column);
    match services.cache.get_or(key, make).await? {
        Value::Blooms(blooms) => Ok(blooms),
        _ => Err(StoreError::Worker),
    }
}
