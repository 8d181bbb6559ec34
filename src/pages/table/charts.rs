//! Charts of columns, from the summary of a dataset. Each bar is a link that filters.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Dataset;
use crate::dataset::{Column, ColumnType};
use crate::pages::inner::Answer;
use crate::pages::text::{counted, grouped, with_query};
use crate::pages::view::View;
use crate::pages::visit::Visit;

/// The most bytes of a summary. A longer one is left out.
const SUMMARY: usize = 1 << 20;
/// The most bars of a histogram.
pub(super) const BARS: usize = 10;
/// The most bars of frequent values.
const FREQUENT: usize = 5;
/// The steps of a bar's length.
const STEPS: u64 = 20;
/// The API cuts texts that have more bytes.
const UNCUT: usize = 64;

/// Charts of some columns.
#[derive(Default)]
pub(super) struct Summary {
    columns: HashMap<String, Summarised>,
    rows: u64,
}

/// What the API says of a column.
#[derive(Deserialize)]
struct Summarised {
    name: String,
    nulls: u64,
    distinct: Distinct,
    histogram: Option<Histogram>,
    frequent: Option<Frequent>,
}

#[derive(Deserialize)]
struct Distinct {
    estimate: u64,
    error: f64,
}

#[derive(Deserialize)]
struct Histogram {
    edges: Vec<Box<RawValue>>,
    counts: Vec<u64>,
}

#[derive(Deserialize)]
struct Frequent {
    values: Vec<Counted>,
}

#[derive(Deserialize)]
struct Counted {
    value: Box<RawValue>,
    count: u64,
}

#[derive(Deserialize)]
struct Answered {
    columns: Vec<Summarised>,
}

/// The chart of a column.
pub(super) enum Chart {
    None,
    Histogram(Vec<Bar>),
    Frequent(Vec<Bar>),
}

/// A bar.
pub(super) struct Bar {
    /// The query of the view that it leads to. `None`: there is no such view.
    pub(super) view: Option<String>,
    /// The value, or the range of values.
    pub(super) label: String,
    /// What it stands for, in words.
    pub(super) title: String,
    /// How long it is, in steps.
    pub(super) length: u64,
}

impl Summary {
    /// Asks the API for the summary of a dataset.
    pub(super) async fn ask(visit: &Visit, dataset: &Dataset) -> Answer {
        let target = format!(
            "/datasets/{}/summary?revision={}",
            dataset.name, dataset.revision
        );
        visit.api.get(crate::pages::DATA, &target, SUMMARY).await
    }

    /// The summaries of the shown columns.
    pub(super) fn of(answer: Answer, dataset: &Dataset, shown: &[usize]) -> Self {
        // The table is of use without charts.
        let answered = answer.success();
        let answered = answered.and_then(|answer| answer.read_as::<Answered>());
        let Ok(answered) = answered else {
            return Self::default();
        };
        let names = shown.iter().map(|&place| &*dataset.columns[place].name);
        let names: HashSet<&str> = names.collect();
        let columns = answered.columns.into_iter();
        let columns = columns.filter(|column| names.contains(&*column.name));
        Self {
            columns: columns
                .map(|column| (column.name.clone(), column))
                .collect(),
            rows: dataset.row_count,
        }
    }

    /// How many nulls and different values a column has.
    pub(super) fn facts(&self, column: &Column) -> String {
        let Some(summary) = self.columns.get(&column.name) else {
            return String::new();
        };
        let about = if summary.distinct.error > 0.0 {
            "about "
        } else {
            ""
        };
        let distinct = format!("{about}{} distinct", grouped(summary.distinct.estimate));
        match summary.nulls {
            0 => distinct,
            nulls => format!("{distinct}, {}", counted(nulls, "null")),
        }
    }

