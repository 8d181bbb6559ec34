//! Queries: which rows of a dataset a client wants, in which order, and which columns. A query comes from a URL and is resolved
//! against the columns of one revision.
//!
//! The syntax is PostgREST's: `dest=eq.LAX`, `distance=not.gt.1000`, `order=distance.desc`, `select=dest,distance`. A [`Query`] is
//! checked row by row ([`Scan`]), block by block ([`Query::may_match`]), or used to find the first rows of an order ([`TopK`]).
//! Nothing here does I/O.
//!
//! Comparisons: booleans with `false` first, numbers exactly however they are written, dates as days, datetimes as instants,
//! strings by their bytes. A null is neither equal to anything nor different from it: no comparison holds for it, with
//! `not.` or without. Only `is` finds nulls.

mod aggregated;
mod error;
mod filter;
mod group;
mod grouped;
mod list;
mod operand;
mod order;
mod pattern;
mod prune;
mod reach;
mod scan;
mod sort_key;
mod stop;
mod syntax;
mod top_k;

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Bloom, Column, ColumnType, Formats, Layout, ZoneMap};
use group::Groups;
use syntax::Names;

pub use error::QueryError;
pub use filter::{Filter, is_condition};
pub use group::{Condition, GROUPS};
pub use grouped::{GroupRows, Grouped};
pub use order::{AbbreviatedKey, Term};
pub use scan::{Row, Scan};
pub use sort_key::{FullSortKey, SortKey};
pub use stop::Stop;
pub use syntax::list_of_names;
pub use top_k::{KeyedRow, TopK, TopRows};

/// The parameters of a list of rows. A column with such a name is filtered as `where.NAME`.
pub const RESERVED: [&str; 11] = [
    "select", "order", "limit", "cursor", "revision", "safe", "count", "or", "and", "not.or",
    "not.and",
];

/// The query as the client wrote it.
#[derive(Debug, Clone, Default)]
pub struct RawQuery {
    /// Names of columns, separated by commas.
    pub select: Option<String>,
    /// Names of columns, each with its direction, separated by commas.
    pub order: Option<String>,
    /// For each filter the column's name and its condition.
    pub filters: Vec<(String, String)>,
    /// Conditions in parentheses, each with its parameter, which is one of [`GROUPS`].
    pub groups: Vec<(String, String)>,
}

impl RawQuery {
    /// Length of all parameters.
    pub fn bytes(&self) -> usize {
        let lists = [&self.select, &self.order].into_iter().flatten();
        let filters = self.filters.iter().chain(&self.groups);
        let filters = filters.map(|(name, condition)| name.len() + condition.len());
        lists.map(String::len).chain(filters).sum()
    }
}

/// Identifies a query: queries with the same fingerprint are the same.
pub type Fingerprint = [u8; 16];

/// What a column's filters are checked against, to rule a block out.
#[derive(Debug, Clone, Copy, Default)]
pub struct PruningStats<'s> {
    /// The column's zone map.
    pub zone_map: Option<&'s ZoneMap>,
    /// The column's Bloom filter.
    pub bloom: Option<&'s Bloom>,
}

/// A query, resolved against the columns of a dataset.
#[derive(Debug, Default)]
pub struct Query {
    /// Indexes of the columns to show, in that order; `None`: all.
    pub select: Option<Vec<usize>>,
    /// The filters; a row has to pass all of them.
    pub filters: Vec<Filter>,
    /// Conditions that must hold, too.
    pub conditions: Vec<Condition>,
    /// The terms of the order. The order of the file decides between equal rows, and is the whole order if there are no terms.
    pub order: Arc<[Term]>,
    /// What is wanted of groups of the rows. Then `select` is `None`, and there is no order of rows.
    pub grouped: Option<Grouped>,
    /// How values are written, where that is not their canonical text.
    formats: Formats,
    /// The columns with such values, as far as the query uses them, and their types. In ascending order.
    respelled: Vec<(usize, ColumnType)>,
    fingerprint: Option<Fingerprint>,
}

