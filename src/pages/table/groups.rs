//! `GET /explore/{name}/groups`: groups of rows and what is computed of them, as a table and a chart.

mod chart;
mod form;

use std::sync::Arc;

use askama::Template;
use http::StatusCode;

use super::charts::Summary;
use super::chips::Chips;
use super::columns::{self, Head, Links};
use super::rows::{self, Cell, Fetched};
use super::{Dataset, check_name};
use crate::api::reply::Reply;
use crate::dataset::query::Grouped;
use crate::dataset::{Column, Formats, Query, RawQuery};
use crate::pages::band::Band;
use crate::pages::problem::{Problem, blocking};
use crate::pages::sent::{Robots, page as sent, redirect};
use crate::pages::snippets::Snippets;
use crate::pages::text::{Frame, counted, grouped as with_commas, with_query};
use crate::pages::view::{self, View};
use crate::pages::visit::Visit;
use crate::services::Services;
use chart::Chart;
pub(super) use form::Form;

/// The path behind that of the dataset's page.
const RESOURCE: &str = "groups";
/// How many columns and functions the form has.
const KEYS: usize = 3;
const FUNCTIONS: usize = 3;
/// The most columns that the form offers: each is in every one of its fields.
const OFFERED: usize = 200;

/// A view with groups.
struct Shown {
    services: Arc<Services>,
    origin: String,
    has_key: bool,
    view: View,
    dataset: Dataset,
    query: Query,
}

#[derive(Template)]
#[template(path = "groups.html")]
struct Groups<'a> {
    frame: Frame<'a>,
    dataset: &'a Dataset,
    path: &'a str,
    chips: Chips,
    group_form: Form,
    groups_of: String,
    kept: String,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    chart: Option<Chart>,
    place: String,
    first: Option<String>,
    next: Option<String>,
    /// The rows that are grouped.
    ungrouped: String,
    downloads: [(&'static str, String); 3],
    snippets: Option<Snippets>,
}

/// `GET /explore/{name}/groups/view`: sends the form to the view that it asks for.
pub(in crate::pages) async fn chosen(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    check_name(name)?;
    let view = view::chosen(visit.query());
    let dataset = Dataset::load(visit, name, &view).await?;
    let view = form::chosen(visit.query(), view, &dataset.columns);
    let path = format!("/explore/{name}/{RESOURCE}");
    Ok(redirect(&with_query(&path, &view.query())))
}

/// `GET /explore/{name}/groups`.
pub(in crate::pages) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let view = View::parse(visit.query());
    let dataset = Dataset::load(visit, name, &view).await?;
    let query = resolve(&view, &dataset.columns);
    let rows = match view.get("select") {
        Some(_) => Some(Fetched::load(visit, name, view.clone()).await?),
        None => None,
    };
    let shown = Shown {
        services: Arc::clone(&visit.services),
        origin: visit.origin(),
        has_key: visit.has_key(),
        view,
        dataset,
        query,
    };
    blocking(move || shown.page(rows)).await
}

/// The query of a view. What the API refuses is empty.
fn resolve(view: &View, columns: &[Column]) -> Query {
    let asked = RawQuery {
        select: view.get("select").map(str::to_owned),
        order: view.get("order").map(str::to_owned),
        ..RawQuery::default()
    };
    Query::resolve(&asked, columns, &Formats::default()).unwrap_or_default()
}

/// Whether a view is of groups.
pub(in crate::pages) fn has_groups(view: &View, columns: &[Column]) -> bool {
    let select = view.get("select").unwrap_or_default();
    select.contains('(') && resolve(view, columns).grouped.is_some()
}

