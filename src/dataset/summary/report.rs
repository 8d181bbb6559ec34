//! The report of a summary.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

use datasketches::frequencies::ErrorType;
use datasketches::hll::HllUnion;

use super::Summary;
use super::column::ColumnSketch;
use super::extremes::{Extremes, compare, position};
use super::histogram::{self, Histogram};
use super::rest::Sum;
use super::shown::{Shown, rounded};
use crate::{Column, ColumnType, Formats};

/// How many frequent values to report.
const FREQUENT: usize = 10;

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnSummary {
    /// Its name and type.
    pub column: Column,
    /// Values that are not null.
    pub values: u64,
    /// Values that are.
    pub nulls: u64,
    /// How many different texts it has.
    pub distinct: Distinct,
    /// The first of its values in their order; `None` without any.
    pub least: Option<Shown>,
    /// The last one.
    pub greatest: Option<Shown>,
    /// The mean of numbers.
    pub mean: Option<f64>,
    /// How numbers and times are spread; `None` for other types, without a value, and where a value is beyond all `f64`.
    pub histogram: Option<Histogram>,
    /// The most frequent values; `None` for numbers and times of which not all could be counted.
    pub frequent: Option<Frequent>,
}

/// How many different values there are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distinct {
    /// The estimate.
    pub estimate: u64,
    /// By which part of that it may be wrong, 95 times of 100; 0: it is exact.
    pub error: f64,
}

/// The values that come most often.
#[derive(Debug, Clone, PartialEq)]
pub struct Frequent {
    /// Each with how often it comes, at least; the most frequent first.
    pub values: Vec<(Shown, u64)>,
    /// How much more often one may come, whether it is listed or not; 0: they are exact.
    pub error: u64,
}

impl Summary {
    /// Reports on these columns, which are those of the rows.
    pub fn report(&self, columns: &[Column]) -> Vec<ColumnSummary> {
        let all = columns.iter().zip(&self.columns);
        all.map(|(column, sketch)| sketch.report(column, &self.formats))
            .collect()
    }
}

impl ColumnSketch {
    fn report(&self, column: &Column, formats: &Formats) -> ColumnSummary {
        let kind = column.kind;
        let known = self.values(column, formats);
        let extremes = self.extremes(kind, &known);
        let numeric = matches!(kind, ColumnType::Integer | ColumnType::Number);
        let (least, greatest) = match &extremes {
            Some(extremes) => (
                Some(shown(kind, &extremes.least)),
                Some(shown(kind, &extremes.greatest)),
            ),
            None => (None, None),
        };
        ColumnSummary {
            column: column.clone(),
            values: self.values,
            nulls: self.nulls,
            distinct: self.distinct(known.len() as u64),
            least,
            greatest,
            mean: numeric.then(|| self.mean(&known)).flatten(),
            histogram: extremes.and_then(|extremes| {
                let rest = self.rest.as_deref().map(|rest| &rest.spread);
                let counted = known.iter().filter_map(|value| {
                    Some((position(kind, value.text.as_bytes())?, value.count))
                });
                histogram::of(kind, &extremes, counted.collect(), rest)
            }),
            frequent: self.frequent(kind, &known),
        }
    }

