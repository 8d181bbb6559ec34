//! The parameters of a list of rows.

use std::sync::Arc;

use crate::api::error::Error;
use crate::api::query::Query;
use crate::api::rows::CsvCells;
use crate::dataset::query::{GROUPS, is_condition};
use crate::dataset::{self, QueryError, RawQuery};
use crate::store::Dataset;
use crate::versioning::Format;

/// The value of `safe`.
const SPREADSHEET: &str = "spreadsheet";
/// The value of `count`.
pub(super) const EXACT: &str = "exact";

/// How the cells of a CSV are written.
pub(in crate::api::v2) fn cells(query: &mut Query, format: Format) -> Result<CsvCells, Error> {
    match query.take("safe")? {
        None => Ok(CsvCells::AsTheyAre),
        Some(safe) if safe != SPREADSHEET => Err(Error::bad_parameter("safe", safe, SPREADSHEET)),
        Some(_) if format == Format::Csv => Ok(CsvCells::SafeForSpreadsheets),
        Some(safe) => Err(Error::bad_parameter(
            "safe",
            safe,
            "it only for a CSV, with format=csv or Accept: application/vnd.flash.v2+csv",
        )),
    }
}

/// Whether the rows are to be counted. `count=eq.5` is a filter.
pub(super) fn is_counted(query: &mut Query, format: Format) -> Result<bool, Error> {
    match query.take_unless_condition("count")? {
        None => Ok(false),
        Some(count) if count != EXACT => Err(Error::bad_parameter("count", count, EXACT)),
        Some(_) if matches!(format, Format::Json | Format::Csvm | Format::Html) => Ok(true),
        Some(count) => Err(Error::bad_parameter(
            "count",
            count,
            "it only for a page in JSON",
        )),
    }
}

/// The parameters. All remaining ones are filters, also of a column that is called like a group: a filter doesn't begin with a
/// parenthesis.
pub(super) fn asked(mut query: Query) -> Result<RawQuery, Error> {
    let (select, order) = (query.take_filled("select")?, query.take("order")?);
    let is_group = |(name, value): &(String, String)| {
        GROUPS.contains(&&**name) && (value.starts_with('(') || !is_condition(value))
    };
    let (groups, filters): (Vec<_>, Vec<_>) = query.take_rest().into_iter().partition(is_group);
    Ok(RawQuery {
        select,
        order,
        groups,
        filters: filters
            .into_iter()
            .map(|(name, condition)| match name.strip_prefix("where.") {
                Some(name) => (name.to_owned(), condition),
                None => (name, condition),
            })
            .collect(),
    })
}

/// The query, resolved against the dataset's columns. A long one is resolved on a blocking thread.
pub(super) async fn resolve(
    asked: &Arc<RawQuery>,
    dataset: &Arc<Dataset>,
) -> Result<Arc<dataset::Query>, Error> {
    /// A query with at most so many bytes is resolved at once.
    const SHORT: usize = 4 << 10;
    if asked.bytes() <= SHORT {
        return Ok(Arc::new(resolved(asked, dataset)?));
    }
    let (asked, dataset) = (Arc::clone(asked), Arc::clone(dataset));
    let resolving = tokio::task::spawn_blocking(move || resolved(&asked, &dataset));
    let resolved = resolving.await.map_err(|_| Error::Worker)?;
    Ok(Arc::new(resolved?))
}

fn resolved(asked: &RawQuery, dataset: &Dataset) -> Result<dataset::Query, QueryError> {
    dataset::Query::resolve(asked, &dataset.columns, &dataset.layout.formats)
}

/// The parameters of the query, for links.
pub(super) fn written(asked: &RawQuery, cells: CsvCells) -> Vec<(String, &str)> {
    let safe = (cells == CsvCells::SafeForSpreadsheets).then(|| ("safe".to_owned(), SPREADSHEET));
    let select = asked
        .select
        .iter()
        .map(|select| ("select".to_owned(), &**select));
    let order = asked
        .order
        .iter()
        .map(|order| ("order".to_owned(), &**order));
    let filters = asked
        .filters
        .iter()
        .map(|(name, condition)| (format!("where.{name}"), &**condition));
    let groups = asked.groups.iter();
    let groups = groups.map(|(name, text)| (name.clone(), &**text));
    safe.into_iter()
        .chain(select)
        .chain(order)
        .chain(filters)
        .chain(groups)
        .collect()
}
