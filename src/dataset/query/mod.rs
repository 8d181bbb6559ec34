//! Which rows of a dataset are wanted, in which order, and what of each: the query of a URL, resolved against the
//! columns of one revision.
//!
//! The spelling is PostgREST's: `dest=eq.LAX`, `distance=not.gt.1000`, `order=distance.desc`, `select=dest,distance`.
//! A [`Query`] is made once and then asked row by row ([`Scan`]), block by block ([`Query::may_match`]) or for the first
//! rows of an order ([`TopK`]). Nothing here does I/O.
//!
//! What a comparison means: booleans with `false` first, numbers exactly and whatever way they are written, dates as
//! days, datetimes as moments, strings by their bytes. A null is neither equal to anything nor different from it, so no
//! comparison holds for it, with `not.` or without; `is` alone finds it.

mod error;
mod filter;
mod list;
mod operand;
mod order;
mod pattern;
mod prune;
mod scan;
mod sort_key;
mod stop;
mod syntax;
mod top_k;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Bloom, Column, ZoneMap};
use syntax::Names;

pub use error::QueryError;
pub use filter::Filter;
pub use order::{AbbreviatedKey, Term};
pub use scan::{Row, Scan};
pub use sort_key::{FullSortKey, SortKey};
pub use stop::Stop;
pub use top_k::{KeyedRow, TopK, TopRows};

/// The names that parameters of rows have. A column with such a name is filtered as `where.NAME`.
pub const RESERVED: [&str; 6] = ["select", "order", "limit", "cursor", "revision", "safe"];

/// What is asked of the rows, as it was written.
#[derive(Debug, Clone, Default)]
pub struct RawQuery {
    /// Names of columns, separated by commas.
    pub select: Option<String>,
    /// Names of columns, each with its direction, separated by commas.
    pub order: Option<String>,
    /// For each filter the column's name and what its value must be like.
    pub filters: Vec<(String, String)>,
}

impl RawQuery {
    /// Bytes that were written.
    pub fn bytes(&self) -> usize {
        let lists = [&self.select, &self.order].into_iter().flatten();
        let filters = self.filters.iter();
        let filters = filters.map(|(name, condition)| name.len() + condition.len());
        lists.map(String::len).chain(filters).sum()
    }
}

/// Stands for a query: two queries with the same one ask for the same.
pub type Fingerprint = [u8; 16];

/// What is known of a column in a block.
#[derive(Debug, Clone, Copy, Default)]
pub struct PruningStats<'s> {
    /// Bounds and nulls.
    pub zone_map: Option<&'s ZoneMap>,
    /// The texts that are not there.
    pub bloom: Option<&'s Bloom>,
}

/// What is asked of the rows.
#[derive(Debug, Default)]
pub struct Query {
    /// Places of the columns to show, in that order; `None`: all.
    pub select: Option<Vec<usize>>,
    /// What must hold of a row: all of them.
    pub filters: Vec<Filter>,
    /// What decides which row is first; nothing: their order in the file, which also decides between equals.
    pub order: Arc<[Term]>,
    fingerprint: Option<Fingerprint>,
}

impl Query {
    /// What was asked, of a dataset with these columns.
    ///
    /// # Errors
    /// [`QueryError`]: the first thing that can't be asked of them.
    pub fn resolve(asked: &RawQuery, columns: &[Column]) -> Result<Self, QueryError> {
        let mut names = Names::new(columns);
        let select = match &asked.select {
            Some(select) => syntax::select(select, &mut names)?,
            None => None,
        };
        let order = match &asked.order {
            Some(order) => syntax::order(order, &mut names)?,
            None => Vec::new(),
        };
        let mut filters = Vec::with_capacity(asked.filters.len());
        for (name, condition) in &asked.filters {
            filters.push(Filter::parse(name, condition, &mut names)?);
        }
        let fingerprint = fingerprint(asked, select.as_deref());
        Ok(Self {
            select,
            filters,
            order: order.into(),
            fingerprint,
        })
    }

    /// What stands for it; `None`: all rows as they are.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// Whether it wants all rows in the order of the file.
    pub fn is_of_all_rows(&self) -> bool {
        self.filters.is_empty() && self.order.is_empty()
    }

    /// Whether a block may hold rows that match, by what is known of its columns: `known` gives it for a column's place.
    /// `false` is certain.
    pub fn may_match<'s>(&self, pruning_stats: impl Fn(usize) -> PruningStats<'s>) -> bool {
        self.filters.iter().all(|filter| {
            let PruningStats { zone_map, bloom } = pruning_stats(filter.column());
            zone_map.is_none_or(|zone_map| {
                prune::may_hold(filter, zone_map)
                    && bloom.is_none_or(|bloom| prune::may_be_in(filter, zone_map, bloom))
            })
        })
    }

    /// The columns of which only certain values are looked for: a filter of texts rules out blocks for them. Each once, in
    /// order, and of more than `MOST_KNOWN` the first ones that the query names.
    pub fn bloom_columns(&self) -> Vec<usize> {
        let sought = self.filters.iter().filter(|f| !f.sought().is_empty());
        first_columns(sought.map(Filter::column))
    }

    /// The columns whose statistics [`Self::may_match`] and [`Term::range`] ask for: in the same way.
    pub fn zone_map_columns(&self) -> Vec<usize> {
        let ordered = self.order.first().map(|term| term.column);
        let filtered = self.filters.iter().map(Filter::column);
        first_columns(ordered.into_iter().chain(filtered))
    }

    /// How long it takes to look at rows with so many bytes of text, in bytes of text that are read in that time, about.
    pub fn effort(&self, rows: u64, bytes: u64) -> u64 {
        let filters = self.filters.iter();
        let filters = filters.map(|filter| filter.effort(rows, bytes));
        filters.fold(bytes, u64::saturating_add)
    }

    /// How long it takes to see whether a block may hold a match, in looks at bounds, about.
    pub fn pruning(&self) -> u64 {
        self.filters.iter().map(Filter::pruning).sum()
    }
}

/// Columns that blocks are passed over by what is known of. A query that names more has them looked at in the rows.
const MOST_KNOWN: usize = 32;

/// The first different ones of these columns, in order.
fn first_columns(columns: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut first = Vec::new();
    for column in columns {
        if first.len() == MOST_KNOWN {
            break;
        }
        if let Err(place) = first.binary_search(&column) {
            first.insert(place, column);
        }
    }
    first
}

/// Of what was written, with the filters in one order whichever they came in.
fn fingerprint(asked: &RawQuery, select: Option<&[usize]>) -> Option<Fingerprint> {
    let mut filters: Vec<_> = asked.filters.iter().collect();
    filters.sort_unstable();
    filters.dedup();
    let shown = select.map(|_| &asked.select);
    if shown.is_none() && asked.order.is_none() && filters.is_empty() {
        return None;
    }
    let text = postcard::to_stdvec(&(shown, &asked.order, filters))
        .expect("texts and lists of them always encode");
    let digest = Sha256::digest(text);
    digest.first_chunk().copied()
}

#[cfg(test)]
mod tests;