    /// The values in the table, as canonical texts, each once.
    fn values(&self, column: &Column, formats: &Formats) -> Vec<Value<'_>> {
        let known = self.known().map(|known| Value {
            text: match column.respelled {
                true => known.canonical(column.kind, formats),
                false => Cow::Borrowed(known.text),
            },
            hash: known.hash,
            count: known.count,
            cut: known.cut,
        });
        if !column.respelled {
            return known.collect();
        }
        let mut values: Vec<Value<'_>> = Vec::new();
        let mut places: HashMap<Cow<'_, str>, usize> = HashMap::new();
        for value in known {
            match places.entry(value.text.clone()) {
                Entry::Occupied(same) => values[*same.get()].add(&value),
                Entry::Vacant(none) => {
                    none.insert(values.len());
                    values.push(value);
                }
            }
        }
        values
    }

    /// How many different values there are, of which `known` are in the table.
    fn distinct(&self, known: u64) -> Distinct {
        let Some(rest) = &self.rest else {
            return Distinct {
                estimate: known,
                error: 0.0,
            };
        };
        let mut all =
            HllUnion::new(rest.distinct.lg_config_k()).expect("the size of another sketch");
        all.update(&rest.distinct);
        self.known().for_each(|known| all.update_value(known.hash));
        // Of the buckets alone, so that the order in which they were filled does not count.
        let estimate = all.composite_estimate();
        // Two standard errors (Flajolet et al. 2007).
        let error = 2.0 * 1.04 / f64::from(1_u32 << rest.distinct.lg_config_k()).sqrt();
        Distinct {
            // More than are known, and not more than there are values.
            estimate: (estimate.round() as u64).clamp(known, self.values),
            error: rounded(error),
        }
    }

    /// The first and the last value of a column of that type.
    fn extremes(&self, kind: ColumnType, known: &[Value<'_>]) -> Option<Extremes> {
        let rest = self.rest.as_deref();
        let of_rest = match kind {
            ColumnType::Boolean | ColumnType::String => rest.and_then(|rest| rest.texts.as_ref()),
            _ => rest.and_then(|rest| Some(&rest.placed.as_ref()?.1)),
        };
        let mut extremes = of_rest.cloned();
        for value in known {
            let place = position(kind, value.text.as_bytes()).unwrap_or_default();
            match &mut extremes {
                Some(extremes) => extremes.include(kind, &value.shown(kind), place),
                none => *none = Some(Extremes::one(&value.shown(kind), place)),
            }
        }
        extremes
    }

    fn mean(&self, known: &[Value<'_>]) -> Option<f64> {
        let mut sum = self.rest.as_ref().map_or(Sum::default(), |rest| rest.sum);
        // In an order of their own, since sums of fractions depend on it.
        let mut known: Vec<&Value<'_>> = known.iter().collect();
        known.sort_unstable_by_key(|value| value.hash);
        for value in known {
            sum.add(value.text.as_bytes(), value.count);
        }
        let mean = sum.total() / self.values as f64;
        mean.is_finite().then_some(mean)
    }

    fn frequent(&self, kind: ColumnType, known: &[Value<'_>]) -> Option<Frequent> {
        let spread = !matches!(kind, ColumnType::Boolean | ColumnType::String);
        if spread && self.rest.is_some() {
            return None;
        }
        let mut counted: Vec<(String, u64)> = Vec::new();
        let mut error = 0;
        for value in known {
            let more = self.rest.as_ref().filter(|_| !value.cut);
            let more = more.map_or(0, |rest| rest.frequent.lower_bound(&*value.text));
            counted.push((value.shown(kind).into_owned(), value.count + more));
        }
        if let Some(rest) = &self.rest {
            error = rest.frequent.maximum_error() + rest.uncounted;
            let known: HashSet<&str> = self.known().map(|known| known.text).collect();
            for row in rest.frequent.frequent_items(ErrorType::NoFalsePositives) {
                if !known.contains(row.item().as_str()) {
                    counted.push((row.item().clone(), row.lower_bound()));
                }
            }
            // Among many values, one that occurs once is not frequent.
            counted.retain(|(_, count)| *count > 1);
        }
        counted.sort_unstable_by(|(a, more), (b, less)| {
            less.cmp(more)
                .then_with(|| compare(kind, a.as_bytes(), b.as_bytes()))
        });
        counted.truncate(FREQUENT);
        let values = counted.into_iter();
        Some(Frequent {
            values: values
                .map(|(text, count)| (shown(kind, &text), count))
                .collect(),
            error,
        })
    }
}

/// A value that was counted exactly.
struct Value<'c> {
    text: Cow<'c, str>,
    /// The least hash of the texts that it was written as.
    hash: u64,
    count: u64,
    /// Whether the text is truncated, or a value near the one that is meant.
    cut: bool,
}

impl Value<'_> {
    /// Adds the count of the same value in another spelling.
    fn add(&mut self, other: &Self) {
        self.hash = self.hash.min(other.hash);
        self.count += other.count;
    }

    /// The text, with an ellipsis if it is truncated.
    fn shown(&self, kind: ColumnType) -> Cow<'_, str> {
        match self.cut && matches!(kind, ColumnType::String) {
            true => format!("{}…", self.text).into(),
            false => Cow::Borrowed(&self.text),
        }
    }
}

/// A value of a column of that type.
fn shown(kind: ColumnType, text: &str) -> Shown {
    match kind {
        ColumnType::Boolean | ColumnType::Integer | ColumnType::Number => {
            Shown::Plain(text.to_owned())
        }
        ColumnType::Date | ColumnType::Datetime | ColumnType::String => {
            Shown::Text(text.to_owned())
        }
    }
}
