//! What changed between two revisions of a dataset: its columns and its rows.

mod rows;

use std::collections::{HashMap, HashSet};

use askama::Template;
use futures_util::future::join;
use http::StatusCode;

use super::problem::{Problem, blocking};
use super::sent::{Robots, page as sent};
use super::table::{Cell, Dataset};
use super::text::{Frame, difference, grouped, size, with_query};
use super::times::minute;
use super::view::{View, quoted};
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::Column;
use rows::{Answered, Asked, ChangedRows};

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
    /// The rows that changed, unless a revision is compared with itself.
    changed: Option<ChangedRows>,
    key: &'a str,
    /// The columns that may be part of a key, as a key writes them.
    choices: Vec<String>,
    csv: String,
    ndjson: String,
}

/// The most columns that are offered for a key.
const CHOICES: usize = 40;

/// `GET /explore/{name}/changes?from=&to=&key=`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let (Some(from), Some(to)) = (visit.parameter("from"), visit.parameter("to")) else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "Two revisions are needed",
            "Choose the revisions to compare: from and to are their numbers.",
        ));
    };
    let key = visit.parameter("key").unwrap_or_default();
    let at = |revision: &str| View::default().with("revision", Some(revision));
    let (from, to) = (at(&from), at(&to));
    let load = |view| Dataset::load(visit, name, view);
    let (from, to) = join(load(&from), load(&to)).await;
    let (mut from, mut to) = (from?, to?);
    if from.revision > to.revision {
        std::mem::swap(&mut from, &mut to);
    }
    let asked = Asked {
        name,
        from: from.revision,
        to: to.revision,
        key: key.trim(),
    };
    let answered = match from.revision < to.revision {
        true => Some(asked.ask(visit).await),
        false => None,
    };
    blocking(move || shown(&from, &to, key.trim(), answered)).await
}

/// The page, once the API has answered.
fn shown(
    from: &Dataset,
    to: &Dataset,
    key: &str,
    answered: Option<Answered>,
) -> Result<Reply, Problem> {
    let name = &*to.name;
    let title = format!("What changed in {name} · Flash");
    let changed = answered.map(|answered| answered.read(from, to));
    let changed = changed.transpose()?;
    let refusal = changed
        .as_ref()
        .and_then(|changed| changed.refusal.as_ref());
    let status = refusal.map_or(StatusCode::OK, |refusal| refusal.status);
    let asked = Asked {
        name,
        from: from.revision,
        to: to.revision,
        key,
    };
    let file = |format| {
        let query = asked.query(&[("version", "v2"), ("format", format)]);
        with_query(&format!("/datasets/{name}/changes"), &query)
    };
    let columns: HashSet<&str> = from.columns.iter().map(|one| &*one.name).collect();
    let names = to.columns.iter().map(|column| &*column.name);
    let choices = names.filter(|name| columns.contains(name)).take(CHOICES);
    let changes = Changes {
        frame: Frame::titled(&title),
        name,
        rows: difference(from.row_count, to.row_count),
        changes: differences(&from.columns, &to.columns),
        from: Side::of(from),
        to: Side::of(to),
        changed,
        key,
        choices: choices.map(|name| quoted(name).into_owned()).collect(),
        csv: file("csv"),
        ndjson: file("ndjson"),
    };
    Ok(sent(status, &changes, Robots::NoIndex))
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
    fn places(columns: &[Column]) -> HashMap<&str, usize> {
        let columns = columns.iter().enumerate();
        columns.map(|(place, one)| (&*one.name, place)).collect()
    }
    let (earlier_places, later_places) = (places(from), places(to));
    let mut changes = Vec::new();
    let mut tell = |column: &Column, what: String| {
        changes.push(Change {
            column: column.name.clone(),
            what,
        });
    };
    for (place, column) in to.iter().enumerate() {
        let Some(&earlier) = earlier_places.get(&*column.name) else {
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
        if !later_places.contains_key(&*column.name) {
            tell(column, format!("gone, was {}", column.kind));
        }
    }
    changes
}