impl Shown {
    fn page(self, fetched: Option<Fetched>) -> Result<Reply, Problem> {
        let Self {
            view,
            dataset,
            query,
            services,
            ..
        } = &self;
        let name = dataset.name.as_str();
        let (table, path) = (
            format!("/explore/{name}"),
            format!("/explore/{name}/{RESOURCE}"),
        );
        let grouped = query.grouped.as_ref();
        let rows = match (fetched, grouped) {
            (Some(fetched), Some(_)) => Some(fetched.read(rows::CELL)?),
            _ => None,
        };
        let result = grouped.map(|grouped| result(dataset, grouped));
        let (heads, represented) = match &result {
            Some(result) => heads(result, view, query, &path),
            None => (Vec::new(), Vec::new()),
        };
        let places: Vec<usize> = (0..dataset.columns.len().min(OFFERED)).collect();
        let at_start = view.at_start().query();
        let ungrouped = form::without_old_results(view, &dataset.columns);
        let ungrouped = ungrouped.with("select", None).with("order", None);
        let title = format!("Groups of {name} · Flash");
        let now = services.clock.now();
        let band = rows
            .as_ref()
            .and_then(|rows| Band::of(&services.catalogue, crate::pages::DATA, &rows.headers, now));
        let page = Groups {
            frame: Frame::titled(&title).with(band),
            chips: Chips::of(view, &path),
            group_form: Form::of(dataset, &places, grouped, (KEYS, FUNCTIONS)),
            groups_of: at_start.clone(),
            kept: view.without(&represented).query(),
            heads,
            chart: match (&rows, grouped) {
                (Some(rows), Some(grouped)) => Chart::of(&rows.rows, grouped),
                _ => None,
            },
            place: place(rows.as_ref(), view),
            first: view.get("cursor").map(|_| with_query(&path, &at_start)),
            next: rows.as_ref().and_then(|rows| {
                let view = view.at_revision(dataset.revision);
                let view = view.with("cursor", Some(rows.next.as_deref()?));
                Some(with_query(&path, &view.query()))
            }),
            ungrouped: with_query(&table, &ungrouped.query()),
            downloads: downloads(view, name),
            snippets: rows
                .as_ref()
                .map(|rows| Snippets::of_groups(&self.origin, self.has_key, name, rows)),
            rows: rows.map(|rows| rows.rows).unwrap_or_default(),
            path: &path,
            dataset,
        };
        Ok(sent(StatusCode::OK, &page, Robots::NoIndex))
    }
}

/// The result as a dataset, so that its header is that of any table.
fn result(dataset: &Dataset, grouped: &Grouped) -> Dataset {
    Dataset {
        name: dataset.name.clone(),
        schema: dataset.schema.clone(),
        columns: grouped.columns.to_vec(),
        said: None,
        said_of_columns: Vec::new(),
        ..*dataset
    }
}

/// The heads of the result's columns, and the places of the filters that their forms show.
fn heads(result: &Dataset, view: &View, query: &Query, path: &str) -> (Vec<Head>, Vec<usize>) {
    let places: Vec<usize> = (0..result.columns.len()).collect();
    // The order of the query has the keys at its end, which the client did not ask for.
    let order = query.grouped.as_ref().map(|grouped| grouped.order.iter());
    let order: Vec<_> = match view.get("order") {
        Some(_) => order
            .into_iter()
            .flatten()
            .map(|term| (term.column, term.descending))
            .collect(),
        None => Vec::new(),
    };
    let links = Links {
        sorts: true,
        bars: false,
        values: false,
    };
    columns::heads(
        result,
        path,
        &places,
        view,
        &order,
        &Summary::default(),
        links,
    )
}

/// Which groups are shown, in words.
fn place(rows: Option<&rows::Rows>, view: &View) -> String {
    let Some(rows) = rows else {
        return String::new();
    };
    let shown = rows.rows.len() as u64;
    match (view.get("cursor"), &rows.next) {
        (None, None) => counted(shown, "group"),
        (None, Some(_)) => format!("The first {} groups", with_commas(shown)),
        (Some(_), Some(_)) => format!("The next {} groups", with_commas(shown)),
        (Some(_), None) => format!("The last {}", counted(shown, "group")),
    }
}

/// The groups as files.
fn downloads(view: &View, name: &str) -> [(&'static str, String); 3] {
    let all = view.at_start().with("limit", None);
    let file = |format: &str, limit: Option<&str>| {
        let view = all
            .with("limit", limit)
            .with("version", Some("v2"))
            .with("format", Some(format));
        with_query(&format!("/datasets/{name}/rows"), &view.query())
    };
    [
        ("CSV", file("csv", None)),
        ("NDJSON", file("ndjson", None)),
        ("JSON", file("json", Some("10000"))),
    ]
}

/// A column that may have nulls, for tests.
#[cfg(test)]
fn nullable((name, kind): (&str, dataset::ColumnType)) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        nullable: true,
        unit: None,
        respelled: false,
    }
}
