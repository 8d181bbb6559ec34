//! The chart of groups: a line if they are times, else bars. It is drawn with attributes alone, because no style may be inline.

use super::Cell;
use crate::dataset::ColumnType;
use crate::dataset::aggregate::Source;
use crate::dataset::query::Grouped;
use crate::pages::text::shortened;

/// The most bars.
const BARS: usize = 30;
/// The most points of a line.
const POINTS: usize = 1000;
/// The most characters of a label.
const LABEL: usize = 24;
/// Sizes in units of the drawing.
const WIDTH: f64 = 720.0;
const ROW: f64 = 22.0;
const LABELS: f64 = 180.0;
const VALUES: f64 = 90.0;
const HEIGHT: f64 = 220.0;
const MARGIN: f64 = 24.0;

/// A group: its label, and its value as a number and as it is written.
type Point = (String, Option<f64>, String);

/// A chart.
pub(super) struct Chart {
    /// What it shows, in words.
    pub(super) title: String,
    pub(super) height: f64,
    pub(super) bars: Vec<Bar>,
    pub(super) line: Option<Line>,
}

/// A bar with its label and value.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) x: String,
    pub(super) width: String,
    /// The top of the bar, and the base line of its texts.
    pub(super) y: f64,
    pub(super) text_y: f64,
}

/// A line with the labels of its ends.
pub(super) struct Line {
    /// Each unbroken piece of it, as `points`.
    pub(super) pieces: Vec<String>,
    /// The only points between gaps.
    pub(super) dots: Vec<(String, String)>,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) least: String,
    pub(super) greatest: String,
}

impl Chart {
    /// The chart of the first function that has numbers. `None`: there is none, or nothing to compare.
    pub(super) fn of(rows: &[Vec<Cell>], grouped: &Grouped) -> Option<Self> {
        let outputs = &grouped.plan.outputs;
        let is_number = |kind| matches!(kind, ColumnType::Integer | ColumnType::Number);
        let measure = outputs.iter().position(|output| {
            matches!(output.source, Source::Aggregate(_)) && is_number(output.kind)
        })?;
        let keys: Vec<usize> = (0..outputs.len())
            .filter(|at| matches!(outputs[*at].source, Source::Key(_)))
            .collect();
        if keys.is_empty() || rows.len() < 2 {
            return None;
        }
        let names = keys.iter().map(|key| outputs[*key].name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let points: Vec<Point> = rows
            .iter()
            .map(|row| {
                let labels = keys.iter().map(|key| text(&row[*key]));
                let value = text(&row[measure]);
                let number = value
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite());
                (labels.collect::<Vec<_>>().join(" · "), number, value)
            })
            .collect();
        let measure = &outputs[measure].name;
        match times(grouped, &keys) {
            true => Self::line(&points, format!("{measure} by {names}")),
            false => Self::bars(&points, format!("{measure} by {names}")),
        }
    }

    fn bars(points: &[Point], title: String) -> Option<Self> {
        let shown = &points[..points.len().min(BARS)];
        let (least, greatest) = bounds(shown)?;
        // Bars begin at zero.
        let (least, greatest) = (least.min(0.0), greatest.max(0.0));
        let span = if greatest > least {
            greatest - least
        } else {
            1.0
        };
        let x = |number: f64| LABELS + (number - least) / span * (WIDTH - LABELS - VALUES);
        let bars = shown
            .iter()
            .enumerate()
            .map(|(at, (label, number, value))| {
                let number = number.unwrap_or(0.0);
                let y = at as f64 * ROW;
                Bar {
                    label: shortened(label, LABEL),
                    value: value.clone(),
                    x: coordinate(x(number.min(0.0))),
                    width: coordinate((x(number.max(0.0)) - x(number.min(0.0))).max(1.0)),
                    y: y + 3.0,
                    text_y: y + 15.0,
                }
            });
        let title = match points.len() > BARS {
            true => format!("{title}: the first {BARS} groups"),
            false => title,
        };
        Some(Self {
            title,
            height: shown.len() as f64 * ROW,
            bars: bars.collect(),
            line: None,
        })
    }

    fn line(points: &[Point], title: String) -> Option<Self> {
        let shown = &points[..points.len().min(POINTS)];
        let (least, greatest) = bounds(shown)?;
        let span = if greatest > least {
            greatest - least
        } else {
            1.0
        };
        let step = (WIDTH - 2.0 * MARGIN) / (shown.len() - 1) as f64;
        let place = |at: usize, number: f64| {
            let x = MARGIN + at as f64 * step;
            let y = HEIGHT - MARGIN - (number - least) / span * (HEIGHT - 2.0 * MARGIN);
            (coordinate(x), coordinate(y))
        };
        let (mut pieces, mut dots) = (Vec::new(), Vec::new());
        // A group without a value is a gap.
        let known = |(_, (_, number, _)): &(usize, &Point)| number.is_some();
        let all: Vec<_> = shown.iter().enumerate().collect();
        for piece in all.chunk_by(|a, b| known(a) == known(b)) {
            let places = piece
                .iter()
                .filter_map(|(at, (_, number, _))| Some(place(*at, (*number)?)));
            let places: Vec<_> = places.collect();
            match &places[..] {
                [] => {}
                [only] => dots.push(only.clone()),
                places => {
                    let points = places.iter().map(|(x, y)| format!("{x},{y}"));
                    pieces.push(points.collect::<Vec<_>>().join(" "));
                }
            }
        }
        let value = |wanted: f64| {
            let found = shown.iter().find(|(_, number, _)| *number == Some(wanted));
            found.map_or_else(String::new, |(_, _, value)| value.clone())
        };
        Some(Self {
            title,
            height: HEIGHT,
            bars: Vec::new(),
            line: Some(Line {
                pieces,
                dots,
                first: shown
                    .first()
                    .map_or_else(String::new, |(label, ..)| label.clone()),
                last: shown
                    .last()
                    .map_or_else(String::new, |(label, ..)| label.clone()),
                least: value(least),
                greatest: value(greatest),
            }),
        })
    }
}