    /// Frequent values of a column, as a filter writes them.
    pub(super) fn frequent(&self, column: &Column) -> Vec<String> {
        let summary = self.columns.get(&column.name);
        let frequent = summary.and_then(|summary| summary.frequent.as_ref());
        // A filter of booleans has no value.
        let Some(frequent) = frequent.filter(|_| column.kind != ColumnType::Boolean) else {
            return Vec::new();
        };
        let values = frequent.values.iter().map(|counted| text(&counted.value));
        let values = values.filter(|value| !value.is_empty() && !is_cut(value));
        values.map(Cow::into_owned).collect()
    }

    /// The chart of a column, in a view.
    pub(super) fn chart(&self, column: &Column, view: &View) -> Chart {
        let Some(summary) = self.columns.get(&column.name) else {
            return Chart::None;
        };
        let filters = view.filters().filter(|filter| filter.column == column.name);
        let places: Vec<usize> = filters.map(|filter| filter.place).collect();
        // A bar stands for the column's values, whatever filter the column has.
        let others = view.without(&places);
        match (&summary.histogram, &summary.frequent) {
            (Some(histogram), _) if histogram.counts.len() > 1 => {
                Chart::Histogram(histogram.bars(column, &others))
            }
            (_, Some(frequent)) if !frequent.values.is_empty() => {
                Chart::Frequent(frequent.bars(column, &others, self.rows))
            }
            _ => Chart::None,
        }
    }
}

impl Histogram {
    fn bars(&self, column: &Column, view: &View) -> Vec<Bar> {
        let each = self.counts.len().div_ceil(BARS);
        let sums: Vec<u64> = self
            .counts
            .chunks(each)
            .map(|bins| bins.iter().sum())
            .collect();
        let most = sums.iter().copied().max().unwrap_or_default();
        let last = self.edges.len().saturating_sub(1);
        let bars = sums.iter().enumerate().filter_map(|(at, &count)| {
            let end = ((at + 1) * each).min(last);
            let (from, to) = (text(self.edges.get(at * each)?), text(self.edges.get(end)?));
            let below = if end == last { "lte" } else { "lt" };
            let view = view
                .and(&column.name, &format!("gte.{from}"))
                .and(&column.name, &format!("{below}.{to}"));
            Some(Bar {
                view: Some(with_query("", &view.query())),
                title: format!("{from} to {to}: {}", counted(count, "row")),
                label: String::new(),
                length: length(count, most),
            })
        });
        bars.collect()
    }
}

impl Frequent {
    fn bars(&self, column: &Column, view: &View, rows: u64) -> Vec<Bar> {
        let bars = self
            .values
            .iter()
            .take(FREQUENT)
            .map(|Counted { value, count }| {
                let value = text(value);
                let condition = match column.kind {
                    ColumnType::Boolean => format!("is.{value}"),
                    _ => format!("eq.{value}"),
                };
                let view = (!is_cut(&value))
                    .then(|| with_query("", &view.and(&column.name, &condition).query()));
                let label = match &*value {
                    "" => "(empty)".to_owned(),
                    value => value.to_owned(),
                };
                Bar {
                    view,
                    title: format!("{label}: {}", counted(*count, "row")),
                    label,
                    length: length(*count, rows),
                }
            });
        bars.collect()
    }
}

/// A value as a condition writes it.
fn text(value: &RawValue) -> Cow<'_, str> {
    let json = value.get();
    match json.starts_with('"') {
        true => serde_json::from_str(json).unwrap_or_default(),
        false => Cow::Borrowed(json),
    }
}

/// Whether the API has cut a text.
fn is_cut(value: &str) -> bool {
    value.len() > UNCUT && value.ends_with('…')
}

/// The length of a bar, in steps. What there is can be seen.
fn length(count: u64, most: u64) -> u64 {
    let share = u128::from(count) * u128::from(STEPS);
    let length = share.div_ceil(u128::from(most.max(1)));
    u64::try_from(length).unwrap_or(STEPS).min(STEPS)
}
