//! The rows of a page, as the API has them.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::pages::inner::Answer;
use crate::pages::problem::Problem;
use crate::pages::text::with_query;
use crate::pages::view::View;
use crate::pages::visit::Visit;

/// The most bytes of rows that a page reads.
const ROWS: usize = 512 << 10;
/// The rows of a page, unless it is asked for another number.
const USUAL: usize = 100;
/// The most characters of a text that a cell of a table shows.
pub(in crate::pages) const CELL: usize = 120;

/// The most rows of a page.
const MOST: usize = 1000;

/// The API's answer with the rows of a page.
pub(in crate::pages) struct Fetched {
    asked: View,
    answer: Answer,
}

/// The rows of a page.
pub(in crate::pages) struct Rows {
    /// The query that found them.
    pub(in crate::pages) asked: View,
    pub(in crate::pages) rows: Vec<Vec<Cell>>,
    /// The cursor of the next page.
    pub(in crate::pages) next: Option<String>,
    /// The headers that came back.
    pub(in crate::pages) headers: HeaderMap,
}

/// A value of a row.
#[derive(PartialEq, Eq)]
pub(in crate::pages) enum Cell {
    Null,
    /// A number or a boolean.
    Plain(String),
    Text(String),
    /// The beginning of a text that is longer than a cell.
    Beginning(String),
}

/// A page of the API.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<Values<'a>>,
    next: Option<String>,
}

/// The values of a row, in their order.
pub(in crate::pages) struct Values<'a>(Vec<&'a RawValue>);

impl Values<'_> {
    /// The values. Texts have at most so many characters.
    pub(in crate::pages) fn cells(self, longest: usize) -> Vec<Cell> {
        let values = self.0.into_iter();
        values.map(|value| Cell::of(value, longest)).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some((IgnoredAny, value)) = map.next_entry()? {
                    values.push(value);
                }
                Ok(values)
            }
        }
        deserializer.deserialize_map(Row).map(Self)
    }
}

impl Fetched {
    /// Asks the API for the rows of a view. If their texts are long, the page has fewer rows.
    pub(in crate::pages) async fn load(
        visit: &Visit,
        name: &str,
        view: View,
    ) -> Result<Self, Problem> {
        let limit = view.get("limit").and_then(|limit| limit.parse().ok());
        let mut limit: usize = limit.unwrap_or(USUAL);
        let mut asked = match limit > MOST {
            true => view.with("limit", Some(&MOST.to_string())),
            false => view,
        };
        loop {
            let answer = ask(visit, name, &asked).await?;
            if !answer.is_cut || limit <= 1 {
                return Ok(Self { asked, answer });
            }
            limit = (limit / 8).max(1);
            asked = asked.with("limit", Some(&limit.to_string()));
        }
    }

    /// The rows. Their texts have at most so many characters.
    pub(in crate::pages) fn read(self, longest: usize) -> Result<Rows, Problem> {
        let Self { asked, answer } = self;
        let page: Page<'_> = answer.read_as()?;
        let cells = |values: Values<'_>| values.cells(longest);
        Ok(Rows {
            rows: page.data.into_iter().map(cells).collect(),
            next: page.next,
            headers: answer.headers,
            asked,
        })
    }
}

async fn ask(visit: &Visit, name: &str, view: &View) -> Result<Answer, Problem> {
    let target = with_query(&format!("/datasets/{name}/rows"), &view.query());
    visit
        .api
        .get(crate::pages::DATA, &target, ROWS)
        .await
        .success()
}

impl Cell {
    fn of(value: &RawValue, longest: usize) -> Self {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'"') => {
                let text: Cow<'_, str> = serde_json::from_str(json).unwrap_or_default();
                match text.char_indices().nth(longest) {
                    Some((end, _)) => Self::Beginning(text[..end].to_owned()),
                    None => Self::Text(text.into_owned()),
                }
            }
            Some(b'n') => Self::Null,
            _ => Self::Plain(json.to_owned()),
        }
    }
}
