//! `/explore/{name}/versions`: the same view in two versions, side by side, with the changelog's sentences beside what differs.
//!
//! Both requests are made for each visit, so what is shown is what a client would get now.

mod align;
pub(super) mod notes;

use std::collections::BTreeSet;

use askama::Template;
use http::StatusCode;
use http::header::HeaderMap;
use serde::Deserialize;

use super::band::Band;
use super::inner::{Answer, accept};
use super::json::Json;
use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::text::{Frame, path_part, query, with_query};
use super::view::View;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::versioning::{Catalogue, VersionNumber};
use align::{Line, Mark, align};
use notes::{Change, Place, place};

/// The rows that are compared, and the most that can be asked for.
const ROWS: usize = 5;
const MOST_ROWS: usize = 20;
/// The most bytes of an answer that are read.
const ANSWER: usize = 256 << 10;
/// The lines of the answers that are shown, so that the page stays small.
const LINES: usize = 160;
/// The characters of a line that are shown.
const LINE: usize = 120;
/// The first version: its dataset has the rows, in numbered pages.
const NUMBERED_PAGES: u32 = 1;
/// Headers that differ with each request, or say nothing of a version.
const OF_NO_VERSION: [&str; 4] = [
    "x-request-id",
    "x-content-type-options",
    "content-length",
    "date",
];

/// A changelog of the API.
#[derive(Deserialize)]
pub(super) struct Changelog {
    pub(super) changes: Vec<Change>,
}

/// What one version answers.
struct Side {
    version: VersionNumber,
    /// The name of the operation in the changelog.
    operation: &'static str,
    target: String,
    accept: String,
    answer: Answer,
}

/// A line of the comparison.
struct Row {
    left: String,
    right: String,
    mark: &'static str,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct Comparison<'a> {
    frame: Frame<'a>,
    name: &'a str,
    left: VersionNumber,
    right: VersionNumber,
    /// Back to the table.
    table: String,
    /// The other versions that the newest one can be compared with.
    others: Vec<(VersionNumber, String)>,
    request: Vec<Row>,
    headers: Vec<Row>,
    body: Vec<Row>,
    /// The lines that are not shown.
    hidden: usize,
    elsewhere: Vec<Change>,
}

/// The page.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let catalogue = &visit.services.catalogue;
    let view = View::parse(visit.query()).at_start();
    let Some((left, right)) = pair(catalogue, view.get("version")) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "There is nothing to compare",
            "This server has only one version of the API.",
        ));
    };
    let left = Side::ask(visit, left, name, &view).await;
    if left.answer.status == StatusCode::UNAUTHORIZED {
        return Err(Problem::of(&left.answer));
    }
    let right = Side::ask(visit, right, name, &view).await;
    let changelog = format!("/changelog?from={}&to={}", left.version, right.version);
    let changelog = visit
        .api
        .get(super::DATA, &changelog, ANSWER)
        .await
        .success()?;
    let changelog: Changelog = changelog.read_as()?;
    let title = format!("{name} in {} and {} · Flash", left.version, right.version);
    let comparison = compare(
        visit,
        name,
        &title,
        (&left, &right),
        &view,
        changelog.changes,
    );
    Ok(sent(StatusCode::OK, &comparison, Robots::NoIndex))
}

/// The versions to compare: the one that is named, or the default, with the newest.
fn pair(catalogue: &Catalogue, named: Option<&str>) -> Option<(VersionNumber, VersionNumber)> {
    let newest = catalogue.iter().next()?.number;
    let named = named.and_then(|named| named.parse().ok());
    let older = named.filter(|named| *named < newest && catalogue.get(*named).is_some());
    let older = older.unwrap_or_else(|| catalogue.first());
    (older < newest).then_some((older, newest))
}

impl Side {
    async fn ask(visit: &Visit, version: VersionNumber, name: &str, view: &View) -> Self {
        let wanted = view.get("limit").and_then(|limit| limit.parse().ok());
        let rows = wanted.unwrap_or(ROWS).clamp(1, MOST_ROWS).to_string();
        let path = format!("/datasets/{}", path_part(name));
        let (operation, target) = match version.get() {
            NUMBERED_PAGES => {
                let pages = query([("page", "1"), ("per_page", &rows)].into_iter());
                ("get_dataset", with_query(&path, &pages))
            }
            _ => {
                let view = view.with("limit", Some(&rows)).with("version", None);
                (
                    "list_rows",
                    with_query(&format!("{path}/rows"), &view.query()),
                )
            }
        };
        let answer = visit.api.get(version.get(), &target, ANSWER).await;
        Self {
            version,
            operation,
            target,
            accept: accept(version.get()).unwrap_or_default(),
            answer,
        }
    }

