//! The rows that changed between two revisions: how many, and the first of them.

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::pages::DATA;
use crate::pages::inner::Answer;
use crate::pages::problem::Problem;
use crate::pages::table::{CELL, Cell, Dataset, Values};
use crate::pages::text::{counted, grouped, query, shortened};
use crate::pages::visit::Visit;
use crate::versioning::{Format, VersionNumber, media_type};

/// The most bytes of the counts. The API tells changes of columns with them.
const COUNTS: usize = 1 << 20;
/// The most bytes of rows that are read.
const ROWS: usize = 256 << 10;
/// The most rows that are shown.
const SHOWN: usize = 50;
/// The most columns that are shown.
const COLUMNS: usize = 20;
/// The most characters of a column's name.
const NAME: usize = 100;

/// Which revisions are compared, and how.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) key: &'a str,
}

/// What the API says of the rows.
pub(super) struct Answered {
    counts: Answer,
    /// The rows as NDJSON, if any changed.
    rows: Option<Answer>,
}

/// How many rows changed, in words, and the first of them.
#[derive(Default)]
pub(super) struct ChangedRows {
    pub(super) counts: Vec<String>,
    /// The names of the columns: those of the later revision, then those that only the earlier one has.
    pub(super) names: Vec<String>,
    pub(super) hidden_columns: usize,
    pub(super) rows: Vec<Row>,
    /// Whether more rows changed than are shown.
    pub(super) has_more: bool,
    pub(super) refusal: Option<Refusal>,
}

/// Why the rows can't be compared.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    /// Rows that have the same key.
    pub(super) alike: Vec<String>,
}

/// A row of a revision.
pub(super) struct Row {
    /// What happened to it.
    pub(super) what: &'static str,
    pub(super) cells: Vec<Value>,
}

/// A value. `None`: the revision doesn't have the column.
pub(super) struct Value {
    pub(super) cell: Option<Cell>,
    /// Whether the row has another value in the other revision.
    pub(super) differs: bool,
}

/// The API's answer with the counts.
#[derive(Deserialize)]
struct Counted {
    rows: Counts,
}

#[derive(Deserialize)]
struct Counts {
    removed: u64,
    added: u64,
    changed: Option<u64>,
    unchanged: u64,
}

/// A line of the API's answer with the rows.
#[derive(Deserialize)]
struct Line<'a> {
    change: &'a str,
    #[serde(borrow)]
    row: Option<Values<'a>>,
    #[serde(borrow)]
    before: Option<Values<'a>>,
    #[serde(borrow)]
    after: Option<Values<'a>>,
}

/// What a refusal of a key has besides its reason.
#[derive(Deserialize)]
struct Repeated {
    #[serde(default)]
    rows: Vec<Box<RawValue>>,
}

impl Asked<'_> {
    /// The query of the API.
    pub(super) fn query(&self, in_url: &[(&str, &str)]) -> String {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let key = (!self.key.is_empty()).then_some(("key", self.key));
        let revisions = [("from", &*from), ("to", &*to)];
        query(in_url.iter().copied().chain(revisions).chain(key))
    }

    /// Asks the API.
    pub(super) async fn ask(&self, visit: &Visit) -> Answered {
        let target = format!("/datasets/{}/changes?{}", self.name, self.query(&[]));
        let counts = visit.api.get(DATA, &target, COUNTS).await;
        let ndjson = VersionNumber::new(DATA).map(|data| media_type(data, Format::Ndjson));
        let rows = match ndjson {
            Some(ndjson) if counts.status.is_success() && counts.some_changed() => {
                Some(visit.api.get_as(&ndjson.to_string(), &target, ROWS).await)
            }
            _ => None,
        };
        Answered { counts, rows }
    }
}

impl Answer {
    fn some_changed(&self) -> bool {
        let counted = self.read_as::<Counted>();
        counted.is_ok_and(|Counted { rows }| {
            rows.removed + rows.added + rows.changed.unwrap_or_default() > 0
        })
    }
}