/// Whether the only key is a time, in its own order.
fn times(grouped: &Grouped, keys: &[usize]) -> bool {
    let [key] = keys else { return false };
    let output = &grouped.plan.outputs[*key];
    let is_period = match output.source {
        Source::Key(at) => grouped.plan.keys[at].period,
        Source::Aggregate(_) => None,
    };
    let is_time =
        is_period.is_some() || matches!(output.kind, ColumnType::Date | ColumnType::Datetime);
    let first = grouped.order.first();
    is_time && first.is_some_and(|term| term.column == *key && !term.descending)
}

/// The least and greatest of the numbers.
fn bounds(points: &[Point]) -> Option<(f64, f64)> {
    let mut numbers = points.iter().filter_map(|(_, number, _)| *number);
    let first = numbers.next()?;
    Some(numbers.fold((first, first), |(least, greatest), number| {
        (least.min(number), greatest.max(number))
    }))
}

/// The text of a cell.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Plain(text) | Cell::Text(text) | Cell::Beginning(text) => text.clone(),
    }
}

/// A coordinate with one decimal.
fn coordinate(number: f64) -> String {
    format!("{number:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Formats, Query, RawQuery};
    use crate::pages::table::groups::nullable;

    fn grouped(select: &str, order: Option<&str>) -> Grouped {
        let columns = [
            ("city", ColumnType::String),
            ("day", ColumnType::Date),
            ("x", ColumnType::Number),
        ];
        let columns: Vec<_> = columns.into_iter().map(nullable).collect();
        let asked = RawQuery {
            select: Some(select.to_owned()),
            order: order.map(str::to_owned),
            ..RawQuery::default()
        };
        let query = Query::resolve(&asked, &columns, &Formats::default()).unwrap();
        query.grouped.unwrap()
    }

    fn row(cells: &[&str]) -> Vec<Cell> {
        let cell = |text: &&str| match *text {
            "" => Cell::Null,
            text => Cell::Plain(text.to_owned()),
        };
        cells.iter().map(cell).collect()
    }

    #[test]
    fn bars_begin_at_zero_and_go_both_ways() {
        let rows = [row(&["a", "10"]), row(&["b", "-10"]), row(&["", ""])];
        let chart = Chart::of(&rows, &grouped("city,s:x.sum()", None)).unwrap();
        assert_eq!((chart.title.as_str(), chart.height), ("s by city", 66.0));
        let bars: Vec<_> = chart
            .bars
            .iter()
            .map(|bar| (&*bar.label, &*bar.x, &*bar.width, &*bar.value))
            .collect();
        assert_eq!(
            bars,
            [
                ("a", "405.0", "225.0", "10"),
                ("b", "180.0", "225.0", "-10"),
                ("null", "405.0", "1.0", "null"),
            ]
        );
    }

    #[test]
    fn times_are_a_line_in_their_own_order_with_gaps() {
        let rows = [
            row(&["2026-01", "1"]),
            row(&["2026-02", "3"]),
            row(&["2026-03", ""]),
            row(&["2026-04", "2"]),
        ];
        let select = "m:day.month(),s:x.sum()";
        let line = Chart::of(&rows, &grouped(select, None))
            .unwrap()
            .line
            .unwrap();
        assert_eq!(line.pieces, ["24.0,196.0 248.0,24.0"]);
        assert_eq!(line.dots, [("696.0".to_owned(), "110.0".to_owned())]);
        assert_eq!((&*line.first, &*line.last), ("2026-01", "2026-04"));
        assert_eq!((&*line.least, &*line.greatest), ("1", "3"));
        for (select, order) in [
            (select, Some("s.desc")),
            ("m:day.month(),city,s:x.sum()", None),
        ] {
            let rows = rows.iter().map(|row| match select.contains("city") {
                true => vec![Cell::Null, Cell::Null, Cell::Plain("1".to_owned())],
                false => vec![
                    Cell::Null,
                    match &row[1] {
                        Cell::Plain(text) => Cell::Plain(text.clone()),
                        _ => Cell::Null,
                    },
                ],
            });
            let rows: Vec<_> = rows.collect();
            let chart = Chart::of(&rows, &grouped(select, order)).unwrap();
            assert!(chart.line.is_none() && chart.bars.len() == 4, "{select}");
        }
    }

    #[test]
    fn there_is_no_chart_without_groups_or_numbers() {
        let two = [row(&["1"]), row(&["2"])];
        assert!(Chart::of(&two, &grouped("n:count()", None)).is_none());
        let two = [row(&["a", "2026-01-01"]), row(&["b", "2026-01-02"])];
        assert!(Chart::of(&two, &grouped("city,d:day.max()", None)).is_none());
        assert!(Chart::of(&two[..1], &grouped("city,n:count()", None)).is_none());
        let nulls = [row(&["a", ""]), row(&["b", ""])];
        assert!(Chart::of(&nulls, &grouped("city,s:x.sum()", None)).is_none());
    }
}