    fn json(&self) -> Option<Json> {
        match self.answer.is_cut {
            true => None,
            false => Json::read(&self.answer.body),
        }
    }
}

fn compare<'a>(
    visit: &Visit,
    name: &'a str,
    title: &'a str,
    (left, right): (&Side, &Side),
    view: &View,
    changes: Vec<Change>,
) -> Comparison<'a> {
    let lines = match (left.json(), right.json()) {
        (Some(left), Some(right)) => align(&left, &right),
        _ => Vec::new(),
    };
    let asks = view.filters().next().is_some()
        || ["select", "order"]
            .iter()
            .any(|name| view.get(name).is_some());
    let mut request = vec![
        Row::of(
            &format!("GET {}", left.target),
            &format!("GET {}", right.target),
        ),
        Row::of(
            &format!("Accept: {}", left.accept),
            &format!("Accept: {}", right.accept),
        ),
    ];
    let hidden = lines.len().saturating_sub(LINES);
    let mut body: Vec<Row> = lines.iter().take(LINES).map(Row::of_line).collect();
    let mut elsewhere = Vec::new();
    for change in changes {
        let concerned = |operation: &str| [left.operation, right.operation].contains(&operation);
        if !change.operation.as_deref().is_none_or(concerned) {
            continue;
        }
        match place(&change, &lines, asks) {
            Place::Request => request[0].changes.push(change),
            Place::Line(line) if line < body.len() => body[line].changes.push(change),
            _ => elsewhere.push(change),
        }
    }
    let (catalogue, now) = (&visit.services.catalogue, visit.services.clock.now());
    let others = catalogue.iter().map(|version| version.number);
    let others = others.filter(|number| *number < right.version && *number != left.version);
    Comparison {
        frame: Frame::titled(title).with(Band::of(
            catalogue,
            left.version.get(),
            &left.answer.headers,
            now,
        )),
        name,
        left: left.version,
        right: right.version,
        table: with_query(
            &format!("/explore/{}", path_part(name)),
            &view.with("version", None).query(),
        ),
        others: others
            .map(|number| {
                let view = view.with("version", Some(&number.to_string()));
                (number, with_query(visit.uri.path(), &view.query()))
            })
            .collect(),
        request,
        headers: headers(&left.answer, &right.answer),
        body,
        hidden,
        elsewhere,
    }
}

/// Status and headers of both answers.
fn headers(left: &Answer, right: &Answer) -> Vec<Row> {
    let names: BTreeSet<&str> = [left, right]
        .iter()
        .flat_map(|answer| answer.headers.keys().map(http::HeaderName::as_str))
        .filter(|name| !OF_NO_VERSION.contains(name))
        .collect();
    let value = |headers: &HeaderMap, name: &str| {
        let values = headers.get_all(name).iter();
        let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        match values.is_empty() {
            true => String::new(),
            false => format!("{name}: {}", values.join(", ")),
        }
    };
    let mut rows = vec![Row::of(&left.status.to_string(), &right.status.to_string())];
    rows.extend(
        names
            .into_iter()
            .map(|name| Row::of(&value(&left.headers, name), &value(&right.headers, name))),
    );
    rows
}

impl Row {
    fn of(left: &str, right: &str) -> Self {
        let line = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self::of_line(&Line {
            left: line(left),
            right: line(right),
            names: (None, None),
        })
    }

    fn of_line(line: &Line) -> Self {
        let side = |side: &Option<String>| side.as_deref().map_or_else(String::new, shortened);
        Self {
            left: side(&line.left),
            right: side(&line.right),
            mark: match line.mark() {
                Mark::Same => "",
                Mark::Differs => "differs",
                Mark::OnlyLeft => "only here",
                Mark::OnlyRight => "new",
            },
            changes: Vec::new(),
        }
    }
}

/// A line, without what makes it too long to be compared by eye.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