impl Answered {
    /// Reads the answers about two revisions.
    pub(super) fn read(&self, from: &Dataset, to: &Dataset) -> Result<ChangedRows, Problem> {
        if let Some(refusal) = Refusal::of(&self.counts) {
            return Ok(ChangedRows {
                refusal: Some(refusal),
                ..ChangedRows::default()
            });
        }
        let Counted { rows: counts } = self.counts.read_as()?;
        let mut columns = columns(from, to);
        let hidden_columns = columns.len().saturating_sub(COLUMNS);
        columns.truncate(COLUMNS);
        let (mut rows, mut has_more) = (Vec::new(), false);
        if let Some(answer) = &self.rows {
            if let Some(refusal) = Refusal::of(answer) {
                return Ok(ChangedRows {
                    counts: counts.in_words(),
                    refusal: Some(refusal),
                    ..ChangedRows::default()
                });
            }
            // What follows the last newline is a row of which not all was read.
            let lines = answer.body.split_inclusive(|byte| *byte == b'\n');
            let mut lines = lines.filter(|line| line.ends_with(b"\n"));
            for line in lines.by_ref().take(SHOWN) {
                let line = serde_json::from_slice(line).map_err(|_| Problem::unreadable())?;
                shown(line, &columns, &mut rows);
            }
            has_more = answer.is_cut || lines.next().is_some();
        }
        let names = columns.iter().map(|(name, _)| shortened(name, NAME));
        Ok(ChangedRows {
            counts: counts.in_words(),
            names: names.collect(),
            hidden_columns,
            rows,
            has_more,
            refusal: None,
        })
    }
}

impl Refusal {
    fn of(answer: &Answer) -> Option<Self> {
        if answer.status.is_success() {
            return None;
        }
        let repeated = serde_json::from_slice::<Repeated>(&answer.body);
        let rows = repeated.map_or_else(|_| Vec::new(), |repeated| repeated.rows);
        Some(Self {
            status: answer.status,
            detail: Problem::of(answer).detail().to_owned(),
            alike: rows.iter().map(|row| row.get().to_owned()).collect(),
        })
    }
}

impl Counts {
    fn in_words(&self) -> Vec<String> {
        let changed = self.changed.map(|changed| (changed, "changed"));
        let counts = [(self.removed, "removed"), (self.added, "added")].into_iter();
        let counts = counts.chain(changed).chain([(self.unchanged, "unchanged")]);
        counts
            .enumerate()
            .map(|(at, (count, what))| match at {
                0 => format!("{} {what}", counted(count, "row")),
                _ => format!("{} {what}", grouped(count)),
            })
            .collect()
    }
}

/// A column with its place in each of both revisions.
type Place<'a> = (&'a str, [Option<usize>; 2]);

/// The columns of both revisions.
fn columns<'a>(from: &'a Dataset, to: &'a Dataset) -> Vec<Place<'a>> {
    let earlier = from.columns.iter().enumerate();
    let mut earlier: HashMap<&str, usize> =
        earlier.map(|(place, one)| (&*one.name, place)).collect();
    let later = to.columns.iter().enumerate();
    let mut columns: Vec<_> = later
        .map(|(place, one)| (&*one.name, [earlier.remove(&*one.name), Some(place)]))
        .collect();
    let gone = from.columns.iter();
    let gone = gone.filter_map(|one| earlier.get(&*one.name).map(|place| (&*one.name, *place)));
    columns.extend(gone.map(|(name, place)| (name, [Some(place), None])));
    columns
}

/// Adds the rows of a line.
fn shown(line: Line<'_>, columns: &[Place<'_>], rows: &mut Vec<Row>) {
    let cells = |values: Option<Values<'_>>, side: usize| -> Vec<Option<Cell>> {
        let mut cells: Vec<_> = values.map_or_else(Vec::new, |values| values.cells(CELL));
        let mut take = |place: usize| {
            let cell = cells.get_mut(place)?;
            Some(std::mem::replace(cell, Cell::Null))
        };
        let places = columns.iter().map(|(_, places)| places[side]);
        places.map(|place| take(place?)).collect()
    };
    let mut add = |what, cells: Vec<Option<Cell>>, differs: &[bool]| {
        let cells = cells.into_iter().enumerate();
        let cells = cells.map(|(at, cell)| Value {
            cell,
            differs: differs.get(at).is_some_and(|differs| *differs),
        });
        rows.push(Row {
            what,
            cells: cells.collect(),
        });
    };
    match line.change {
        "removed" => add("removed", cells(line.row, 0), &[]),
        "added" => add("added", cells(line.row, 1), &[]),
        _ => {
            let (before, after) = (cells(line.before, 0), cells(line.after, 1));
            let pairs = before.iter().zip(&after);
            let differs: Vec<bool> = pairs
                .map(|(before, after)| before.is_some() && after.is_some() && before != after)
                .collect();
            add("before", before, &differs);
            add("after", after, &differs);
        }
    }
}
