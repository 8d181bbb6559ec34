//! The first page: what this is, what there is, and a place for files.

use std::fmt;

use askama::Template;
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::problem::Problem;
use super::sent::{Robots, page as sent};
use super::text::{Frame, ago, grouped, query, size, with_query};
use super::times::minute;
use super::visit::Visit;
use crate::api::reply::Reply;

/// The datasets of a page.
const SHOWN: usize = 100;
/// The most bytes of a list that are read at once.
const LIST: usize = 1 << 20;
/// The most lists that are read to find datasets by name.
const LISTS: usize = 50;

/// A list of the API.
#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    columns: Length,
    row_count: u64,
    byte_count: u64,
    updated_at: Timestamp,
}

/// The length of a list.
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Length;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Length, A::Error> {
                let mut length = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Length(length))
            }
        }
        deserializer.deserialize_seq(Counting)
    }
}

/// A dataset, as it is shown.
struct Item {
    name: String,
    rows: String,
    columns: String,
    size: String,
    age: String,
    updated_at: Timestamp,
    minute: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    /// What is looked for.
    wanted: &'a str,
    items: Vec<Item>,
    /// Whether this is the beginning of the list.
    first: bool,
    next: Option<String>,
    /// Whether there may be more that the search didn't reach.
    unfinished: bool,
}

/// `GET /` for people.
pub(super) async fn page(visit: &Visit) -> Result<Reply, Problem> {
    let _held = visit.memory().await?;
    let wanted = visit.parameter("q").unwrap_or_default();
    let wanted = wanted.trim();
    let cursor = visit.parameter("cursor");
    let first = cursor.is_none();
    let (found, next, unfinished) = match wanted {
        "" => {
            let list = list(visit, SHOWN, cursor.as_deref()).await?;
            (list.data, list.next, false)
        }
        wanted => search(visit, wanted, cursor).await?,
    };
    let now = visit.services.clock.now();
    let items = found.into_iter().map(|dataset| Item {
        rows: grouped(dataset.row_count),
        columns: grouped(dataset.columns.0),
        size: size(dataset.byte_count),
        age: ago(dataset.updated_at, now),
        minute: minute(dataset.updated_at),
        updated_at: dataset.updated_at,
        name: dataset.name,
    });
    let next = next.map(|cursor| {
        let wanted = Some(("q", wanted)).filter(|(_, wanted)| !wanted.is_empty());
        let pairs = wanted.into_iter().chain([("cursor", &*cursor)]);
        with_query("/", &query(pairs))
    });
    let home = Home {
        frame: Frame::titled("Flash"),
        wanted,
        items: items.collect(),
        first,
        next,
        unfinished,
    };
    let robots = match wanted.is_empty() && first {
        true => Robots::Index,
        false => Robots::NoIndex,
    };
    Ok(sent(StatusCode::OK, &home, robots))
}

/// A list of at most so many datasets. It is shorter if their descriptions are long.
async fn list(visit: &Visit, limit: usize, cursor: Option<&str>) -> Result<List, Problem> {
    let mut limit = limit;
    loop {
        let number = limit.to_string();
        let pairs = [("limit", &*number)].into_iter();
        let pairs = pairs.chain(cursor.map(|cursor| ("cursor", cursor)));
        let target = with_query("/datasets", &query(pairs));
        let answer = visit.api.get(super::DATA, &target, LIST).await.success()?;
        if !answer.is_cut || limit == 1 {
            return answer.read().await;
        }
        limit = (limit / 8).max(1);
    }
}

/// The datasets whose names have `wanted` in them: a page of them, and the cursor of the list that may have more.
async fn search(
    visit: &Visit,
    wanted: &str,
    mut cursor: Option<String>,
) -> Result<(Vec<Listed>, Option<String>, bool), Problem> {
    /// The datasets of a list that is searched.
    const LOOKED_AT: usize = 1000;
    let wanted = wanted.to_lowercase();
    let mut found = Vec::new();
    for _ in 0..LISTS {
        let list = list(visit, LOOKED_AT, cursor.as_deref()).await?;
        let here = list.data.into_iter();
        found.extend(here.filter(|dataset| dataset.name.contains(&wanted)));
        cursor = list.next;
        if cursor.is_none() || found.len() >= SHOWN {
            return Ok((found, cursor, false));
        }
    }
    Ok((found, cursor, true))
}
