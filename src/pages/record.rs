//! A row as a record: a line for each column, with whole texts.

use askama::Template;
use http::StatusCode;

use super::problem::{Problem, blocking};
use super::sent::{Robots, page as sent};
use super::table::{Cell, Dataset, Fetched, Rows};
use super::text::{Frame, with_query};
use super::view::View;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::ColumnType;

/// The most characters of a text.
const TEXT: usize = 100_000;
/// The most bytes of a value that leads to the rows with it.
const SHORT: usize = 200;

/// A value with its column.
struct Value {
    column: String,
    kind: &'static str,
    unit: Option<String>,
    /// What people say about the column.
    said: Option<String>,
    cell: Cell,
    /// The rows with this value.
    alike: Option<String>,
}

#[derive(Template)]
#[template(path = "record.html")]
struct Record<'a> {
    frame: Frame<'a>,
    name: &'a str,
    row: usize,
    values: Vec<Value>,
    table: String,
    previous: Option<String>,
    next: Option<String>,
    hidden_columns: usize,
}

async fn load(visit: &Visit, name: &str, view: View) -> Result<Rows, Problem> {
    let fetched = Fetched::load(visit, name, view).await?;
    blocking(move || fetched.read(TEXT)).await
}

/// `GET /explore/{name}/rows/{row}`: a row of a view, counted from its beginning.
pub(super) async fn page(visit: &Visit, name: &str, row: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let row: usize = row.parse().unwrap_or_default();
    if !(1..=1000).contains(&row) {
        return Err(Problem::nowhere(visit.uri.path()));
    }
    let view = View::parse(visit.query());
    let dataset = Dataset::load(visit, name, &view).await?;
    let limited = view.with("limit", Some(&row.to_string()));
    let whole = limited.with("select", None);
    // A cursor belongs to its `select`, so only the first page can show columns that the table doesn't.
    let asked = match view.get("cursor") {
        None => whole,
        Some(_) => limited.clone(),
    };
    let mut rows = load(visit, name, asked).await?;
    if rows.rows.len() < row && rows.asked.get("limit") != limited.get("limit") {
        rows = load(visit, name, limited).await?;
    }
    let has_more = rows.next.is_some();
    let (selected, _) = dataset.resolve(&rows.asked);
    let Some(cells) = rows.rows.into_iter().nth(row - 1) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "There is no such row",
            format!("This view of {name} has no row {row}."),
        ));
    };
    let all = dataset.columns.len();
    let shown = selected.unwrap_or_else(|| (0..all).collect());
    let hidden_columns = all - shown.len();
    let path = format!("/explore/{name}");
    let revision = view.as_of();
    let values = shown.iter().zip(cells).map(|(&place, cell)| {
        let column = &dataset.columns[place];
        let condition = match &cell {
            Cell::Null => Some("is.null".to_owned()),
            Cell::Plain(text) if column.kind == ColumnType::Boolean => Some(format!("is.{text}")),
            Cell::Plain(text) => Some(format!("eq.{text}")),
            Cell::Text(text) if text.len() <= SHORT => Some(format!("eq.{text}")),
            _ => None,
        };
        let alike = condition.map(|condition| revision.and(&column.name, &condition));
        Value {
            column: column.name.clone(),
            kind: column.kind.as_str(),
            unit: column.unit.clone(),
            said: dataset.said_of_columns.get(place).cloned().flatten(),
            alike: alike.map(|view| with_query(&path, &view.query())),
            cell,
        }
    });
    let beside = |row: usize| with_query(&format!("{path}/rows/{row}"), &view.query());
    let title = format!("Row {row} of {name} · Flash");
    let record = Record {
        frame: Frame::titled(&title),
        name,
        row,
        values: values.collect(),
        table: with_query(&path, &view.query()),
        previous: (row > 1).then(|| beside(row - 1)),
        next: has_more.then(|| beside(row + 1)),
        hidden_columns,
    };
    Ok(sent(StatusCode::OK, &record, Robots::NoIndex))
}