impl Query {
    /// Resolves a raw query against the columns of a dataset, whose values are written in these formats. The query itself has
    /// canonical values only.
    ///
    /// # Errors
    /// [`QueryError`]: the first mistake in it.
    pub fn resolve(
        asked: &RawQuery,
        columns: &[Column],
        formats: &Formats,
    ) -> Result<Self, QueryError> {
        let mut names = Names::new(columns);
        let select = match &asked.select {
            Some(select) => match syntax::select(select, &mut names) {
                Ok(select) => select,
                Err(_) if aggregated::may_be(select) => {
                    return aggregated::resolve(asked, select, columns, formats);
                }
                Err(error) => return Err(error),
            },
            None => None,
        };
        let order = match &asked.order {
            Some(order) => syntax::order(order, &mut names)?,
            None => Vec::new(),
        };
        let mut filters = Vec::with_capacity(asked.filters.len());
        for (name, condition) in &asked.filters {
            filters.push(Filter::parse(name, condition, false, &mut names, formats)?);
        }
        let mut conditions = Vec::new();
        let mut groups = Groups::new(&mut names, formats);
        for (parameter, text) in &asked.groups {
            let condition = groups.parse(parameter, text)?;
            condition.split(&mut filters, &mut conditions);
        }
        let query = Self {
            select,
            filters,
            conditions,
            order: order.into(),
            ..Self::default()
        };
        Ok(query.of(asked, columns, formats))
    }

    /// The query, resolved from `asked`, with what follows from its parts.
    fn of(self, asked: &RawQuery, columns: &[Column], formats: &Formats) -> Self {
        let is_selected = self.select.is_some() || self.grouped.is_some();
        let mut respelled: Vec<_> = (self.read_columns())
            .filter(|column| columns[*column].respelled)
            .map(|column| (column, columns[column].kind))
            .collect();
        respelled.sort_unstable_by_key(|(column, _)| *column);
        respelled.dedup();
        Self {
            formats: formats.clone(),
            respelled,
            fingerprint: fingerprint(asked, is_selected),
            ..self
        }
    }

    /// The columns whose values it reads. Some may come more than once.
    fn read_columns(&self) -> impl Iterator<Item = usize> {
        let ordered = self.order.iter().map(|term| term.column);
        let grouped = self.grouped.iter().flat_map(|of| of.plan.columns());
        let filtered = self.every_filter().map(Filter::column);
        ordered.chain(grouped).chain(filtered)
    }

    /// The query's fingerprint; `None`: all rows in the order of the file.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// The type of a column with values that are written otherwise than their canonical texts; `None`: it has none.
    fn respelled(&self, column: usize) -> Option<ColumnType> {
        let found = self
            .respelled
            .binary_search_by_key(&column, |(column, _)| *column);
        found.ok().map(|at| self.respelled[at].1)
    }

