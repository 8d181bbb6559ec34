//! What changed between two revisions of a dataset: its columns, and how many rows it has.

use askama::Template;
use futures_util::future::join;
use http::StatusCode;

use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::table::Dataset;
use super::text::{Frame, difference, grouped, size};
use super::times::minute;
use super::view::View;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::Column;

/// A column that differs.
struct Change {
    column: String,
    what: String,
}

/// A revision, as it is shown.
struct Side {
    number: i64,
    minute: String,
    rows: String,
    columns: String,
    schema: String,
    size: String,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes<'a> {
    frame: Frame<'a>,
    name: &'a str,
    from: Side,
    to: Side,
    rows: String,
    changes: Vec<Change>,
}

/// `GET /explore/{name}/changes?from=&to=`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let (Some(from), Some(to)) = (visit.parameter("from"), visit.parameter("to")) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Two revisions are needed",
            "Choose the revisions to compare: from and to are their numbers.",
        ));
    };
    let at = |revision: &str| View::default().with("revision", Some(revision));
    let (from, to) = (at(&from), at(&to));
    let load = |view| Dataset::load(visit, name, view);
    let (from, to) = join(load(&from), load(&to)).await;
    let (from, to) = (from?, to?);
    let title = format!("What changed in {name} · Flash");
    let changes = Changes {
        frame: Frame::titled(&title),
        name,
        rows: difference(from.row_count, to.row_count),
        changes: differences(&from.columns, &to.columns),
        from: Side::of(&from),
        to: Side::of(&to),
    };
    Ok(sent(StatusCode::OK, &changes, Robots::NoIndex))
}

impl Side {
    fn of(dataset: &Dataset) -> Self {
        Self {
            number: dataset.revision,
            minute: minute(dataset.updated_at),
            rows: grouped(dataset.row_count),
            columns: grouped(dataset.columns.len() as u64),
            schema: dataset.schema.clone(),
            size: size(dataset.byte_count),
        }
    }
}

/// The columns that differ, in the order of the later revision, and then those that are gone.
fn differences(from: &[Column], to: &[Column]) -> Vec<Change> {
    let find = |columns: &[Column], name: &str| columns.iter().position(|one| one.name == name);
    let mut changes = Vec::new();
    let mut tell = |column: &Column, what: String| {
        changes.push(Change {
            column: column.name.clone(),
            what,
        });
    };
    for (place, column) in to.iter().enumerate() {
        let Some(earlier) = find(from, &column.name) else {
            tell(column, format!("new, {}", column.kind));
            continue;
        };
        let before = &from[earlier];
        if before.kind != column.kind {
            tell(column, format!("was {}, is {}", before.kind, column.kind));
        }
        match (before.nullable, column.nullable) {
            (false, true) => tell(column, "has nulls now".to_owned()),
            (true, false) => tell(column, "has no nulls any more".to_owned()),
            _ => {}
        }
        if before.unit != column.unit {
            let unit = |column: &Column| column.unit.clone().unwrap_or_else(|| "none".to_owned());
            tell(
                column,
                format!("its unit was {}, is {}", unit(before), unit(column)),
            );
        }
        if earlier != place && from.len() == to.len() {
            tell(
                column,
                format!("moved from place {} to {}", earlier + 1, place + 1),
            );
        }
    }
    for column in from {
        if find(to, &column.name).is_none() {
            tell(column, format!("gone, was {}", column.kind));
        }
    }
    changes
}
