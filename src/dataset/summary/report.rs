//! The report of a summary.

use std::borrow::Cow;
use std::collections::HashSet;

use datasketches::frequencies::ErrorType;
use datasketches::hll::HllUnion;

use super::Summary;
use super::column::ColumnSketch;
use super::counted::CountedText;
use super::extremes::{Extremes, compare, position};
use super::histogram::{self, Histogram};
use super::rest::Sum;
use super::shown::{Shown, rounded};
use crate::dataset::{Column, ColumnType};

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
        all.map(|(column, sketch)| sketch.report(column)).collect()
    }
}

impl ColumnSketch {
    fn report(&self, column: &Column) -> ColumnSummary {
        let kind = column.kind;
        let extremes = self.extremes(kind);
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
            distinct: self.distinct(),
            least,
            greatest,
            mean: numeric.then(|| self.mean()).flatten(),
            histogram: extremes.and_then(|extremes| {
                let rest = self.rest.as_deref().map(|rest| &rest.spread);
                let known = self.known().filter_map(|known| {
                    Some((position(kind, known.text.as_bytes())?, known.count))
                });
                histogram::of(kind, &extremes, known.collect(), rest)
            }),
            frequent: self.frequent(kind),
        }
    }

    fn distinct(&self) -> Distinct {
        let known = self.known_texts() as u64;
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
    fn extremes(&self, kind: ColumnType) -> Option<Extremes> {
        let rest = self.rest.as_deref();
        let of_rest = match kind {
            ColumnType::Boolean | ColumnType::String => rest.and_then(|rest| rest.texts.as_ref()),
            _ => rest.and_then(|rest| Some(&rest.placed.as_ref()?.1)),
        };
        let mut extremes = of_rest.cloned();
        for known in self.known() {
            let place = position(kind, known.text.as_bytes()).unwrap_or_default();
            match &mut extremes {
                Some(extremes) => extremes.include(kind, &known.shown(kind), place),
                none => *none = Some(Extremes::one(&known.shown(kind), place)),
            }
        }
        extremes
    }

    fn mean(&self) -> Option<f64> {
        let mut sum = self.rest.as_ref().map_or(Sum::default(), |rest| rest.sum);
        // In an order of their own, since sums of fractions depend on it.
        let mut known: Vec<CountedText<'_>> = self.known().collect();
        known.sort_unstable_by_key(|known| known.hash);
        for known in known {
            sum.add(known.text.as_bytes(), known.count);
        }
        let mean = sum.total() / self.values as f64;
        mean.is_finite().then_some(mean)
    }

    fn frequent(&self, kind: ColumnType) -> Option<Frequent> {
        let spread = !matches!(kind, ColumnType::Boolean | ColumnType::String);
        if spread && self.rest.is_some() {
            return None;
        }
        let mut counted: Vec<(String, u64)> = Vec::new();
        let mut error = 0;
        for known in self.known() {
            let more = self.rest.as_ref().filter(|_| !known.cut);
            let more = more.map_or(0, |rest| rest.frequent.lower_bound(known.text));
            counted.push((known.shown(kind).into_owned(), known.count + more));
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

impl<'c> CountedText<'c> {
    /// The text, with an ellipsis if it is truncated.
    fn shown(&self, kind: ColumnType) -> Cow<'c, str> {
        let numeric = matches!(kind, ColumnType::Integer | ColumnType::Number);
        match self.cut && !numeric {
            true => format!("{}…", self.text).into(),
            false => self.text.into(),
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
