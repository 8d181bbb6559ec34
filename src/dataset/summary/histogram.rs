//! How the numbers or times of a column are spread: bins of equal width.

use datasketches::common::SearchCriteria;
use datasketches::kll::{KllFloat, KllSketch};
use jiff::civil::Date;

use super::extremes::{Extremes, position};
use super::shown::{Shown, rounded};
use crate::{ColumnType, value};

/// Bins at most.
const BINS: u32 = 20;

/// How values are spread between the least and the greatest.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The edges of the bins: one more than there are bins. A value at an edge belongs to the bin that begins there; a value
    /// at the last edge belongs to the last bin.
    pub edges: Vec<Shown>,
    /// How many values each bin has, about.
    pub counts: Vec<u64>,
    /// By which part of all values a count may be wrong, 99 times of 100; 0: they are exact.
    pub error: f64,
}

/// Values that were counted exactly: where each is, and how many are there.
type ExactCounts = Vec<(f64, u64)>;

/// The histogram of a column of that type, of what was counted exactly and of what a sketch was given.
pub(super) fn of(
    kind: ColumnType,
    extremes: &Extremes,
    counted: ExactCounts,
    sketch: Option<&KllSketch<KllFloat<f64>>>,
) -> Option<Histogram> {
    let (edges, shown) = edges(kind, extremes)?;
    let mut counts = vec![0; edges.len() - 1];
    let mut all = 0;
    for (place, count) in counted {
        let bin = edges[1..edges.len() - 1].partition_point(|&edge| edge <= place);
        counts[bin] += count;
        all += count;
    }
    let mut error = 0.0;
    if let Some(sketch) = sketch.filter(|sketch| !sketch.is_empty()) {
        add(&mut counts, &edges, sketch)?;
        all += sketch.n();
        if sketch.is_estimation_mode() {
            error = rounded(sketch.normalized_pmf_error() * sketch.n() as f64 / all as f64);
        }
    }
    Some(Histogram {
        edges: shown,
        counts,
        error,
    })
}

/// Adds what the sketch was given; the counts of all bins together are how many that were.
fn add(counts: &mut [u64], edges: &[f64], sketch: &KllSketch<KllFloat<f64>>) -> Option<()> {
    let inner = edges[1..edges.len() - 1].iter();
    let inner: Option<Vec<_>> = inner.map(|&edge| KllFloat::<f64>::new(edge).ok()).collect();
    let ranks = sketch.cdf(&inner?, SearchCriteria::Exclusive).ok()??;
    let mut before = 0;
    for (count, rank) in counts.iter_mut().zip(ranks) {
        let up_to = (rank * sketch.n() as f64).round() as u64;
        *count += up_to.saturating_sub(before);
        before = up_to.max(before);
    }
    Some(())
}

/// The edges of the bins, as positions and as they are shown.
fn edges(kind: ColumnType, extremes: &Extremes) -> Option<(Vec<f64>, Vec<Shown>)> {
    let (least, greatest) = (extremes.least.as_bytes(), extremes.greatest.as_bytes());
    let (places, shown): (Vec<f64>, Vec<Shown>) = match kind {
        ColumnType::Integer => {
            let edges = whole(value::integer(least)?, value::integer(greatest)?);
            let shown = |edge: i128| (edge as f64, Shown::Plain(edge.to_string()));
            edges.into_iter().map(shown).unzip()
        }
        ColumnType::Date => {
            let edges = whole(value::date(least)?.into(), value::date(greatest)?.into());
            edges.into_iter().map(day).unzip()
        }
        ColumnType::Datetime => {
            let second = |text| value::instant(text).map(|instant| instant.seconds);
            let edges = whole(second(least)?, second(greatest)?);
            edges.into_iter().map(moment).unzip()
        }
        ColumnType::Number => {
            let edges = numbers(position(kind, least)?, position(kind, greatest)?)?;
            edges
                .into_iter()
                .map(|edge| (edge, Shown::Number(edge)))
                .unzip()
        }
        ColumnType::Boolean | ColumnType::String => return None,
    };
    Some((places, shown))
}

/// Whole numbers as far apart as each other, the first the least and the last beyond the greatest.
fn whole(least: i64, greatest: i64) -> Vec<i128> {
    let (least, greatest) = (i128::from(least), i128::from(greatest).max(least.into()));
    let all = greatest - least + 1;
    let width = (all + i128::from(BINS) - 1) / i128::from(BINS);
    let bins = (all + width - 1) / width;
    (0..=bins).map(|bin| least + bin * width).collect()
}

/// Numbers as far apart as each other, from the least to the greatest; `None`: there are no such.
fn numbers(least: f64, greatest: f64) -> Option<Vec<f64>> {
    if !(least.is_finite() && greatest.is_finite()) {
        return None;
    }
    let width = greatest / f64::from(BINS) - least / f64::from(BINS);
    let mut edges: Vec<f64> = (0..BINS)
        .map(|bin| least + f64::from(bin) * width)
        .collect();
    edges.push(greatest);
    // Numbers that are hardly different have no others between them.
    let apart = edges.windows(2).all(|pair| pair[0] < pair[1]);
    Some(if apart { edges } else { vec![least, greatest] })
}

fn day(days: i128) -> (f64, Shown) {
    (days as f64, Shown::Text(date(days).to_string()))
}

fn moment(seconds: i128) -> (f64, Shown) {
    let shown = seconds.clamp(FIRST_SECOND, LAST_SECOND);
    let (date, of_day) = (date(shown.div_euclid(DAY)), shown.rem_euclid(DAY));
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let text = format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
    (seconds as f64, Shown::Text(text))
}

/// Seconds of a day.
const DAY: i128 = 86_400;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: RFC 3339 can't write moments before or after. An edge there is shown as the
/// nearest one.
const FIRST_SECOND: i128 = -62_167_219_200;
const LAST_SECOND: i128 = 253_402_300_799;

/// The day that comes so many days after 1970-01-01; the last one of the calendar if there is no such day.
fn date(days: i128) -> Date {
    let days = i64::try_from(days).ok();
    days.and_then(value::day).unwrap_or(Date::MAX)
}
