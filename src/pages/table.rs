//! A dataset as a table.

mod charts;
mod columns;
mod rows;

use askama::Template;
use futures_util::future::join;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::band::Band;
use super::problem::Problem;
use super::sent::{Robots, page as sent, redirect};
use super::snippets::Snippets;
use super::text::{Frame, ago, counted, grouped, size, with_query};
use super::times::minute;
use super::view::{self, View};
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::{Column, DatasetName, Formats, Query, RawQuery};
use charts::Chart;
use columns::{Choice, Head};
pub(super) use rows::Cell;
pub(super) use rows::Rows;

/// The most bytes of a description or a summary.
const DESCRIPTION: usize = 1 << 20;
/// A table with more columns shows only the first [`FEW`] at first.
const MANY: usize = 40;
const FEW: usize = 20;

/// What the API says of a dataset.
#[derive(Deserialize)]
pub(super) struct Dataset {
    pub(super) name: String,
    pub(super) revision: i64,
    pub(super) columns: Vec<Column>,
    pub(super) row_count: u64,
    pub(super) byte_count: u64,
    pub(super) updated_at: Timestamp,
}

/// A filter that a view has, with the view without it.
struct Chip {
    column: String,
    condition: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "table.html")]
struct Table<'a> {
    frame: Frame<'a>,
    dataset: &'a Dataset,
    /// Rows, columns and size, in words.
    facts: [String; 3],
    age: String,
    minute: String,
    /// The path of this page.
    path: &'a str,
    chips: Vec<Chip>,
    heads: Vec<Head>,
    choices: Vec<Choice>,
    hidden_columns: usize,
    rows: Vec<Vec<Cell>>,
    /// Where each row is shown as a record, up to its number.
    record: String,
    record_query: String,
    /// The view without the filters that the form shows.
    kept: String,
    view: String,
    first: Option<String>,
    next: Option<String>,
    /// Where the rows are in the dataset, in words.
    place: String,
    /// Where the view is compared with what other versions answer.
    compare: String,
    downloads: Downloads,
    snippets: Snippets,
    /// Whether the revision is not the newest that the page was asked for.
    revision: Option<String>,
}

/// Where the rows can be downloaded.
struct Downloads {
    csv: String,
    json: String,
    ndjson: String,
    source: String,
    everything: Option<String>,
}

impl Dataset {
    /// Asks the API for a dataset, as of a revision.
    pub(super) async fn load(
        visit: &Visit,
        name: &str,
        revision: Option<&str>,
    ) -> Result<Self, Problem> {
        check_name(name)?;
        let pairs = revision.map(|revision| ("revision", revision));
        let query = super::text::query(pairs.into_iter());
        let target = with_query(&format!("/datasets/{name}"), &query);
        let answer = visit.api.get(super::DATA, &target, DESCRIPTION).await;
        answer.success()?.read_as()
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
    let dataset = Dataset::load(visit, name, view.get("revision")).await?;
    let (selected, order) = dataset.resolve(&view);
    let all = dataset.columns.len();
    let (asked, shown) = match selected {
        Some(selected) => (view.clone(), selected),
        None if all > MANY => {
            let names = dataset.columns.iter().take(FEW).map(|column| &*column.name);
            let select = view::list(names);
            (view.with("select", Some(&select)), (0..FEW).collect())
        }
        None => (view.clone(), (0..all).collect()),
    };
    let path = format!("/explore/{name}");
    let (rows, summary) = join(
        Rows::load(visit, name, asked, rows::CELL),
        charts::Summary::load(visit, &dataset, &shown),
    )
    .await;
    let rows = rows?;
    let mut represented = Vec::new();
    let heads = columns::heads(&dataset, &shown, &view, &order, &summary, &mut represented);
    let now = visit.services.clock.now();
    let title = format!("{name} · Flash");
    let catalogue = &visit.services.catalogue;
    let record_path = format!("{path}/rows/");
    let table = Table {
        frame: Frame::titled(&title).with(Band::of(catalogue, super::DATA, &rows.headers, now)),
        facts: [
            counted(dataset.row_count, "row"),
            counted(all as u64, "column"),
            size(dataset.byte_count),
        ],
        age: ago(dataset.updated_at, now),
        minute: minute(dataset.updated_at),
        chips: chips(&view, &path),
        heads,
        choices: columns::choices(&dataset, &shown),
        hidden_columns: all - shown.len(),
        record: record_path,
        record_query: prefixed(&rows.asked.query()),
        kept: view.without(&represented).query(),
        view: view.at_start().query(),
        first: view
            .get("cursor")
            .map(|_| with_query(&path, &view.at_start().query())),
        next: rows.next.as_deref().map(|cursor| {
            // The cursor belongs to this revision. Naming it keeps the rest of the page at the same one.
            let view = view.with("revision", Some(&dataset.revision.to_string()));
            with_query(&path, &view.with("cursor", Some(cursor)).query())
        }),
        place: place(&view, &dataset, &rows),
        compare: with_query(&format!("{path}/versions"), &view.at_start().query()),
        downloads: downloads(&rows.asked, &view, name),
        snippets: Snippets::of(visit, name, &rows),
        revision: view.get("revision").map(str::to_owned),
        rows: rows.rows,
        path: &path,
        dataset: &dataset,
    };
    let robots = match view.is_plain() {
        true => Robots::Index,
        false => Robots::NoIndex,
    };
    Ok(sent(StatusCode::OK, &table, robots))
}

/// A query with its question mark, if there is one.
fn prefixed(query: &str) -> String {
    with_query("", query)
}

fn chips(view: &View, path: &str) -> Vec<Chip> {
    let chips = view.filters().map(|filter| Chip {
        column: filter.column.to_owned(),
        condition: view::in_words(filter.condition),
        remove: with_query(path, &view.without(&[filter.place]).query()),
    });
    chips.collect()
}

/// Where the rows are, as far as that is known: the API doesn't count the rows that a filter finds.
fn place(view: &View, dataset: &Dataset, rows: &Rows) -> String {
    let shown = rows.rows.len() as u64;
    let is_start = view.get("cursor").is_none();
    let is_end = rows.next.is_none();
    match (view.filters().next(), is_start, is_end) {
        (_, true, true) => counted(shown, "row"),
        (None, true, false) => {
            format!(
                "Rows 1 to {} of {}",
                grouped(shown),
                grouped(dataset.row_count)
            )
        }
        (_, true, false) => format!("The first {} that match", counted(shown, "row")),
        (_, false, false) => format!("The next {}", counted(shown, "row")),
        (_, false, true) => format!("The last {}", counted(shown, "row")),
    }
}

fn downloads(asked: &View, view: &View, name: &str) -> Downloads {
    let path = format!("/datasets/{name}/rows");
    let all = asked.at_start().with("limit", None);
    let format = |view: &View, format| {
        let view = view
            .with("version", Some("v2"))
            .with("format", Some(format));
        with_query(&path, &view.query())
    };
    let revision = view.get("revision");
    let whole = View::default().with("revision", revision);
    let source = whole.with("version", Some("v2"));
    let everything = (all != whole).then(|| format(&whole, "csv"));
    Downloads {
        csv: format(&all, "csv"),
        json: format(&all.with("limit", Some("10000")), "json"),
        ndjson: format(&all, "ndjson"),
        source: with_query(&format!("/datasets/{name}/source"), &source.query()),
        everything,
    }
}