    /// The canonical text of a field in a column that the query uses; `None` for a null.
    pub fn value<'t>(
        &self,
        layout: &Layout,
        column: usize,
        text: Cow<'t, str>,
    ) -> Option<Cow<'t, str>> {
        if layout.is_null(&text) {
            return None;
        }
        Some(match self.respelled(column) {
            Some(kind) => self.formats.read(kind, text),
            None => text,
        })
    }

    /// The columns that the client names: to show, to order by and to filter by. Some may come more than once.
    pub fn named(&self) -> impl Iterator<Item = usize> {
        let shown = self.select.iter().flatten().copied();
        shown.chain(self.read_columns())
    }

    /// The filters, and those of the conditions.
    fn every_filter(&self) -> impl Iterator<Item = &Filter> {
        let grouped = self.conditions.iter().flat_map(Condition::filters);
        self.filters.iter().chain(grouped)
    }

    /// The columns that it filters, each once, in ascending order; `None` if it has so many filters that their results for a whole
    /// column would take much memory.
    pub fn filtered_columns(&self) -> Option<Vec<usize>> {
        /// Most filters.
        const MOST: usize = 128;
        if self.every_filter().nth(MOST).is_some() {
            return None;
        }
        let mut columns: Vec<_> = self.every_filter().map(Filter::column).collect();
        columns.sort_unstable();
        columns.dedup();
        Some(columns)
    }

    /// Whether it selects all rows, in the order of the file.
    pub fn is_of_all_rows(&self) -> bool {
        self.finds_all_rows() && self.order.is_empty() && self.grouped.is_none()
    }

    /// Whether it selects all rows, in some order.
    pub fn finds_all_rows(&self) -> bool {
        self.filters.is_empty() && self.conditions.is_empty()
    }

    /// Whether a block may hold rows that match, judged by the pruning statistics of its columns, which `pruning_stats` returns by
    /// index. `false` is certain.
    pub fn may_match<'s>(&self, pruning_stats: impl Fn(usize) -> PruningStats<'s>) -> bool {
        let mut may_hold = |filter: &Filter| {
            let PruningStats { zone_map, bloom } = pruning_stats(filter.column());
            zone_map.is_none_or(|zone_map| {
                prune::may_hold(filter, zone_map, &self.formats)
                    && bloom.is_none_or(|bloom| prune::may_be_in(filter, zone_map, bloom))
            })
        };
        self.filters.iter().all(&mut may_hold)
            && (self.conditions.iter()).all(|condition| condition.holds(&mut may_hold))
    }

    /// The columns whose Bloom filters [`Self::may_match`] needs: those that are filtered for certain values. Each once, in ascending
    /// order; if there are more than `MOST_KNOWN`, the first ones that the query names.
    pub fn bloom_columns(&self) -> Vec<usize> {
        let sought = self.every_filter().filter(|f| !f.sought().is_empty());
        first_columns(sought.map(Filter::column))
    }

    /// The columns whose zone maps [`Self::may_match`] and [`Term::range`] need, under the same rules.
    pub fn zone_map_columns(&self) -> Vec<usize> {
        let ordered = self.order.first().map(|term| term.column);
        let filtered = self.every_filter().map(Filter::column);
        first_columns(ordered.into_iter().chain(filtered))
    }

    /// The cost of filtering rows with `bytes` bytes of text, in bytes of text that take as long to read.
    pub fn effort(&self, rows: u64, bytes: u64) -> u64 {
        let filters = self.every_filter();
        let filters = filters.map(|filter| filter.effort(rows, bytes));
        filters.fold(bytes, u64::saturating_add)
    }

    /// The cost of checking whether a block may match, in comparisons with bounds.
    pub fn pruning(&self) -> u64 {
        self.every_filter().map(Filter::pruning).sum()
    }
}

/// How many columns pruning uses. A query that names more checks the others in the rows only.
const MOST_KNOWN: usize = 32;

/// The first distinct columns, in ascending order.
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

/// The fingerprint of a raw query. The order of its filters and groups does not matter.
fn fingerprint(asked: &RawQuery, is_selected: bool) -> Option<Fingerprint> {
    let mut filters: Vec<_> = asked.filters.iter().collect();
    filters.sort_unstable();
    filters.dedup();
    let shown = is_selected.then_some(&asked.select);
    let mut groups: Vec<_> = asked.groups.iter().collect();
    groups.sort_unstable();
    groups.dedup();
    if shown.is_none() && asked.order.is_none() && filters.is_empty() && groups.is_empty() {
        return None;
    }
    let query = (shown, &asked.order, filters);
    let text = match groups.is_empty() {
        true => postcard::to_stdvec(&query),
        false => postcard::to_stdvec(&(query, groups)),
    };
    let text = text.expect("texts and lists of them always encode");
    let digest = Sha256::digest(text);
    digest.first_chunk().copied()
}

#[cfg(test)]
mod tests;
