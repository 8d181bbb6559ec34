//! Which rows of a dataset are wanted, in which order, and what of each: the query of a URL, resolved against the
//! columns of one revision.
//!
//! The spelling is PostgREST's: `dest=eq.LAX`, `distance=not.gt.1000`, `order=distance.desc`, `select=dest,distance`.
//! A [`Query`] is made once and then asked row by row ([`Scan`]), chunk by chunk ([`Query::may_match`]) or for the first
//! rows of an order ([`Top`]). Nothing here does I/O.
//!
//! What a comparison means: booleans with `false` first, numbers exactly and whatever way they are written, dates as
//! days, datetimes as moments, strings by their bytes. A null is neither equal to anything nor different from it, so no
//! comparison holds for it, with `not.` or without; `is` alone finds it.

mod error;
mod filter;
mod operand;
mod order;
mod pattern;
mod prune;
mod scan;
mod syntax;
mod top;

use sha2::{Digest, Sha256};

use super::{Bloom, Column, ColumnStats};
pub use error::QueryError;
pub use filter::Filter;
pub use order::{Key, Lead, Term};
pub use scan::{Row, Scan};
pub use top::{Ranked, Top};

/// The names that parameters of rows have. A column with such a name is filtered as `where.NAME`.
pub const RESERVED: [&str; 6] = ["select", "order", "limit", "cursor", "revision", "safe"];

/// What is asked of the rows, as it was written.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Names of columns, separated by commas.
    pub select: Option<String>,
    /// Names of columns, each with its direction, separated by commas.
    pub order: Option<String>,
    /// For each filter the column's name and what its value must be like.
    pub filters: Vec<(String, String)>,
}

/// Stands for a query: two queries with the same one ask for the same.
pub type Fingerprint = [u8; 16];

/// What is known of a column in a chunk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'s> {
    /// Bounds and nulls.
    pub stats: Option<&'s ColumnStats>,
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
    pub order: Vec<Term>,
    fingerprint: Option<Fingerprint>,
}

impl Query {
    /// What was asked, of a dataset with these columns.
    ///
    /// # Errors
    /// [`QueryError`]: the first thing that can't be asked of them.
    pub fn resolve(asked: &Asked, columns: &[Column]) -> Result<Self, QueryError> {
        let select = asked
            .select
            .as_deref()
            .map(|select| syntax::select(select, columns));
        let order = asked
            .order
            .as_deref()
            .map(|order| syntax::order(order, columns));
        let (select, order) = (select.transpose()?, order.transpose()?);
        let mut filters = Vec::with_capacity(asked.filters.len());
        for (name, condition) in &asked.filters {
            filters.push(Filter::parse(name, condition, columns)?);
        }
        let fingerprint = fingerprint(asked, &select);
        Ok(Self {
            select: select.flatten(),
            filters,
            order: order.unwrap_or_default(),
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

    /// Whether a chunk may hold rows that match, by what is known of its columns: `known` gives it for a column's place.
    /// `false` is certain.
    pub fn may_match<'s>(&self, known: impl Fn(usize) -> Known<'s>) -> bool {
        self.filters.iter().all(|filter| {
            let Known { stats, bloom } = known(filter.column());
            stats.is_none_or(|stats| {
                prune::may_hold(filter, stats)
                    && bloom.is_none_or(|bloom| prune::may_be_in(filter, stats, bloom))
            })
        })
    }

    /// The columns of which only certain values are looked for, each once: a filter of texts rules out chunks for them.
    pub fn columns_sought(&self) -> Vec<usize> {
        let sought = self.filters.iter().filter(|filter| filter.seeks());
        let mut columns: Vec<_> = sought.map(Filter::column).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// The columns whose statistics [`Self::may_match`] and [`Term::range`] ask for, each once.
    pub fn columns_asked(&self) -> Vec<usize> {
        let filtered = self.filters.iter().map(Filter::column);
        let mut columns: Vec<_> = filtered
            .chain(self.order.first().map(|term| term.column))
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }
}

/// Of what was written, with the filters in one order whichever they came in.
fn fingerprint(asked: &Asked, select: &Option<Option<Vec<usize>>>) -> Option<Fingerprint> {
    let mut filters: Vec<_> = asked.filters.iter().collect();
    filters.sort_unstable();
    filters.dedup();
    let shown = matches!(select, Some(Some(_))).then_some(&asked.select);
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
