//! Going through the chunks that may hold a match, sheet by sheet and no further than somebody asks.

use std::sync::Arc;

use super::chart::{Chunks, Place, Sheet};
use super::texts::Groups;
use super::{Search, SearchError};
use crate::dataset::Bloom;
use crate::dataset::query::{Known, Query};
use crate::services::Services;
use crate::services::cache::Stats;
use crate::store::{Dataset, Segments, StoreError};

/// Goes through the sheets of a revision.
pub(super) struct Walk {
    segments: Segments,
    /// The segment that comes next.
    segment: usize,
    /// The sheet that comes next, if it is not the first of that segment.
    sheet: Option<Sheet>,
    /// Chunks of it that are passed over.
    passed: usize,
}

impl Walk {
    /// Through all.
    pub(super) fn whole(dataset: &Dataset) -> Self {
        Self {
            segments: dataset.segments.clone(),
            segment: 0,
            sheet: None,
            passed: 0,
        }
    }

    /// From the chunk on that holds row `row` of the revision.
    pub(super) async fn from(
        services: &Services,
        dataset: &Dataset,
        row: u64,
    ) -> Result<Self, StoreError> {
        let whole = Self::whole(dataset);
        if row == 0 {
            return Ok(whole);
        }
        let Some((chunks, at)) = Chunks::at_row(services, dataset, row).await? else {
            return Ok(Self {
                segment: dataset.segments.iter().len(),
                ..whole
            });
        };
        let run = chunks.place(at).run;
        let before = dataset
            .segments
            .iter()
            .take_while(|segment| segment.run != run);
        Ok(Self {
            segment: before.count() + 1,
            sheet: Some(chunks.sheet),
            passed: at,
            ..whole
        })
    }

    /// The next sheet on which there may be a chunk with a match.
    pub(super) async fn next(
        &mut self,
        services: &Services,
        query: &Query,
    ) -> Result<Option<Charted>, SearchError> {
        while let Some(sheet) = self.sheet(services) {
            self.sheet = sheet.next();
            let passed = std::mem::take(&mut self.passed);
            if let Some(charted) = Charted::of(services, query, sheet, passed).await? {
                return Ok(Some(charted));
            }
        }
        Ok(None)
    }

    fn sheet(&mut self, services: &Services) -> Option<Sheet> {
        if let Some(sheet) = self.sheet {
            return Some(sheet);
        }
        loop {
            let segment = *self.segments.iter().nth(self.segment)?;
            self.segment += 1;
            if segment.rows > 0 {
                return Some(Sheet::first(services, segment));
            }
        }
    }
}

/// The chunks of a sheet with what is known of the columns that a query asks about.
pub(super) struct Charted {
    pub(super) chunks: Chunks,
    /// What is known of some columns, by their places.
    stats: Vec<(usize, Arc<Stats>)>,
    /// Which texts some columns do not have, by their places.
    blooms: Vec<(usize, Arc<[Option<Bloom>]>)>,
    /// The chunk that is looked at next.
    next: usize,
}

impl Charted {
    /// A sheet from its chunk `next` on; `None`: no chunk of it may hold a match.
    async fn of(
        services: &Services,
        query: &Query,
        sheet: Sheet,
        next: usize,
    ) -> Result<Option<Self>, StoreError> {
        let asked = query.columns_asked();
        let mut stats = Vec::with_capacity(asked.len());
        for column in asked {
            stats.push((column, sheet.stats(services, column).await?));
        }
        let together = |column: usize| Known {
            stats: of(&stats, column).and_then(|stats| stats.together.as_ref()),
            bloom: None,
        };
        if !query.may_match(together) {
            return Ok(None);
        }
        let sought = query.columns_sought();
        let mut blooms = Vec::with_capacity(sought.len());
        for column in sought {
            blooms.push((column, sheet.blooms(services, column).await?));
        }
        Ok(Some(Self {
            chunks: sheet.chunks(services).await?,
            stats,
            blooms,
            next,
        }))
    }

    /// The next chunk that may hold a match.
    pub(super) fn next(&mut self, query: &Query) -> Option<usize> {
        let mut rest = self.next..self.chunks.len();
        let found = rest.find(|&at| {
            self.chunks.has_rows(at) && query.may_match(|column| self.known(column, at))
        });
        self.next = rest.start;
        found
    }

    /// What is known of a column in a chunk.
    pub(super) fn known(&self, column: usize, at: usize) -> Known<'_> {
        Known {
            stats: of(&self.stats, column).and_then(|stats| stats.each.get(at)),
            bloom: of(&self.blooms, column).and_then(|blooms| blooms.get(at)?.as_ref()),
        }
    }
}

fn of<T>(columns: &[(usize, T)], column: usize) -> Option<&T> {
    let found = columns.iter().find(|(known, _)| *known == column);
    found.map(|(_, found)| found)
}

/// The chunks that may hold a match, one after the other.
pub(super) struct Candidates {
    search: Arc<Search>,
    /// The sheets behind the one that is open.
    walk: Walk,
    open: Option<Charted>,
    /// A chunk that was given back.
    back: Option<Place>,
}

impl Candidates {
    /// From the chunk on that holds row `row` of the revision.
    pub(super) async fn from(search: &Arc<Search>, row: u64) -> Result<Self, StoreError> {
        Ok(Self {
            walk: Walk::from(&search.services, &search.dataset, row).await?,
            search: Arc::clone(search),
            open: None,
            back: None,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Result<Option<Place>, SearchError> {
        if let Some(place) = self.back.take() {
            return Ok(Some(place));
        }
        let (services, query) = (&self.search.services, &self.search.query);
        loop {
            if let Some(open) = &mut self.open
                && let Some(at) = open.next(query)
            {
                return Ok(Some(open.chunks.place(at)));
            }
            self.open = self.walk.next(services, query).await?;
            if self.open.is_none() {
                return Ok(None);
            }
        }
    }

    /// Takes a chunk back, to give it again.
    pub(super) fn put_back(&mut self, chunk: Place) {
        self.back = Some(chunk);
    }

    /// As many of the next ones as make a group.
    pub(super) async fn group(
        &mut self,
        groups: &mut Groups,
    ) -> Result<Option<Vec<Place>>, SearchError> {
        while let Some(place) = self.next().await? {
            if let Some(group) = groups.add(place) {
                return Ok(Some(group));
            }
        }
        Ok(groups.rest())
    }
}
