//! The page with a table, once the API has answered.

use std::sync::Arc;

use askama::Template;
use http::StatusCode;

use super::about::About;
use super::charts::{BARS, Chart, Summary};
use super::chips::Chips;
use super::columns::{self, Choice, Head, Links};
use super::groups::Form;
use super::rows::{self, Cell, Fetched, Rows};
use super::{Dataset, MANY};
use crate::api::reply::Reply;
use crate::pages::band::Band;
use crate::pages::inner::Answer;
use crate::pages::problem::Problem;
use crate::pages::sent::{Robots, page as sent};
use crate::pages::snippets::Snippets;
use crate::pages::text::{Frame, ago, counted, grouped, size, with_query};
use crate::pages::times::minute;
use crate::pages::view::View;
use crate::services::Services;

/// The most bytes of the queries in all links of a kind. Each link repeats the query of the view, which may be long.
const LINKS: usize = 1 << 20;
/// What a visitor asked for.
pub(super) struct Shown {
    pub(super) services: Arc<Services>,
    /// Where the visitor reaches this server.
    pub(super) origin: String,
    pub(super) has_key: bool,
    pub(super) view: View,
    pub(super) dataset: Dataset,
    /// The columns of the table.
    pub(super) columns: Vec<usize>,
    /// The columns of the order, with whether it descends.
    pub(super) order: Vec<(usize, bool)>,
}

#[derive(Template)]
#[template(path = "table.html")]
struct Table<'a> {
    frame: Frame<'a>,
    dataset: &'a Dataset,
    about: Option<About<'a>>,
    /// Rows, columns and size, in words.
    facts: [String; 3],
    age: String,
    minute: String,
    /// The path of this page.
    path: &'a str,
    chips: Chips,
    group_form: Form,
    /// The view that would be grouped.
    groups_of: String,
    heads: Vec<Head>,
    choices: Vec<Choice>,
    hidden_columns: usize,
    rows: Vec<Vec<Cell>>,
    /// Where each row is shown as a record, up to its number. `None`: links to all of them would be too long.
    record: Option<String>,
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
    /// Whether the view says which revision it shows.
    is_as_of: bool,
}

/// Where the rows can be downloaded.
struct Downloads {
    csv: String,
    json: String,
    ndjson: String,
    parquet: String,
    /// Whether Parquet has other rows than those that are shown, or in another order.
    parquet_differs: bool,
    source: String,
    everything: Option<String>,
}

impl Shown {
    /// The page.
    pub(super) fn page(self, rows: Fetched, summary: Answer) -> Result<Reply, Problem> {
        let Self {
            services,
            view,
            dataset,
            columns,
            order,
            ..
        } = &self;
        let rows = rows.read(rows::CELL)?;
        let summary = Summary::of(summary, dataset, columns);
        let name = dataset.name.as_str();
        let path = format!("/explore/{name}");
        let query = view.at_start().query();
        let fit = |links: usize| links * query.len() <= LINKS;
        let links = Links {
            sorts: fit(columns.len()),
            bars: fit(columns.len() * BARS),
            values: columns.len() <= MANY,
        };
        let (heads, represented) =
            columns::heads(dataset, &path, columns, view, order, &summary, links);
        let now = services.clock.now();
        let title = format!("{name} · Flash");
        let band = Band::of(&services.catalogue, crate::pages::DATA, &rows.headers, now);
        let table = Table {
            frame: Frame::titled(&title).with(band),
            about: About::of(dataset, columns),
            facts: [
                counted(dataset.row_count, "row"),
                counted(dataset.columns.len() as u64, "column"),
                size(dataset.byte_count),
            ],
            age: ago(dataset.updated_at, now),
            minute: minute(dataset.updated_at),
            chips: Chips::of(view, &path),
            group_form: Form::of(dataset, columns, None, (1, 1)),
            groups_of: view
                .at_start()
                .with("select", None)
                .with("order", None)
                .query(),
            heads,
            choices: columns::choices(dataset, columns),
            hidden_columns: dataset.columns.len() - columns.len(),
            record: fit(rows.rows.len()).then(|| format!("{path}/rows/")),
            record_query: with_query("", &rows.asked.query()),
            kept: view.without(&represented).query(),
            first: view.get("cursor").map(|_| with_query(&path, &query)),
            next: rows.next.as_deref().map(|cursor| {
                // The cursor belongs to this revision. Naming it keeps the rest of the page at the same one.
                let view = view.at_revision(dataset.revision);
                with_query(&path, &view.with("cursor", Some(cursor)).query())
            }),
            place: place(view, dataset, &rows),
            compare: with_query(&format!("{path}/versions"), &query),
            downloads: downloads(&rows.asked, view, name),
            snippets: Snippets::of(&self.origin, self.has_key, name, &rows),
            is_as_of: !view.as_of().is_plain(),
            view: query,
            rows: rows.rows,
            path: &path,
            dataset,
        };
        let robots = match view.is_plain() {
            true => Robots::Index,
            false => Robots::NoIndex,
        };
        Ok(sent(StatusCode::OK, &table, robots))
    }
}

/// Where the rows are, as far as that is known: the API doesn't count the rows that a filter finds.
fn place(view: &View, dataset: &Dataset, rows: &Rows) -> String {
    let shown = rows.rows.len() as u64;
    let is_start = view.get("cursor").is_none();
    let is_end = rows.next.is_none();
    let is_filtered = view.filters().next().is_some() || view.groups().next().is_some();
    match (is_filtered, is_start, is_end) {
        (_, true, true) => counted(shown, "row"),
        (false, true, false) => {
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
    let whole = view.as_of();
    let source = whole.with("version", Some("v2"));
    let all_rows = all.of_all_rows();
    let everything = (all != whole).then(|| format(&whole, "csv"));
    Downloads {
        csv: format(&all, "csv"),
        json: format(&all.with("limit", Some("10000")), "json"),
        ndjson: format(&all, "ndjson"),
        parquet: format(&all_rows, "parquet"),
        parquet_differs: all_rows.query().len() < all.query().len(),
        source: with_query(&format!("/datasets/{name}/source"), &source.query()),
        everything,
    }
}
