//! The revisions of a dataset.

use std::collections::{HashMap, HashSet};

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::problem::{Problem, blocking};
use super::sent::{Robots, page as sent};
use super::table::{Dataset, check_name};
use super::text::{Frame, ago, difference, grouped, query, size, with_query};
use super::times::minute;
use super::view::View;
use super::visit::Visit;
use crate::api::reply::Reply;
use crate::dataset::schema_version;

/// The most bytes of a list.
const LIST: usize = 1 << 20;
/// The revisions of a page.
const SHOWN: &str = "100";
/// The most changes of a schema that a page tells.
const TOLD: usize = 10;

/// A list of the API.
#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    revision: i64,
    schema: String,
    created_at: Timestamp,
    author: Option<String>,
    row_count: u64,
    byte_count: u64,
    sha256: String,
}

/// A revision, as it is shown.
struct Item {
    number: i64,
    created_at: Timestamp,
    age: String,
    minute: String,
    author: Option<String>,
    rows: String,
    /// How many rows more or less than in the revision before.
    more: Option<String>,
    size: String,
    schema: String,
    /// MAJOR of the schema, if it is the newest revision with it.
    newest_of: Option<String>,
    /// What changed about the columns since the revision before, in words.
    changes: Option<String>,
    digest: String,
    /// The revision before, if it is kept.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "revisions.html")]
struct Revisions<'a> {
    frame: Frame<'a>,
    name: &'a str,
    items: Vec<Item>,
    next: Option<String>,
    first: bool,
}

/// `GET /explore/{name}/revisions`.
pub(super) async fn page(visit: &Visit, name: &str) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    check_name(name)?;
    let cursor = visit.parameter("cursor");
    let pairs = [("limit", SHOWN)].into_iter();
    let pairs = pairs.chain(cursor.as_deref().map(|cursor| ("cursor", cursor)));
    let target = with_query(&format!("/datasets/{name}/revisions"), &query(pairs));
    let answer = visit.api.get(super::DATA, &target, LIST).await;
    let list: List = answer.success()?.read().await?;
    let mut changes = changes(visit, name, &list.data).await?;
    let mut majors = HashSet::new();
    let now = visit.services.clock.now();
    let before = list.data.iter().skip(1).map(Some).chain([None]);
    let items = list.data.iter().zip(before).map(|(one, before)| Item {
        number: one.revision,
        created_at: one.created_at,
        age: ago(one.created_at, now),
        minute: minute(one.created_at),
        author: one.author.clone(),
        rows: grouped(one.row_count),
        more: before.map(|before| difference(before.row_count, one.row_count)),
        size: size(one.byte_count),
        newest_of: {
            let (major, _) = one.schema.split_once('.').unwrap_or((&one.schema, ""));
            (majors.insert(major) && cursor.is_none()).then(|| major.to_owned())
        },
        schema: one.schema.clone(),
        changes: changes.remove(&one.revision),
        digest: one.sha256.chars().take(12).collect(),
        before: before.map(|before| before.revision),
    });
    let title = format!("Revisions of {name} · Flash");
    let revisions = Revisions {
        frame: Frame::titled(&title),
        name,
        items: items.collect(),
        first: cursor.is_none(),
        next: list.next.map(|cursor| {
            let pairs = [("cursor", &*cursor)].into_iter();
            with_query(&format!("/explore/{name}/revisions"), &query(pairs))
        }),
    };
    Ok(sent(StatusCode::OK, &revisions, Robots::NoIndex))
}

/// What the newest changes of the schema were, in words, each with the revision that made it.
async fn changes(
    visit: &Visit,
    name: &str,
    revisions: &[Listed],
) -> Result<HashMap<i64, String>, Problem> {
    let pairs = revisions.windows(2);
    let changed = pairs.filter(|pair| pair[0].schema != pair[1].schema);
    let mut changes = HashMap::new();
    for pair in changed.take(TOLD) {
        let [after, before] = [0, 1].map(|at| View::default().at_revision(pair[at].revision));
        let after = Dataset::load(visit, name, &after).await;
        let before = Dataset::load(visit, name, &before).await;
        // A revision may be gone since it was listed.
        let (Ok(before), Ok(after)) = (before, after) else {
            continue;
        };
        let told = move || {
            let changes = schema_version::changes(&before.columns, &after.columns);
            Ok(schema_version::listed(&changes))
        };
        changes.insert(pair[0].revision, blocking(told).await?);
    }
    Ok(changes)
}
