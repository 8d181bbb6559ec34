//! A dataset as a table.

mod about;
mod charts;
mod chips;
mod columns;
pub(super) mod groups;
mod rows;
mod shown;

use std::sync::Arc;

use futures_util::future::join;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::problem::{Problem, blocking};
use super::sent::redirect;
use super::text::with_query;
use super::view::{self, View};
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::{Column, DatasetName, Formats, Query, RawQuery};
use about::Said;
use charts::Summary;
pub(super) use rows::{CELL, Cell, Fetched, Rows, Values};
use shown::Shown;

/// The most bytes of a description or a summary.
const DESCRIPTION: usize = 1 << 20;
/// A table with more columns shows only the first [`FEW`] at first.
const MANY: usize = 40;
const FEW: usize = 20;

/// A dataset.
#[derive(Deserialize)]
#[serde(from = "Answered")]
pub(super) struct Dataset {
    pub(super) name: String,
    pub(super) revision: i64,
    /// The version of its schema.
    pub(super) schema: String,
    pub(super) columns: Vec<Column>,
    pub(super) row_count: u64,
    pub(super) byte_count: u64,
    pub(super) updated_at: Timestamp,
    /// What people say about it.
    said: Option<Said>,
    /// What people say about each column.
    pub(super) said_of_columns: Vec<Option<String>>,
}

/// What the API says of a dataset.
#[derive(Deserialize)]
struct Answered {
    name: String,
    revision: i64,
    schema: String,
    columns: Vec<AnsweredColumn>,
    row_count: u64,
    byte_count: u64,
    updated_at: Timestamp,
    description: Option<Said>,
}

#[derive(Deserialize)]
struct AnsweredColumn {
    #[serde(flatten)]
    column: Column,
    description: Option<String>,
}

impl From<Answered> for Dataset {
    fn from(answered: Answered) -> Self {
        let columns = answered.columns.into_iter();
        let (columns, said_of_columns) = columns.map(|one| (one.column, one.description)).unzip();
        Self {
            name: answered.name,
            revision: answered.revision,
            schema: answered.schema,
            columns,
            row_count: answered.row_count,
            byte_count: answered.byte_count,
            updated_at: answered.updated_at,
            said: answered.description,
            said_of_columns,
        }
    }
}

impl Dataset {
    /// Asks the API for a dataset, as of the revision that a view shows.
    pub(super) async fn load(visit: &Visit, name: &str, view: &View) -> Result<Self, Problem> {
        check_name(name)?;
        let target = with_query(&format!("/datasets/{name}"), &view.as_of().query());
        let answer = visit.api.get(super::DATA, &target, DESCRIPTION).await;
        answer.success()?.read().await
    }

    /// The columns that `select` names, and the columns of the order with whether it descends. What the API would refuse has none.
    pub(super) fn resolve(&self, view: &View) -> (Option<Vec<usize>>, Vec<(usize, bool)>) {
        let resolved = |asked| Query::resolve(&asked, &self.columns, &Formats::default()).ok();
        let select = resolved(RawQuery {
            select: view.get("select").map(str::to_owned),
            ..RawQuery::default()
        });
        let order = resolved(RawQuery {
            order: view.get("order").map(str::to_owned),
            ..RawQuery::default()
        });
        let order = order.map(|query| {
            let terms = query.order.iter();
            terms.map(|term| (term.column, term.descending)).collect()
        });
        (
            select.and_then(|query| query.select),
            order.unwrap_or_default(),
        )
    }
}

/// Refuses a name that no dataset can have.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    if DatasetName::new(name).is_ok() {
        return Ok(());
    }
    let name: String = name.chars().take(80).collect();
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        "There is no such dataset",
        format!("No dataset can have the name {name:?}."),
    ))
}

/// `GET /explore/{name}/view`: sends a form to the view that it asks for.
pub(super) fn chosen(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    check_name(name)?;
    let query = view::chosen(visit.query()).query();
    Ok(redirect(&with_query(&format!("/explore/{name}"), &query)))
}

/// `GET /explore/{name}`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let view = View::parse(visit.query());
    let dataset = Dataset::load(visit, name, &view).await?;
    if groups::has_groups(&view, &dataset.columns) {
        let path = format!("/explore/{name}/groups");
        return Ok(redirect(&with_query(&path, visit.query())));
    }
    let (selected, order) = dataset.resolve(&view);
    let all = dataset.columns.len();
    let (asked, columns) = match selected {
        Some(selected) => (view.clone(), selected),
        None if all > MANY => {
            let names = dataset.columns.iter().take(FEW).map(|column| &*column.name);
            let select = view::list(names);
            (view.with("select", Some(&select)), (0..FEW).collect())
        }
        None => (view.clone(), (0..all).collect()),
    };
    let rows = Fetched::load(visit, name, asked);
    let (rows, summary) = join(rows, Summary::ask(visit, &dataset)).await;
    let shown = Shown {
        services: Arc::clone(&visit.services),
        origin: visit.origin(),
        has_key: visit.has_key(),
        view,
        dataset,
        columns,
        order,
    };
    let rows = rows?;
    blocking(move || shown.page(rows, summary)).await
}
